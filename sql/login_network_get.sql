-- Whether somebody of that name, or anybody, has logged in from that network since :since_unix.
-- params: key network since_unix
-- columns: known:bool shared:bool
SELECT EXISTS (SELECT 1 FROM login_network WHERE key = :key AND last_unix > :since_unix) AS known,
       EXISTS (SELECT 1 FROM login_network WHERE network = :network AND last_unix > :since_unix) AS shared
