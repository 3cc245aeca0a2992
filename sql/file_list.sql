-- Files whose name holds some words, newest first, from before an id; how many items carry each.
-- params: q before_id limit
-- columns: id name media_type size width height changed_unix uses
SELECT id, name, media_type, size, width, height, changed_unix,
       (SELECT count(*) FROM item_file WHERE file_id = file.id) AS uses
FROM file
WHERE id < :before_id AND instr(lower(name), lower(:q)) > 0
ORDER BY id DESC
LIMIT :limit
