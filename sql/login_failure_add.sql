-- Counts a failed login under a key; what was before :forget_unix does not count any more.
-- params: key now_unix forget_unix
INSERT INTO login_failure (key, failures, last_unix) VALUES (:key, 1, :now_unix)
ON CONFLICT (key) DO UPDATE
SET failures = CASE WHEN last_unix > :forget_unix THEN failures + 1 ELSE 1 END, last_unix = :now_unix
