-- A new topic.
-- params: slug name
-- columns: id
INSERT INTO topic (slug, name) VALUES (:slug, :name) RETURNING id
