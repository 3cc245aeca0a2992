-- Files the listing's rows of some items of one type under another.
-- params: from_id into_id items
UPDATE listing SET type_id = :into_id
WHERE type_id = :from_id AND item_id IN (SELECT value FROM json_each(:items))
