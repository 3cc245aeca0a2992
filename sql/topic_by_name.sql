-- The topic of exactly that name.
-- params: name
-- columns: id
SELECT id FROM topic WHERE name = :name
