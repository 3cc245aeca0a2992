-- Whether the database can be read: reads a row that every newsroom has.
-- columns: id
SELECT id FROM type LIMIT 1
