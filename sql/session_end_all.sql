-- Ends all sessions.
DELETE FROM session
