-- Takes away the bytes that are kept for changes from before a time, and for the change of that kind and subject.
-- params: before_unix kind subject_id
DELETE FROM chunk
WHERE content IN (SELECT content FROM undo
                  WHERE at_unix <= :before_unix OR (kind = :kind AND subject_id = :subject_id))
