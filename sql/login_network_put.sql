-- Notes that a user logged in from a network.
-- params: key network user_id now_unix
INSERT INTO login_network (key, network, user_id, last_unix) VALUES (:key, :network, :user_id, :now_unix)
ON CONFLICT (key) DO UPDATE SET user_id = :user_id, last_unix = :now_unix
