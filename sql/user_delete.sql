-- Deletes a user who did nothing yet, with their sessions and links.
-- params: id
DELETE FROM user WHERE id = :id
