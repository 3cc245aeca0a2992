-- The place of exactly that name.
-- params: name
-- columns: id
SELECT id FROM place WHERE name = :name
