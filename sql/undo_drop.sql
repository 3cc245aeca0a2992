-- Forgets how a change can be taken back; the bytes that were kept for it stay.
-- params: id
DELETE FROM undo WHERE id = :id
