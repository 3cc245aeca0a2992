-- An item's revisions, newest first, with the keys in which each differs from the one before.
-- params: id
-- columns: version at_unix user_name action changed:json
SELECT revision.version, revision.at_unix, user.name AS user_name, revision.action,
       (SELECT json_group_array(key)
        FROM (SELECT key
              FROM (SELECT id AS place, key, value FROM json_each(revision.item)
                    UNION ALL
                    SELECT id, key, value FROM json_each(earlier.item))
              GROUP BY key
              HAVING count(*) = 2 AND (count(value) = 1 OR min(value) <> max(value))
              ORDER BY min(place))) AS changed
FROM revision
LEFT JOIN revision AS earlier ON earlier.item_id = revision.item_id AND earlier.version = revision.version - 1
LEFT JOIN user ON user.id = revision.user_id
WHERE revision.item_id = :id
ORDER BY revision.version DESC
