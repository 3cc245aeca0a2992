-- Moves those of some items that are of one type to another.
-- params: from_id into_id items now_unix
UPDATE item
SET type_id = :into_id, version = version + 1, changed_unix = :now_unix
WHERE type_id = :from_id AND id IN (SELECT value FROM json_each(:items))
