-- How many kept counts differ from what the listing holds.
-- columns: wrong
SELECT count(*) AS wrong
FROM (
    SELECT 1
    FROM (
        SELECT type_id, language_id, place_id, topic_id, year, items FROM listing_count
        UNION ALL
        SELECT type_id, language_id, place_id, topic_id, 0, -1 FROM listing
        UNION ALL
        SELECT type_id, language_id, place_id, topic_id, day / 10000, -1 FROM listing
    )
    GROUP BY type_id, language_id, place_id, topic_id, year
    HAVING sum(items) <> 0
)
