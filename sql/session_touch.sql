-- Notes that a session is in use. One from before the clock was set back lives no longer for that.
-- params: id now_unix
UPDATE session SET seen_unix = :now_unix, created_unix = min(created_unix, :now_unix) WHERE id = :id
