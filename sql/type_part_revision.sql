-- Keeps the new version of each of some items that moves from one type to another, where its earlier ones are kept.
-- params: from_id into_id items now_unix user_id
INSERT INTO revision (item_id, version, at_unix, user_id, action, item)
SELECT item.id, item.version + 1, :now_unix, :user_id, 'undo merge',
       json_set(revision.item, '$.type', (SELECT slug FROM type WHERE id = :into_id))
FROM item
CROSS JOIN revision ON revision.item_id = item.id AND revision.version = item.version
WHERE item.type_id = :from_id AND item.id IN (SELECT value FROM json_each(:items))
