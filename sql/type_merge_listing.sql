-- Files the listing's rows of one type under another; an item has one type, so it is there only once.
-- params: from_id into_id
UPDATE listing SET type_id = :into_id WHERE type_id = :from_id
