-- Takes one failure of a key back.
-- params: key
UPDATE login_failure SET failures = failures - 1 WHERE key = :key AND failures > 0
