-- The user of that id.
-- params: id
-- columns: id name role disabled:bool created_unix seen_unix
SELECT id, name, role, disabled, created_unix, seen_unix FROM user WHERE id = :id
