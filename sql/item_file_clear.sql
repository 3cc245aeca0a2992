-- Takes an item's attachments away, before the new ones are put.
-- params: id
DELETE FROM item_file WHERE item_id = :id
