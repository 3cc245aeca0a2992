-- Forgets the failures of a key.
-- params: key
DELETE FROM login_failure WHERE key = :key
