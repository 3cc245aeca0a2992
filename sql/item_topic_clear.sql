-- Takes an item's topics away, before the new ones are put.
-- params: id
DELETE FROM item_topic WHERE item_id = :id
