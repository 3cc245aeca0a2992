-- name: login_network_get
-- Whether somebody of that name, or anybody, has logged in from that network since :since_unix.
-- params: key network since_unix
-- columns: known:bool shared:bool
SELECT EXISTS (SELECT 1 FROM login_network WHERE key = :key AND last_unix > :since_unix) AS known,
       EXISTS (SELECT 1 FROM login_network WHERE network = :network AND last_unix > :since_unix) AS shared;

-- name: login_network_put
-- Notes that a user logged in from a network.
-- params: key network user_id now_unix
INSERT INTO login_network (key, network, user_id, last_unix) VALUES (:key, :network, :user_id, :now_unix)
ON CONFLICT (key) DO UPDATE SET user_id = :user_id, last_unix = :now_unix;

-- name: login_network_trim
-- Forgets the networks of a user from before :since_unix, and all but the newest :max.
-- params: user_id since_unix max
DELETE FROM login_network
WHERE user_id = :user_id
  AND (last_unix <= :since_unix
       OR key IN (SELECT key FROM login_network WHERE user_id = :user_id ORDER BY last_unix DESC, key LIMIT -1 OFFSET :max));
