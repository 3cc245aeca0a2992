-- Counts all that the listing has of a type that had no counts.
-- params: id
INSERT INTO listing_count (type_id, language_id, place_id, topic_id, year, items)
SELECT type_id, language_id, place_id, topic_id, year.own * (day / 10000), count(*)
FROM listing
CROSS JOIN (SELECT 0 AS own UNION ALL SELECT 1) AS year
WHERE type_id = :id
GROUP BY 1, 2, 3, 4, 5
