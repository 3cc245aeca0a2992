-- name: file_delete
-- Takes a file out of the list; its bytes are another table's.
-- params: id
DELETE FROM file WHERE id = :id;

-- name: file_get
-- One file, how many items carry it, and whether one of them is public.
-- params: id now_unix
-- columns: id name media_type size width height sha256 content created_unix changed_unix uses public:bool
SELECT file.id, file.name, file.media_type, file.size, file.width, file.height, file.sha256, file.content,
       file.created_unix, file.changed_unix, (SELECT count(*) FROM item_file WHERE file_id = file.id) AS uses,
       EXISTS (SELECT 1 FROM item_file CROSS JOIN item ON item.id = item_file.item_id
               WHERE item_file.file_id = file.id AND item.status = 'published'
                   AND item.publish_unix <= :now_unix) AS public
FROM file
WHERE file.id = :id;

-- name: file_insert
-- A new file, whose bytes are the chunks of `content`.
-- params: name media_type size width height sha256 content now_unix
-- columns: id
INSERT INTO file (name, media_type, size, width, height, sha256, content, created_unix, changed_unix)
VALUES (:name, :media_type, :size, :width, :height, :sha256, :content, :now_unix, :now_unix)
RETURNING id;

-- name: file_list
-- Files whose name holds some words, newest first, from before an id; how many items carry each.
-- params: q before_id limit
-- columns: id name media_type size width height changed_unix uses
SELECT id, name, media_type, size, width, height, changed_unix,
       (SELECT count(*) FROM item_file WHERE file_id = file.id) AS uses
FROM file
WHERE id < :before_id AND instr(lower(name), lower(:q)) > 0
ORDER BY id DESC
LIMIT :limit;

-- name: file_replace
-- Gives a file other bytes; its name, and so its address, stays.
-- params: id size width height sha256 content now_unix
UPDATE file
SET size = :size, width = :width, height = :height, sha256 = :sha256, content = :content, changed_unix = :now_unix
WHERE id = :id;

-- name: file_restore
-- A file that was deleted is there again, under its address.
-- params: id name media_type size width height sha256 content created_unix now_unix
INSERT INTO file (id, name, media_type, size, width, height, sha256, content, created_unix, changed_unix)
VALUES (:id, :name, :media_type, :size, :width, :height, :sha256, :content, :created_unix, :now_unix);

-- name: file_same
-- The file that has these bytes under this name already; 0 for none.
-- params: name sha256
-- columns: id
SELECT coalesce((SELECT min(id) FROM file WHERE sha256 = :sha256 AND name = :name), 0) AS id;

-- name: file_uses
-- The items of every status that carry a file.
-- params: id
-- columns: id title status
SELECT item.id, item.title, item.status
FROM item_file CROSS JOIN item ON item.id = item_file.item_id
WHERE item_file.file_id = :id
ORDER BY item.id DESC;
