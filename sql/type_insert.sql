-- A new type, last in the order.
-- params: slug name
-- columns: id
INSERT INTO type (slug, name, position)
VALUES (:slug, :name, (SELECT coalesce(max(position), 0) + 1 FROM type))
RETURNING id
