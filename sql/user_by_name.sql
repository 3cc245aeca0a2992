-- The user of that name, in any case.
-- params: name
-- columns: id name role disabled:bool created_unix seen_unix
SELECT id, name, role, disabled, created_unix, seen_unix FROM user WHERE name = :name
