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
    AND year = :year
