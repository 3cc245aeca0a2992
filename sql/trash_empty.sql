-- Deletes what has been in the trash since before a time, with all that hangs on it; the listing holds none of it.
-- params: before_unix
-- columns: id title
DELETE FROM item WHERE status = 'trashed' AND trashed_unix < :before_unix RETURNING id, title
