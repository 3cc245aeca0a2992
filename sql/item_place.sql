-- name: item_place_clear
-- Takes an item's places away, before the new ones are put.
-- params: id
DELETE FROM item_place WHERE item_id = :id;

-- name: item_place_put
-- Puts an item's places in their order: `ids` is an array of place ids.
-- params: id ids
INSERT INTO item_place (item_id, place_id, position)
SELECT :id, value, key FROM json_each(:ids);
