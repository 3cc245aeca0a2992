-- Counts a stranger's failed login in a slot. Each day starts from zero.
-- params: slot day
INSERT INTO login_account (slot, day, failures) VALUES (:slot, :day, 1)
ON CONFLICT (slot) DO UPDATE
SET failures = CASE WHEN day = :day THEN failures + 1 ELSE 1 END, day = :day
