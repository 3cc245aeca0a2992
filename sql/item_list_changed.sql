-- A page of the admin's list, last changed first, from just behind a place in it. `status`: '' for any, or 'scheduled';
-- `type`: '' for any; each of `words` is a pattern that must fit somewhere. The branches are merged in the order of
-- their indexes, so that none is read further than the page needs.
-- params: status type words changed_unix id now_unix limit
-- columns: id slug version type type_name title kicker lang date day status publish_at changed_unix user_name
WITH found AS NOT MATERIALIZED (
    SELECT id, status, publish_unix, changed_unix
    FROM item
    WHERE (:type = '' OR type_id = (SELECT id FROM type WHERE slug = :type))
        AND NOT EXISTS (SELECT 1 FROM json_each(:words)
                        WHERE title || char(10) || kicker || char(10) || summary || char(10) || slug
                            NOT LIKE value ESCAPE '\')
), page AS (
    SELECT id, changed_unix
    FROM found
    WHERE :status IN ('', 'draft') AND status = 'draft' AND (changed_unix, id) < (:changed_unix, :id)
    UNION ALL
    SELECT id, changed_unix
    FROM found
    WHERE :status IN ('', 'trashed') AND status = 'trashed' AND (changed_unix, id) < (:changed_unix, :id)
    UNION ALL
    SELECT id, changed_unix
    FROM found
    WHERE :status IN ('', 'published') AND status = 'published' AND publish_unix <= :now_unix
        AND (changed_unix, id) < (:changed_unix, :id)
    UNION ALL
    SELECT id, changed_unix
    FROM found
    WHERE :status IN ('', 'scheduled') AND (changed_unix, id) < (:changed_unix, :id)
        AND id IN (SELECT id FROM item INDEXED BY item_scheduled
                   WHERE status = 'published' AND publish_unix > :now_unix)
    ORDER BY changed_unix DESC, id DESC
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
ORDER BY item.changed_unix DESC, item.id DESC
