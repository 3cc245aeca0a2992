-- Moves a type to a place in the order, counted from 1, and numbers them all anew.
-- params: id position
UPDATE type
SET position = ranked.rank
FROM (
    SELECT id, row_number() OVER (ORDER BY rank) AS rank
    FROM (
        SELECT id, row_number() OVER (ORDER BY position, id) AS rank FROM type WHERE id <> :id
        UNION ALL
        SELECT :id, :position - 0.5
    )
) AS ranked
WHERE ranked.id = type.id
