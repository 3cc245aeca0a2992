-- name: login_failure_add
-- Counts a failed login under a key; what was before :forget_unix does not count any more.
-- params: key now_unix forget_unix
INSERT INTO login_failure (key, failures, last_unix) VALUES (:key, 1, :now_unix)
ON CONFLICT (key) DO UPDATE
SET failures = CASE WHEN last_unix > :forget_unix THEN failures + 1 ELSE 1 END, last_unix = :now_unix;

-- name: login_failure_forgive
-- Takes one failure of a key back.
-- params: key
UPDATE login_failure SET failures = failures - 1 WHERE key = :key AND failures > 0;

-- name: login_failure_get
-- Failed logins counted under a key.
-- params: key
-- columns: failures last_unix
SELECT failures, last_unix FROM login_failure WHERE key = :key;

-- name: login_failure_reset
-- Forgets the failures of a key.
-- params: key
DELETE FROM login_failure WHERE key = :key;

-- name: login_failure_settle
-- What failed before the clock was set back counts from now on, or nobody could wait for its end.
-- params: key now_unix
UPDATE login_failure SET last_unix = :now_unix WHERE key = :key AND last_unix > :now_unix;

-- name: login_failure_trim
-- Forgets failures from before :forget_unix, and all but the newest :max.
-- params: forget_unix max
DELETE FROM login_failure
WHERE last_unix <= :forget_unix
   OR key IN (SELECT key FROM login_failure ORDER BY last_unix DESC, key DESC LIMIT -1 OFFSET :max);
