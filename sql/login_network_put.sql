-- Notes that a user logged in from a network.
-- params: key user_id now_unix
INSERT INTO login_network (key, user_id, last_unix) VALUES (:key, :user_id, :now_unix)
ON CONFLICT (key) DO UPDATE SET user_id = :user_id, last_unix = :now_unix
