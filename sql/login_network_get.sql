-- Whether somebody of that name has logged in from that network since :since_unix.
-- params: key since_unix
-- columns: known:bool
SELECT EXISTS (SELECT 1 FROM login_network WHERE key = :key AND last_unix > :since_unix) AS known
