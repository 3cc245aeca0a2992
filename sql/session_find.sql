-- The live session of a cookie's hash, with its user.
-- params: hash now_unix idle_s life_s
-- columns: session_id user_id name role seen_unix
SELECT session.id AS session_id, user.id AS user_id, user.name, user.role, session.seen_unix
FROM session
CROSS JOIN user ON user.id = session.user_id
WHERE session.hash = :hash AND session.seen_unix > :now_unix - :idle_s AND session.created_unix > :now_unix - :life_s
  AND NOT user.disabled
