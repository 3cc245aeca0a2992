-- What an item is filed under, as ids.
-- params: id
-- columns: type_id places:json topics:json
SELECT type_id,
       (SELECT json_group_array(place_id) FROM item_place WHERE item_id = item.id) AS places,
       (SELECT json_group_array(topic_id) FROM item_topic WHERE item_id = item.id) AS topics
FROM item
WHERE id = :id
