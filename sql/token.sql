-- name: token_drop
-- Drops the tokens of that kind for the same user and item, and all that expired before :expired_unix.
-- params: kind user_id item_id expired_unix
DELETE FROM token
WHERE (kind = :kind AND user_id IS :user_id AND item_id IS :item_id) OR expires_unix <= :expired_unix;

-- name: token_drop_all
-- Drops the tokens of all links.
DELETE FROM token;

-- name: token_drop_item
-- Drops the tokens of that kind for an item.
-- params: kind item_id
DELETE FROM token WHERE kind = :kind AND item_id = :item_id;

-- name: token_drop_user
-- Drops the tokens of that kind for a user.
-- params: kind user_id
DELETE FROM token WHERE kind = :kind AND user_id = :user_id;

-- name: token_find
-- What a live token is for; 0 where it is for no user or item.
-- params: hash kind now_unix
-- columns: user_id item_id expires_unix
SELECT coalesce(user_id, 0) AS user_id, coalesce(item_id, 0) AS item_id, expires_unix
FROM token WHERE hash = :hash AND kind = :kind AND expires_unix > :now_unix;

-- name: token_insert
-- A new token for a link.
-- params: hash kind user_id item_id expires_unix
INSERT INTO token (hash, kind, user_id, item_id, expires_unix) VALUES (:hash, :kind, :user_id, :item_id, :expires_unix);

-- name: token_item
-- Whether there is a live token of that kind for an item.
-- params: kind item_id now_unix
-- columns: live:bool
SELECT EXISTS (SELECT 1 FROM token WHERE kind = :kind AND item_id = :item_id AND expires_unix > :now_unix) AS live;

-- name: token_use
-- Uses a token up.
-- params: hash kind
DELETE FROM token WHERE hash = :hash AND kind = :kind;
