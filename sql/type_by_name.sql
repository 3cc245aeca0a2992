-- The type of that slug or name, or the one that a type of that slug was merged into; an item may give any of them.
-- params: name
-- columns: id value
SELECT id, slug AS value
FROM type
WHERE id = coalesce((SELECT id FROM type WHERE slug = :name OR name = :name COLLATE NOCASE),
                    (SELECT type_id FROM type_alias WHERE slug = :name))
