-- What a login of that name, in any case, is checked against.
-- params: name
-- columns: id password disabled:bool
SELECT id, password, disabled FROM user WHERE name = :name
