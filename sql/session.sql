-- name: session_count
-- How many sessions are live.
-- params: now_unix idle_s life_s
-- columns: sessions
SELECT count(*) AS sessions FROM session
WHERE seen_unix > :now_unix - :idle_s AND created_unix > :now_unix - :life_s;

-- name: session_end
-- Ends the session of a cookie's hash.
-- params: hash
DELETE FROM session WHERE hash = :hash;

-- name: session_end_all
-- Ends all sessions.
DELETE FROM session;

-- name: session_end_one
-- Ends one session of a user.
-- params: id user_id
DELETE FROM session WHERE id = :id AND user_id = :user_id;

-- name: session_end_others
-- Ends all sessions of a user but one.
-- params: user_id keep_id
DELETE FROM session WHERE user_id = :user_id AND id <> :keep_id;

-- name: session_find
-- The live session of a cookie's hash, with its user.
-- params: hash now_unix idle_s life_s
-- columns: session_id user_id name role seen_unix
SELECT session.id AS session_id, user.id AS user_id, user.name, user.role, session.seen_unix
FROM session
CROSS JOIN user ON user.id = session.user_id
WHERE session.hash = :hash AND session.seen_unix > :now_unix - :idle_s AND session.created_unix > :now_unix - :life_s
  AND NOT user.disabled;

-- name: session_insert
-- A new session.
-- params: hash user_id now_unix client agent
INSERT INTO session (hash, user_id, created_unix, seen_unix, client, agent)
VALUES (:hash, :user_id, :now_unix, :now_unix, :client, :agent);

-- name: session_list
-- A user's live sessions, newest first.
-- params: user_id now_unix idle_s life_s
-- columns: session_id created_unix seen_unix client agent
SELECT id AS session_id, created_unix, seen_unix, client, agent
FROM session
WHERE user_id = :user_id AND seen_unix > :now_unix - :idle_s AND created_unix > :now_unix - :life_s
ORDER BY id DESC;

-- name: session_purge
-- Deletes the sessions that have ended by themselves.
-- params: now_unix idle_s life_s
DELETE FROM session WHERE seen_unix <= :now_unix - :idle_s OR created_unix <= :now_unix - :life_s;

-- name: session_touch
-- Notes that a session is in use. One from before the clock was set back lives no longer for that.
-- params: id now_unix
UPDATE session SET seen_unix = :now_unix, created_unix = min(created_unix, :now_unix) WHERE id = :id;
