-- The item that has this slug or alias. A slug goes before an alias.
-- params: name
-- columns: id
SELECT id FROM item WHERE slug = :name
UNION ALL
SELECT item_id FROM alias WHERE name = :name
LIMIT 1
