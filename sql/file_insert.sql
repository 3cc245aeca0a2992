-- A new file, whose bytes are the chunks of `content`.
-- params: name media_type size width height sha256 content now_unix
-- columns: id
INSERT INTO file (name, media_type, size, width, height, sha256, content, created_unix, changed_unix)
VALUES (:name, :media_type, :size, :width, :height, :sha256, :content, :now_unix, :now_unix)
RETURNING id
