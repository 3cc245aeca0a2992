-- Whether there is no user yet.
-- columns: none:bool
SELECT NOT EXISTS (SELECT 1 FROM user) AS none
