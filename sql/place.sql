-- name: place_by_name
-- The place of exactly that name.
-- params: name
-- columns: id
SELECT id FROM place WHERE name = :name;

-- name: place_by_slug
-- The place of that slug.
-- params: value
-- columns: id value name
SELECT id, slug AS value, name FROM place WHERE slug = :value;

-- name: place_insert
-- A new place.
-- params: slug name
-- columns: id
INSERT INTO place (slug, name) VALUES (:slug, :name) RETURNING id;

-- name: place_names
-- All places that items name, for suggestions.
-- columns: name
SELECT name FROM place ORDER BY name;
