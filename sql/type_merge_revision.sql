-- Keeps the new version of each item that moves to another type, where its earlier ones are kept.
-- params: from_id into_id now_unix user_id
INSERT INTO revision (item_id, version, at_unix, user_id, action, item)
SELECT item.id, item.version + 1, :now_unix, :user_id, 'merge',
       json_set(revision.item, '$.type', (SELECT slug FROM type WHERE id = :into_id))
FROM item
CROSS JOIN revision ON revision.item_id = item.id AND revision.version = item.version
WHERE item.type_id = :from_id
