-- name: item_topic_clear
-- Takes an item's topics away, before the new ones are put.
-- params: id
DELETE FROM item_topic WHERE item_id = :id;

-- name: item_topic_put
-- Puts an item's topics in their order: `ids` is an array of topic ids.
-- params: id ids
INSERT INTO item_topic (item_id, topic_id, position)
SELECT :id, value, key FROM json_each(:ids);
