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
LIMIT :limit
