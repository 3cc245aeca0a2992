-- What failed before the clock was set back counts from now on, or nobody could wait for its end.
-- params: key now_unix
UPDATE login_failure SET last_unix = :now_unix WHERE key = :key AND last_unix > :now_unix
