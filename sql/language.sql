-- name: language_by_tag
-- The language of that tag.
-- params: value
-- columns: id value name
SELECT id, tag AS value, tag AS name FROM language WHERE tag = :value;

-- name: language_insert
-- A new language.
-- params: tag
-- columns: id
INSERT INTO language (tag) VALUES (:tag) RETURNING id;

-- name: language_tags
-- All languages that items are in, for suggestions.
-- columns: value
SELECT tag AS value FROM language ORDER BY tag;
