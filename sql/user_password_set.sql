-- Gives a user another password.
-- params: id password
UPDATE user SET password = :password WHERE id = :id
