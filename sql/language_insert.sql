-- A new language.
-- params: tag
-- columns: id
INSERT INTO language (tag) VALUES (:tag) RETURNING id
