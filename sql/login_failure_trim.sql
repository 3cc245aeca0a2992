-- Forgets failures from before :forget_unix, and all but the newest :max.
-- params: forget_unix max
DELETE FROM login_failure
WHERE last_unix <= :forget_unix
   OR key IN (SELECT key FROM login_failure ORDER BY last_unix DESC, key DESC LIMIT -1 OFFSET :max)
