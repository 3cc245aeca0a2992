-- One type, with its place in the order counted from 1.
-- params: id
-- columns: id value name position items
SELECT type.id, type.slug AS value, type.name,
       (SELECT count(*) FROM type AS other WHERE (other.position, other.id) <= (type.position, type.id)) AS position,
       (SELECT count(*) FROM item WHERE type_id = type.id) AS items
FROM type
WHERE type.id = :id
