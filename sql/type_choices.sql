-- The types that an item can be of, in their order.
-- columns: value name
SELECT slug AS value, name FROM type ORDER BY position, id
