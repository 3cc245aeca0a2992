-- The newest version of an item that is kept; null if none is.
-- params: id
-- columns: version
SELECT max(version) AS version FROM revision WHERE item_id = :id
