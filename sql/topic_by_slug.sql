-- The topic of that slug.
-- params: value
-- columns: id value name rank
SELECT id, slug AS value, name, 0 AS rank FROM topic WHERE slug = :value
