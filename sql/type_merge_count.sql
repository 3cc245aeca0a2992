-- Adds the counts of one type to those of another.
-- params: from_id into_id
INSERT INTO listing_count (type_id, language_id, place_id, topic_id, year, items)
SELECT :into_id, language_id, place_id, topic_id, year, items FROM listing_count WHERE type_id = :from_id
ON CONFLICT DO UPDATE SET items = items + excluded.items
