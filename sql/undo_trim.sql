-- Forgets the changes from before a time, and the change of that kind and subject, whose bytes are gone.
-- params: before_unix kind subject_id
DELETE FROM undo WHERE at_unix <= :before_unix OR (kind = :kind AND subject_id = :subject_id)
