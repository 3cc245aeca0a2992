-- How many admins besides that user could log in.
-- params: id
-- columns: admins
SELECT count(*) AS admins FROM user WHERE role = 'admin' AND NOT disabled AND password <> '' AND id <> :id
