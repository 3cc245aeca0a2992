-- name: check_listing
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
);

-- name: listing_newer
-- One page of a filter's items, oldest first, from just before a place in the listing.
-- params: type_id language_id place_id topic_id last_day day item_id now_unix limit
-- columns: day item_id
SELECT day, item_id
FROM listing
WHERE type_id = :type_id AND language_id = :language_id AND place_id = :place_id AND topic_id = :topic_id
    AND (day, item_id) > (:day, :item_id)
    AND day <= :last_day
    AND publish_unix <= :now_unix
ORDER BY day, item_id
LIMIT :limit;

-- name: listing_older
-- One page of a filter's items, newest first, from just behind a place in the listing.
-- params: type_id language_id place_id topic_id first_day day item_id now_unix limit
-- columns: day item_id
SELECT day, item_id
FROM listing
WHERE type_id = :type_id AND language_id = :language_id AND place_id = :place_id AND topic_id = :topic_id
    AND (day, item_id) < (:day, :item_id)
    AND day >= :first_day
    AND publish_unix <= :now_unix
ORDER BY day DESC, item_id DESC
LIMIT :limit;

-- name: listing_put
-- Puts a published item into the listing, under every combination of its facets.
-- params: id
INSERT INTO listing (type_id, language_id, place_id, topic_id, day, item_id, publish_unix)
SELECT type_id, language_id, place_id, topic_id, day, item_id, publish_unix
FROM item_cell
WHERE item_id = :id AND (SELECT status FROM item WHERE id = :id) = 'published';

-- name: listing_remove
-- Takes an item out of the listing, before its facets change.
-- params: id
DELETE FROM listing
WHERE (type_id, language_id, place_id, topic_id, day, item_id) IN
    (SELECT type_id, language_id, place_id, topic_id, day, item_id FROM item_cell WHERE item_id = :id);

-- name: listing_union_total
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
);
