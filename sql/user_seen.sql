-- Notes that a user was here.
-- params: id now_unix
UPDATE user SET seen_unix = :now_unix WHERE id = :id
