-- The actions that the activity list has, each once: one step along its index for each.
-- columns: value
WITH RECURSIVE found (value) AS (
    SELECT min(action) FROM activity
    UNION ALL
    SELECT (SELECT min(action) FROM activity WHERE action > found.value) FROM found WHERE found.value IS NOT NULL
)
SELECT value FROM found WHERE value IS NOT NULL
