-- Takes the counts of one type, which its items have left with, off those of another.
-- params: from_id into_id
UPDATE listing_count
SET items = listing_count.items - moved.items
FROM listing_count AS moved
WHERE moved.type_id = :into_id AND listing_count.type_id = :from_id
    AND (listing_count.language_id, listing_count.place_id, listing_count.topic_id, listing_count.year) =
        (moved.language_id, moved.place_id, moved.topic_id, moved.year)
