-- All places that items name, for suggestions.
-- columns: name
SELECT name FROM place ORDER BY name
