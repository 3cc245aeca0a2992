-- The slugs that an item has had since a version, the oldest first.
-- params: id version
-- columns: slug
SELECT item ->> 'slug' AS slug
FROM revision
WHERE item_id = :id AND version > :version
GROUP BY item ->> 'slug'
ORDER BY min(version)
