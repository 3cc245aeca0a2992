-- The slug of the public item that has this alias, or this id where it is a number.
-- params: name now_unix
-- columns: slug
SELECT slug
FROM item
WHERE id = coalesce((SELECT item_id FROM alias WHERE name = :name),
                    CASE WHEN :name NOT GLOB '*[^0-9]*' THEN CAST(:name AS INTEGER) END)
    AND status = 'published' AND publish_unix <= :now_unix
