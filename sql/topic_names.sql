-- All topics that items name, for suggestions.
-- columns: name
SELECT name FROM topic ORDER BY name
