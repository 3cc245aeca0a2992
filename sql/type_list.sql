-- The types in their order, and how many items of every status each has.
-- columns: id value name position items
SELECT type.id, type.slug AS value, type.name, row_number() OVER (ORDER BY type.position, type.id) AS position,
       coalesce(used.items, 0) AS items
FROM type
LEFT JOIN (SELECT type_id, count(*) AS items FROM item GROUP BY type_id) AS used ON used.type_id = type.id
ORDER BY type.position, type.id
