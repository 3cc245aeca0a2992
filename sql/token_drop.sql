-- Drops the tokens of that kind for the same user and item, and all that expired before :expired_unix.
-- params: kind user_id item_id expired_unix
DELETE FROM token
WHERE (kind = :kind AND user_id IS :user_id AND item_id IS :item_id) OR expires_unix <= :expired_unix
