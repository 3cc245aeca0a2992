-- Gives an item an alias; one that it has already stays as it is.
-- params: id name
INSERT INTO alias (name, item_id) VALUES (:name, :id)
ON CONFLICT (name) DO NOTHING
