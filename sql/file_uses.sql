-- The items of every status that carry a file.
-- params: id
-- columns: id title status
SELECT item.id, item.title, item.status
FROM item_file CROSS JOIN item ON item.id = item_file.item_id
WHERE item_file.file_id = :id
ORDER BY item.id DESC
