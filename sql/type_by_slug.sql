-- The type of that slug, or the one that a type of that slug was merged into.
-- params: value
-- columns: id value name rank
SELECT id, slug AS value, name, position AS rank
FROM type
WHERE id = coalesce((SELECT id FROM type WHERE slug = :value), (SELECT type_id FROM type_alias WHERE slug = :value))
