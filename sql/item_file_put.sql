-- Puts an item's attachments in their order: `files` is an array of {"id", "alt"}.
-- params: id files
INSERT INTO item_file (item_id, file_id, alt, position)
SELECT :id, value ->> 'id', value ->> 'alt', key FROM json_each(:files)
