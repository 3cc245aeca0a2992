-- Drops the tokens of that kind for a user.
-- params: kind user_id
DELETE FROM token WHERE kind = :kind AND user_id = :user_id
