-- Keeps how a change can be taken back.
-- params: kind subject_id now_unix was content
-- columns: id
INSERT INTO undo (kind, subject_id, at_unix, was, content)
VALUES (:kind, :subject_id, :now_unix, :was, :content)
RETURNING id
