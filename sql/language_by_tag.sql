-- The language of that tag.
-- params: value
-- columns: id value name rank
SELECT id, tag AS value, tag AS name, 0 AS rank FROM language WHERE tag = :value
