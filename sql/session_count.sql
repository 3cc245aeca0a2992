-- How many sessions are live.
-- params: now_unix idle_s life_s
-- columns: sessions
SELECT count(*) AS sessions FROM session
WHERE seen_unix > :now_unix - :idle_s AND created_unix > :now_unix - :life_s
