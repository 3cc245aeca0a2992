-- A new place.
-- params: slug name
-- columns: id
INSERT INTO place (slug, name) VALUES (:slug, :name) RETURNING id
