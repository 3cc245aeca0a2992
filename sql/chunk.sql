-- name: chunk_clear
-- Takes all bytes of a content away.
-- params: content
DELETE FROM chunk WHERE content = :content;

-- name: chunk_get
-- The bytes of one piece of a content.
-- params: content number
-- columns: bytes
SELECT bytes FROM chunk WHERE content = :content AND number = :number;

-- name: chunk_put
-- One piece of a content's bytes.
-- params: content number bytes
INSERT INTO chunk (content, number, bytes) VALUES (:content, :number, :bytes);
