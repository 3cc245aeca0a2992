-- Takes away the counts of a type that no item has any more.
-- params: type_id
DELETE FROM listing_count WHERE type_id = :type_id
