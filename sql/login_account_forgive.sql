-- Takes one failure of a slot back.
-- params: slot day
UPDATE login_account SET failures = failures - 1 WHERE slot = :slot AND day = :day AND failures > 0
