-- Deletes a type that no item has.
-- params: id
DELETE FROM type WHERE id = :id AND NOT EXISTS (SELECT 1 FROM item WHERE type_id = :id)
