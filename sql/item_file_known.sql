-- Attachments as an item would hold them: each of `files`, an array of {"id", "alt"}, once, at its first place;
-- without a name if there is no such file.
-- params: files
-- columns: id name alt
SELECT given.id, file.name, given.alt
FROM (SELECT min(key) AS place, value ->> 'id' AS id, coalesce(value ->> 'alt', '') AS alt
      FROM json_each(:files) GROUP BY value ->> 'id') AS given
LEFT JOIN file ON file.id = given.id
ORDER BY given.place
