-- A type with all that goes with it: the slugs that lead to it, and the items that are of it.
-- params: id
-- columns: slug name position aliases:json items:json
SELECT slug, name,
       (SELECT count(*) FROM type AS other WHERE (other.position, other.id) <= (type.position, type.id)) AS position,
       (SELECT json_group_array(type_alias.slug) FROM type_alias WHERE type_id = type.id) AS aliases,
       (SELECT json_group_array(item.id) FROM item WHERE type_id = type.id) AS items
FROM type
WHERE type.id = :id
