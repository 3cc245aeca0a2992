-- A page of the admin's list by date (newest first) or title, from just behind a place in it; the rest is as in
-- item_list_changed. `position` and `id` are null for the first page, else of the last row before.
-- params: status type words sort position id now_unix limit
-- columns: id slug version type type_name title kicker lang date day status publish_at changed_unix user_name
WITH found AS (
    SELECT id, CASE :sort WHEN 'date' THEN -day ELSE title END COLLATE NOCASE AS position
    FROM item
    WHERE :status IN ('', CASE WHEN status = 'published' AND publish_unix > :now_unix THEN 'scheduled' ELSE status END)
        AND (:type = '' OR type_id = (SELECT id FROM type WHERE slug = :type))
        AND NOT EXISTS (SELECT 1 FROM json_each(:words)
                        WHERE title || char(10) || kicker || char(10) || summary || char(10) || slug
                            NOT LIKE value ESCAPE '\')
), page AS (
    SELECT id, position
    FROM found
    WHERE :id IS NULL OR (position, -id) > (:position, -:id)
    ORDER BY position, -id
    LIMIT :limit
)
SELECT item.id, item.slug, item.version, type.slug AS type, type.name AS type_name, item.title, item.kicker,
       language.tag AS lang, item.date, item.day, item.status,
       strftime('%Y-%m-%dT%H:%M:%SZ', item.publish_unix, 'unixepoch') AS publish_at, item.changed_unix,
       (SELECT user.name FROM revision CROSS JOIN user ON user.id = revision.user_id
        WHERE revision.item_id = item.id AND revision.version = item.version) AS user_name
FROM page
CROSS JOIN item ON item.id = page.id
CROSS JOIN type ON type.id = item.type_id
CROSS JOIN language ON language.id = item.language_id
ORDER BY page.position, -page.id
