-- Gives a file other bytes; its name, and so its address, stays.
-- params: id size width height sha256 content now_unix
UPDATE file
SET size = :size, width = :width, height = :height, sha256 = :sha256, content = :content, changed_unix = :now_unix
WHERE id = :id
