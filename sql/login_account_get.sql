-- Failed logins of strangers that are counted in a slot on :day.
-- params: slot day
-- columns: failures
SELECT failures FROM login_account WHERE slot = :slot AND day = :day
