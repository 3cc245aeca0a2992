-- Notes that a session is in use.
-- params: id now_unix
UPDATE session SET seen_unix = :now_unix WHERE id = :id
