-- The file that has these bytes under this name already; 0 for none.
-- params: name sha256
-- columns: id
SELECT coalesce((SELECT min(id) FROM file WHERE sha256 = :sha256 AND name = :name), 0) AS id
