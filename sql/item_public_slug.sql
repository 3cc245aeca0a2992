-- The slug of the public item that has this id where it is a number, or this alias. An id goes first: it is an item's
-- permanent address, which no other item's alias may take over.
-- params: name now_unix
-- columns: slug
SELECT slug
FROM item
WHERE id = coalesce((SELECT id FROM item WHERE :name NOT GLOB '*[^0-9]*' AND id = CAST(:name AS INTEGER)),
                    (SELECT item_id FROM alias WHERE name = :name))
    AND status = 'published' AND publish_unix <= :now_unix
