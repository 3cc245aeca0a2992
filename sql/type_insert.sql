-- A new type, last in the order.
-- params: slug name
-- columns: id
INSERT INTO type (slug, name, position) VALUES (:slug, :name, (SELECT max(position) + 1 FROM type)) RETURNING id
