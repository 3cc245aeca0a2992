-- All languages that items are in, for suggestions.
-- columns: value
SELECT tag AS value FROM language ORDER BY tag
