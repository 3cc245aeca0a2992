-- Puts an item's topics in their order: `ids` is an array of topic ids.
-- params: id ids
INSERT INTO item_topic (item_id, topic_id, position)
SELECT :id, value, key FROM json_each(:ids)
