-- Ends one session of a user.
-- params: id user_id
DELETE FROM session WHERE id = :id AND user_id = :user_id
