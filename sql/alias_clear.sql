-- Takes an item's aliases away, before its present ones are put in their order.
-- params: id
DELETE FROM alias WHERE item_id = :id
