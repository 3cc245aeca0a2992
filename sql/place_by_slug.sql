-- The place of that slug.
-- params: value
-- columns: id value name
SELECT id, slug AS value, name FROM place WHERE slug = :value
