-- name: item_slugs_since
-- The slugs that an item has had since a version, the oldest first.
-- params: id version
-- columns: slug
SELECT item ->> 'slug' AS slug
FROM revision
WHERE item_id = :id AND version > :version
GROUP BY item ->> 'slug'
ORDER BY min(version);

-- name: revision_get
-- One revision of an item.
-- params: id version
-- columns: version at_unix user_name action item:json
SELECT revision.version, revision.at_unix, user.name AS user_name, revision.action, revision.item
FROM revision
LEFT JOIN user ON user.id = revision.user_id
WHERE revision.item_id = :id AND revision.version = :version;

-- name: revision_insert
-- Keeps what an item is in one version. `user_id` null: nobody who logs in.
-- params: item_id version at_unix user_id action item
INSERT INTO revision (item_id, version, at_unix, user_id, action, item)
VALUES (:item_id, :version, :at_unix, :user_id, :action, :item);

-- name: revision_latest
-- The newest version of an item that is kept; null if none is.
-- params: id
-- columns: version
SELECT max(version) AS version FROM revision WHERE item_id = :id;

-- name: revision_list
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
ORDER BY revision.version DESC;
