-- Takes a file out of the list; its bytes are another table's.
-- params: id
DELETE FROM file WHERE id = :id
