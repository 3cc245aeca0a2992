-- Keeps a user's password in a newer hash, unless it has been changed meanwhile or its user was disabled.
-- params: id was password
UPDATE user SET password = :password WHERE id = :id AND password = :was AND NOT disabled
