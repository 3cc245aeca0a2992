-- One file, how many items carry it, and whether one of them is public.
-- params: id now_unix
-- columns: id name media_type size width height sha256 content created_unix changed_unix uses public:bool
SELECT file.id, file.name, file.media_type, file.size, file.width, file.height, file.sha256, file.content,
       file.created_unix, file.changed_unix, (SELECT count(*) FROM item_file WHERE file_id = file.id) AS uses,
       EXISTS (SELECT 1 FROM item_file CROSS JOIN item ON item.id = item_file.item_id
               WHERE item_file.file_id = file.id AND item.status = 'published'
                   AND item.publish_unix <= :now_unix) AS public
FROM file
WHERE file.id = :id
