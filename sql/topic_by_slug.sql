-- The topic of that slug.
-- params: value
-- columns: id value name
SELECT id, slug AS value, name FROM topic WHERE slug = :value
