-- Gives a user another role.
-- params: id role
UPDATE user SET role = :role WHERE id = :id
