-- name: check_counts
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
);

-- name: facet_language
-- How many items each language has under a filter of the other facets. `year` 0: any. Whether any item waits for its time is asked once.
-- params: type_id place_id topic_id year now_unix
-- columns: id value name items
SELECT language.id, language.tag AS value, language.tag AS name,
       count.items - CASE WHEN EXISTS (SELECT 1 FROM item INDEXED BY item_scheduled
                                       WHERE status = 'published' AND publish_unix > :now_unix) THEN (
           SELECT count(*)
           FROM item INDEXED BY item_scheduled
           CROSS JOIN listing ON listing.type_id = count.type_id AND listing.language_id = count.language_id
               AND listing.place_id = count.place_id AND listing.topic_id = count.topic_id
               AND listing.day = item.day AND listing.item_id = item.id
           WHERE item.status = 'published' AND item.publish_unix > :now_unix
               AND (:year = 0 OR item.day / 10000 = :year)
       ) ELSE 0 END AS items
FROM language
CROSS JOIN listing_count AS count ON count.type_id = :type_id AND count.language_id = language.id
    AND count.place_id = :place_id AND count.topic_id = :topic_id AND count.year = :year;

-- name: facet_place
-- How many items each place has under a filter of the other facets. `year` 0: any. Whether any item waits for its time is asked once.
-- params: type_id language_id topic_id year now_unix
-- columns: id value name items
SELECT place.id, place.slug AS value, place.name AS name,
       count.items - CASE WHEN EXISTS (SELECT 1 FROM item INDEXED BY item_scheduled
                                       WHERE status = 'published' AND publish_unix > :now_unix) THEN (
           SELECT count(*)
           FROM item INDEXED BY item_scheduled
           CROSS JOIN listing ON listing.type_id = count.type_id AND listing.language_id = count.language_id
               AND listing.place_id = count.place_id AND listing.topic_id = count.topic_id
               AND listing.day = item.day AND listing.item_id = item.id
           WHERE item.status = 'published' AND item.publish_unix > :now_unix
               AND (:year = 0 OR item.day / 10000 = :year)
       ) ELSE 0 END AS items
FROM place
CROSS JOIN listing_count AS count ON count.type_id = :type_id AND count.language_id = :language_id
    AND count.place_id = place.id AND count.topic_id = :topic_id AND count.year = :year;

-- name: facet_topic
-- How many items each topic has under a filter of the other facets. `year` 0: any. Whether any item waits for its time is asked once.
-- params: type_id language_id place_id year now_unix
-- columns: id value name items
SELECT topic.id, topic.slug AS value, topic.name AS name,
       count.items - CASE WHEN EXISTS (SELECT 1 FROM item INDEXED BY item_scheduled
                                       WHERE status = 'published' AND publish_unix > :now_unix) THEN (
           SELECT count(*)
           FROM item INDEXED BY item_scheduled
           CROSS JOIN listing ON listing.type_id = count.type_id AND listing.language_id = count.language_id
               AND listing.place_id = count.place_id AND listing.topic_id = count.topic_id
               AND listing.day = item.day AND listing.item_id = item.id
           WHERE item.status = 'published' AND item.publish_unix > :now_unix
               AND (:year = 0 OR item.day / 10000 = :year)
       ) ELSE 0 END AS items
FROM topic
CROSS JOIN listing_count AS count ON count.type_id = :type_id AND count.language_id = :language_id
    AND count.place_id = :place_id AND count.topic_id = topic.id AND count.year = :year;

