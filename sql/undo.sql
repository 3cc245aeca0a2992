-- name: undo_drop
-- Forgets how a change can be taken back; the bytes that were kept for it stay.
-- params: id
DELETE FROM undo WHERE id = :id;

-- name: undo_get
-- How a change can be taken back.
-- params: id after_unix
-- columns: kind subject_id was:json content
SELECT kind, subject_id, was, content FROM undo WHERE id = :id AND at_unix > :after_unix;

-- name: undo_put
-- Keeps how a change can be taken back.
-- params: kind subject_id now_unix was content
-- columns: id
INSERT INTO undo (kind, subject_id, at_unix, was, content)
VALUES (:kind, :subject_id, :now_unix, :was, :content)
RETURNING id;

-- name: undo_trim
-- Forgets the changes from before a time, and the change of that kind and subject, whose bytes are gone.
-- params: before_unix kind subject_id
DELETE FROM undo WHERE at_unix <= :before_unix OR (kind = :kind AND subject_id = :subject_id);

-- name: undo_trim_chunk
-- Takes away the bytes that are kept for changes from before a time, and for the change of that kind and subject.
-- params: before_unix kind subject_id
DELETE FROM chunk
WHERE content IN (SELECT content FROM undo
                  WHERE at_unix <= :before_unix OR (kind = :kind AND subject_id = :subject_id));
