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
    AND count.place_id = :place_id AND count.topic_id = :topic_id AND count.year > 0
