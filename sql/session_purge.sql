-- Deletes the sessions that have ended by themselves.
-- params: now_unix idle_s life_s
DELETE FROM session WHERE seen_unix <= :now_unix - :idle_s OR created_unix <= :now_unix - :life_s
