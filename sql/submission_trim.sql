-- Forgets forms that nobody sends again.
-- params: before_unix
DELETE FROM submission WHERE at_unix < :before_unix
