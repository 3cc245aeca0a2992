-- Takes an item out of the listing, before its facets change.
-- params: id
DELETE FROM listing
WHERE (type_id, language_id, place_id, topic_id, day, item_id) IN
    (SELECT type_id, language_id, place_id, topic_id, day, item_id FROM item_cell WHERE item_id = :id)
