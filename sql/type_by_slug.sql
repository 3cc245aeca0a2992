-- The type of that slug, or the one that a type of that slug was merged into.
-- params: value
-- columns: id value name
SELECT id, slug AS value, name
FROM type
WHERE id = coalesce((SELECT id FROM type WHERE slug = :value), (SELECT type_id FROM type_alias WHERE slug = :value))
