-- The type of that slug.
-- params: value
-- columns: id value name
SELECT id, slug AS value, name FROM type WHERE slug = :value
