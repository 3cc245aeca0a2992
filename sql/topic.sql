-- name: topic_by_name
-- The topic of exactly that name.
-- params: name
-- columns: id
SELECT id FROM topic WHERE name = :name;

-- name: topic_by_slug
-- The topic of that slug.
-- params: value
-- columns: id value name
SELECT id, slug AS value, name FROM topic WHERE slug = :value;

-- name: topic_insert
-- A new topic.
-- params: slug name
-- columns: id
INSERT INTO topic (slug, name) VALUES (:slug, :name) RETURNING id;

-- name: topic_names
-- All topics that items name, for suggestions.
-- columns: name
SELECT name FROM topic ORDER BY name;
