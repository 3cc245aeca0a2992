-- name: login_account_add
-- Counts a stranger's failed login in a slot. Each day starts from zero.
-- params: slot day
INSERT INTO login_account (slot, day, failures) VALUES (:slot, :day, 1)
ON CONFLICT (slot) DO UPDATE
SET failures = CASE WHEN day = :day THEN failures + 1 ELSE 1 END, day = :day;

-- name: login_account_forgive
-- Takes one failure of a slot back.
-- params: slot day
UPDATE login_account SET failures = failures - 1 WHERE slot = :slot AND day = :day AND failures > 0;

-- name: login_account_get
-- Failed logins of strangers that are counted in a slot on :day.
-- params: slot day
-- columns: failures
SELECT failures FROM login_account WHERE slot = :slot AND day = :day;
