-- A file that was deleted is there again, under its address.
-- params: id name media_type size width height sha256 content created_unix now_unix
INSERT INTO file (id, name, media_type, size, width, height, sha256, content, created_unix, changed_unix)
VALUES (:id, :name, :media_type, :size, :width, :height, :sha256, :content, :created_unix, :now_unix)
