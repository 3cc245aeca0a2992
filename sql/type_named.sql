-- A type other than `id` that has this name or this slug.
-- params: id name slug
-- columns: name
SELECT name FROM type WHERE id <> :id AND (name = :name COLLATE NOCASE OR slug = :slug) LIMIT 1
