-- What a live token is for; 0 where it is for no user or item.
-- params: hash kind now_unix
-- columns: user_id item_id expires_unix
SELECT coalesce(user_id, 0) AS user_id, coalesce(item_id, 0) AS item_id, expires_unix
FROM token WHERE hash = :hash AND kind = :kind AND expires_unix > :now_unix
