-- name: item_file_clear
-- Takes an item's attachments away, before the new ones are put.
-- params: id
DELETE FROM item_file WHERE item_id = :id;

-- name: item_file_known
-- Attachments as an item would hold them: each of `files`, an array of {"id", "alt"}, once, at its first place;
-- without a name if there is no such file.
-- params: files
-- columns: id name alt
SELECT given.id, file.name, given.alt
FROM (SELECT min(key) AS place, value ->> 'id' AS id, coalesce(value ->> 'alt', '') AS alt
      FROM json_each(:files) GROUP BY value ->> 'id') AS given
LEFT JOIN file ON file.id = given.id
ORDER BY given.place;

-- name: item_file_put
-- Puts an item's attachments in their order: `files` is an array of {"id", "alt"}.
-- params: id files
INSERT INTO item_file (item_id, file_id, alt, position)
SELECT :id, value ->> 'id', value ->> 'alt', key FROM json_each(:files);
