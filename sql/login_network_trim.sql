-- Forgets the networks of a user from before :since_unix, and all but the newest :max.
-- params: user_id since_unix max
DELETE FROM login_network
WHERE user_id = :user_id
  AND (last_unix <= :since_unix
       OR key IN (SELECT key FROM login_network WHERE user_id = :user_id ORDER BY last_unix DESC, key LIMIT -1 OFFSET :max))
