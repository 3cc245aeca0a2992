-- Moves the items of one type to another.
-- params: from_id into_id now_unix
UPDATE item SET type_id = :into_id, version = version + 1, changed_unix = :now_unix WHERE type_id = :from_id
