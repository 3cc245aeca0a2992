-- name: login_user
-- What a login of that name, in any case, is checked against.
-- params: name
-- columns: id password disabled:bool
SELECT id, password, disabled FROM user WHERE name = :name;

-- name: user_admins
-- How many admins besides that user could log in.
-- params: id
-- columns: admins
SELECT count(*) AS admins FROM user WHERE role = 'admin' AND NOT disabled AND password <> '' AND id <> :id;

-- name: user_by_name
-- The user of that name, in any case.
-- params: name
-- columns: id name role disabled:bool created_unix seen_unix
SELECT id, name, role, disabled, created_unix, seen_unix FROM user WHERE name = :name;

-- name: user_delete
-- Deletes a user who did nothing yet, with their sessions and links.
-- params: id
DELETE FROM user WHERE id = :id;

-- name: user_disabled_set
-- Disables or enables a user.
-- params: id disabled
UPDATE user SET disabled = :disabled WHERE id = :id;

-- name: user_get
-- The user of that id.
-- params: id
-- columns: id name role disabled:bool created_unix seen_unix
SELECT id, name, role, disabled, created_unix, seen_unix FROM user WHERE id = :id;

-- name: user_insert
-- A new user.
-- params: name role password created_unix
-- columns: id
INSERT INTO user (name, role, password, created_unix) VALUES (:name, :role, :password, :created_unix) RETURNING id;

-- name: user_list
-- All users by name.
-- columns: id name role disabled:bool created_unix seen_unix
SELECT id, name, role, disabled, created_unix, seen_unix FROM user ORDER BY name, id;

-- name: user_none
-- Whether there is no user yet.
-- columns: none:bool
SELECT NOT EXISTS (SELECT 1 FROM user) AS none;

-- name: user_password_set
-- Gives a user another password.
-- params: id password
UPDATE user SET password = :password WHERE id = :id;

-- name: user_rehash
-- Keeps a user's password in a newer hash, unless it has been changed meanwhile or its user was disabled.
-- params: id was password
UPDATE user SET password = :password WHERE id = :id AND password = :was AND NOT disabled;

-- name: user_role_set
-- Gives a user another role.
-- params: id role
UPDATE user SET role = :role WHERE id = :id;

-- name: user_seen
-- Notes that a user was here.
-- params: id now_unix
UPDATE user SET seen_unix = :now_unix WHERE id = :id;
