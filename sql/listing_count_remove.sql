-- Uncounts an item that is about to be taken out of the listing.
-- params: id
UPDATE listing_count
SET items = items - 1
WHERE (SELECT status FROM item WHERE id = :id) = 'published'
    AND (type_id, language_id, place_id, topic_id, year) IN
        (SELECT type_id, language_id, place_id, topic_id, year.own * (day / 10000)
         FROM item_cell
         CROSS JOIN (SELECT 0 AS own UNION ALL SELECT 1) AS year
         WHERE item_id = :id)
