-- The type of that slug.
-- params: value
-- columns: id value name rank
SELECT id, slug AS value, name, position AS rank FROM type WHERE slug = :value
