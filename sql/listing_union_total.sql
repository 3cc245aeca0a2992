-- How many different items several filters find together, counted no further than `limit`. Each of `cells` is
-- [type_id, language_id, place_id, topic_id, first_day, last_day].
-- params: cells now_unix limit
-- columns: items
SELECT count(*) AS items
FROM (
    SELECT DISTINCT listing.item_id
    FROM json_each(:cells) AS cell
    CROSS JOIN listing ON listing.type_id = cell.value ->> 0 AND listing.language_id = cell.value ->> 1
        AND listing.place_id = cell.value ->> 2 AND listing.topic_id = cell.value ->> 3
        AND listing.day BETWEEN cell.value ->> 4 AND cell.value ->> 5
    WHERE listing.publish_unix <= :now_unix
    LIMIT :limit
)
