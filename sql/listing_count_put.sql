-- Counts an item that was just put into the listing.
-- params: id
INSERT INTO listing_count (type_id, language_id, place_id, topic_id, year, items)
SELECT type_id, language_id, place_id, topic_id, year.own * (day / 10000), 1
FROM item_cell
CROSS JOIN (SELECT 0 AS own UNION ALL SELECT 1) AS year
WHERE item_id = :id AND (SELECT status FROM item WHERE id = :id) = 'published'
ON CONFLICT DO UPDATE SET items = items + 1
