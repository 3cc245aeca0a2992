-- One revision of an item.
-- params: id version
-- columns: version at_unix user_name action item:json
SELECT revision.version, revision.at_unix, user.name AS user_name, revision.action, revision.item
FROM revision
LEFT JOIN user ON user.id = revision.user_id
WHERE revision.item_id = :id AND revision.version = :version
