-- A user's live sessions, newest first.
-- params: user_id now_unix idle_s life_s
-- columns: session_id created_unix seen_unix client agent
SELECT id AS session_id, created_unix, seen_unix, client, agent
FROM session
WHERE user_id = :user_id AND seen_unix > :now_unix - :idle_s AND created_unix > :now_unix - :life_s
ORDER BY id DESC