-- name: facet_type
-- How many items each type has under a filter of the other facets. `year` 0: any. Whether any item waits for its time is asked once.
-- params: language_id place_id topic_id year now_unix
-- columns: id value name rank items
SELECT type.id, type.slug AS value, type.name AS name, type.position AS rank,
       count.items - CASE WHEN EXISTS (SELECT 1 FROM item INDEXED BY item_scheduled
                                       WHERE status = 'published' AND publish_unix > :now_unix) THEN (
           SELECT count(*)
           FROM item INDEXED BY item_scheduled
           CROSS JOIN listing ON listing.type_id = count.type_id AND listing.language_id = count.language_id
               AND listing.place_id = count.place_id AND listing.topic_id = count.topic_id
               AND listing.day = item.day AND listing.item_id = item.id
           WHERE item.status = 'published' AND item.publish_unix > :now_unix
               AND (:year = 0 OR item.day / 10000 = :year)
       ) ELSE 0 END AS items
FROM type
CROSS JOIN listing_count AS count ON count.type_id = type.id AND count.language_id = :language_id
    AND count.place_id = :place_id AND count.topic_id = :topic_id AND count.year = :year;

-- name: facet_year
-- How many items each year has under a filter of the other facets. Whether any item waits for its time is asked once.
-- params: type_id language_id place_id topic_id now_unix
-- columns: id value name rank items
SELECT count.year AS id, CAST(count.year AS TEXT) AS value, CAST(count.year AS TEXT) AS name, -count.year AS rank,
       count.items - CASE WHEN EXISTS (SELECT 1 FROM item INDEXED BY item_scheduled
                                       WHERE status = 'published' AND publish_unix > :now_unix) THEN (
           SELECT count(*)
           FROM item INDEXED BY item_scheduled
           CROSS JOIN listing ON listing.type_id = count.type_id AND listing.language_id = count.language_id
               AND listing.place_id = count.place_id AND listing.topic_id = count.topic_id
               AND listing.day = item.day AND listing.item_id = item.id
           WHERE item.status = 'published' AND item.publish_unix > :now_unix AND item.day / 10000 = count.year
       ) ELSE 0 END AS items
FROM listing_count AS count
WHERE count.type_id = :type_id AND count.language_id = :language_id
    AND count.place_id = :place_id AND count.topic_id = :topic_id AND count.year > 0;

-- name: listing_count_put
-- Counts an item that was just put into the listing.
-- params: id
INSERT INTO listing_count (type_id, language_id, place_id, topic_id, year, items)
SELECT type_id, language_id, place_id, topic_id, year.own * (day / 10000), 1
FROM item_cell
CROSS JOIN (SELECT 0 AS own UNION ALL SELECT 1) AS year
WHERE item_id = :id AND (SELECT status FROM item WHERE id = :id) = 'published'
ON CONFLICT DO UPDATE SET items = items + 1;

-- name: listing_count_remove
-- Uncounts an item that is about to be taken out of the listing.
-- params: id
UPDATE listing_count
SET items = items - 1
WHERE (SELECT status FROM item WHERE id = :id) = 'published'
    AND (type_id, language_id, place_id, topic_id, year) IN
        (SELECT type_id, language_id, place_id, topic_id, year.own * (day / 10000)
         FROM item_cell
         CROSS JOIN (SELECT 0 AS own UNION ALL SELECT 1) AS year
         WHERE item_id = :id);

-- name: listing_count_trim
-- Takes away the counts of a type that no item has any more.
-- params: type_id
DELETE FROM listing_count WHERE type_id = :type_id;

-- name: listing_total
-- How many items a filter finds: the kept count, less those that wait for their time, which are few and found by their own
-- index whatever else the planner might choose. `year` 0: any.
-- params: type_id language_id place_id topic_id year now_unix
-- columns: items
SELECT items - (
        SELECT count(*)
        FROM item INDEXED BY item_scheduled
        CROSS JOIN listing ON listing.type_id = :type_id AND listing.language_id = :language_id
            AND listing.place_id = :place_id AND listing.topic_id = :topic_id
            AND listing.day = item.day AND listing.item_id = item.id
        WHERE item.status = 'published' AND item.publish_unix > :now_unix
            AND (:year = 0 OR item.day / 10000 = :year)
    ) AS items
FROM listing_count
WHERE type_id = :type_id AND language_id = :language_id AND place_id = :place_id AND topic_id = :topic_id
    AND year = :year;
