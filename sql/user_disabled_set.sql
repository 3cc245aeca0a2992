-- Disables or enables a user.
-- params: id disabled
UPDATE user SET disabled = :disabled WHERE id = :id
