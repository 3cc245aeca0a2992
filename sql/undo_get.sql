-- How a change can be taken back.
-- params: id after_unix
-- columns: kind subject_id was:json content
SELECT kind, subject_id, was, content FROM undo WHERE id = :id AND at_unix > :after_unix
