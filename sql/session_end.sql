-- Ends the session of a cookie's hash.
-- params: hash
DELETE FROM session WHERE hash = :hash
