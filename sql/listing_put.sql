-- Puts a published item into the listing, under every combination of its facets.
-- params: id
INSERT INTO listing (type_id, language_id, place_id, topic_id, day, item_id, publish_unix)
SELECT type_id, language_id, place_id, topic_id, day, item_id, publish_unix
FROM item_cell
WHERE item_id = :id AND (SELECT status FROM item WHERE id = :id) = 'published'
