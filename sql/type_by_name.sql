-- The type of that slug or name; an item may give either.
-- params: name
-- columns: id value
SELECT id, slug AS value FROM type WHERE slug = :name OR name = :name COLLATE NOCASE
