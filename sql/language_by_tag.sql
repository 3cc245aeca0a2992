-- The language of that tag.
-- params: value
-- columns: id value name
SELECT id, tag AS value, tag AS name FROM language WHERE tag = :value
