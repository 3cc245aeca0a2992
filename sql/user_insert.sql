-- A new user.
-- params: name role password created_unix
-- columns: id
INSERT INTO user (name, role, password, created_unix) VALUES (:name, :role, :password, :created_unix) RETURNING id
