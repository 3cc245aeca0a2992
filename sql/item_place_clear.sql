-- Takes an item's places away, before the new ones are put.
-- params: id
DELETE FROM item_place WHERE item_id = :id
