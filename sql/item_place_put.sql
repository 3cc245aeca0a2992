-- Puts an item's places in their order: `ids` is an array of place ids.
-- params: id ids
INSERT INTO item_place (item_id, place_id, position)
SELECT :id, value, key FROM json_each(:ids)
