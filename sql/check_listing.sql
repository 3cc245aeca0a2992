-- How many rows the listing lacks or has too many, compared with the items.
-- columns: wrong
SELECT count(*) AS wrong
FROM (
    SELECT 1
    FROM (
        SELECT type_id, language_id, place_id, topic_id, day, item_id, publish_unix, 1 AS has FROM listing
        UNION ALL
        SELECT item_cell.type_id, item_cell.language_id, item_cell.place_id, item_cell.topic_id, item_cell.day,
               item_cell.item_id, item_cell.publish_unix, -1
        FROM item
        CROSS JOIN item_cell ON item_cell.item_id = item.id
        WHERE item.status = 'published'
    )
    GROUP BY type_id, language_id, place_id, topic_id, day, item_id, publish_unix
    HAVING sum(has) <> 0
)
