-- A new token for a link.
-- params: hash kind user_id item_id expires_unix
INSERT INTO token (hash, kind, user_id, item_id, expires_unix) VALUES (:hash, :kind, :user_id, :item_id, :expires_unix)
