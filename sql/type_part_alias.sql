-- Slugs that led to one type lead to another.
-- params: from_id into_id slugs
UPDATE type_alias SET type_id = :into_id WHERE type_id = :from_id AND slug IN (SELECT value FROM json_each(:slugs))
