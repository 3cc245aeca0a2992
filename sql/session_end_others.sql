-- Ends all sessions of a user but one.
-- params: user_id keep_id
DELETE FROM session WHERE user_id = :user_id AND id <> :keep_id
