-- name: alias_clear
-- Takes an item's aliases away, before its present ones are put in their order.
-- params: id
DELETE FROM alias WHERE item_id = :id;

-- name: alias_put
-- Gives an item an alias; one that it has already stays as it is.
-- params: id name
INSERT INTO alias (name, item_id) VALUES (:name, :id)
ON CONFLICT (name) DO NOTHING;
