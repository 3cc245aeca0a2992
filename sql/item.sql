-- name: item_by_name
-- The item that has this slug or alias. A slug goes before an alias.
-- params: name
-- columns: id
SELECT id FROM item WHERE slug = :name
UNION ALL
SELECT item_id FROM alias WHERE name = :name
LIMIT 1;

-- name: item_cards
-- What a listing shows of each item, in the order of `ids` (which json_each keeps).
-- params: ids
-- columns: id slug type_name kicker title summary date lang day event:json
SELECT item.id, item.slug, type.name AS type_name, item.kicker, item.title, item.summary,
       item.date, language.tag AS lang, item.day,
       CASE WHEN coalesce(event_starts, event_ends, event_venue) IS NOT NULL
            THEN json_object('starts', event_starts, 'ends', event_ends, 'venue', event_venue) END AS event
FROM json_each(:ids) AS wanted
CROSS JOIN item ON item.id = wanted.value
CROSS JOIN type ON type.id = item.type_id
CROSS JOIN language ON language.id = item.language_id;

-- name: item_editing
-- One item of any status with all that its form shows.
-- params: id
-- columns: id version changed_unix trashed_unix slug type kicker title summary body date event:json lang places:json topics:json link aliases:json status publish_at files:json
SELECT item.id, item.version, item.changed_unix, item.trashed_unix, item.slug, type.slug AS type, item.kicker,
       item.title, item.summary, item.body, item.date,
       CASE WHEN coalesce(event_starts, event_ends, event_venue) IS NOT NULL
            THEN json_object('starts', event_starts, 'ends', event_ends, 'venue', event_venue) END AS event,
       language.tag AS lang,
       (SELECT json_group_array(name) FROM (SELECT place.name FROM item_place CROSS JOIN place ON place.id = place_id
                                            WHERE item_id = item.id ORDER BY item_place.position)) AS places,
       (SELECT json_group_array(name) FROM (SELECT topic.name FROM item_topic CROSS JOIN topic ON topic.id = topic_id
                                            WHERE item_id = item.id ORDER BY item_topic.position)) AS topics,
       item.link,
       (SELECT json_group_array(name) FROM (SELECT name FROM alias WHERE item_id = item.id ORDER BY id)) AS aliases,
       item.status,
       strftime('%Y-%m-%dT%H:%M:%SZ', item.publish_unix, 'unixepoch') AS publish_at,
       (SELECT json_group_array(json_object('id', id, 'name', name, 'media_type', media_type, 'size', size,
                                            'width', width, 'height', height, 'alt', alt))
        FROM (SELECT file.id, file.name, file.media_type, file.size, file.width, file.height, item_file.alt
              FROM item_file CROSS JOIN file ON file.id = file_id WHERE item_id = item.id
              ORDER BY item_file.position)) AS files
FROM item
CROSS JOIN type ON type.id = item.type_id
CROSS JOIN language ON language.id = item.language_id
WHERE item.id = :id;

-- name: item_export
-- Items whole, in the order they were made, from just behind an id.
-- params: id limit
-- columns: id slug type kicker title summary body date event:json lang places:json topics:json link aliases:json status publish_at
SELECT item.id, item.slug, type.slug AS type, item.kicker, item.title, item.summary, item.body, item.date,
       CASE WHEN coalesce(event_starts, event_ends, event_venue) IS NOT NULL
            THEN json_object('starts', event_starts, 'ends', event_ends, 'venue', event_venue) END AS event,
       language.tag AS lang,
       (SELECT json_group_array(name) FROM (SELECT place.name FROM item_place CROSS JOIN place ON place.id = place_id
                                            WHERE item_id = item.id ORDER BY item_place.position)) AS places,
       (SELECT json_group_array(name) FROM (SELECT topic.name FROM item_topic CROSS JOIN topic ON topic.id = topic_id
                                            WHERE item_id = item.id ORDER BY item_topic.position)) AS topics,
       item.link,
       (SELECT json_group_array(name) FROM (SELECT name FROM alias WHERE item_id = item.id ORDER BY id)) AS aliases,
       item.status,
       strftime('%Y-%m-%dT%H:%M:%SZ', item.publish_unix, 'unixepoch') AS publish_at
FROM item
CROSS JOIN type ON type.id = item.type_id
CROSS JOIN language ON language.id = item.language_id
WHERE item.id > :id
ORDER BY item.id
LIMIT :limit;

-- name: item_facets
-- What an item is filed under, as ids.
-- params: id
-- columns: type_id places:json topics:json
SELECT type_id,
       (SELECT json_group_array(place_id) FROM item_place WHERE item_id = item.id) AS places,
       (SELECT json_group_array(topic_id) FROM item_topic WHERE item_id = item.id) AS topics
FROM item
WHERE id = :id;

-- name: item_feed
-- What a feed tells of each item, in the order of `ids` (which json_each keeps).
-- params: ids
-- columns: id slug type type_name kicker title summary body date lang day event:json link places:json topics:json publish_at files:json
SELECT item.id, item.slug, type.slug AS type, type.name AS type_name, item.kicker, item.title, item.summary, item.body,
       item.date, language.tag AS lang, item.day,
       CASE WHEN coalesce(event_starts, event_ends, event_venue) IS NOT NULL
            THEN json_object('starts', event_starts, 'ends', event_ends, 'venue', event_venue) END AS event,
       item.link,
       (SELECT json_group_array(name) FROM (SELECT place.name FROM item_place CROSS JOIN place ON place.id = place_id
                                            WHERE item_id = item.id ORDER BY item_place.position)) AS places,
       (SELECT json_group_array(name) FROM (SELECT topic.name FROM item_topic CROSS JOIN topic ON topic.id = topic_id
                                            WHERE item_id = item.id ORDER BY item_topic.position)) AS topics,
       strftime('%Y-%m-%dT%H:%M:%SZ', item.publish_unix, 'unixepoch') AS publish_at,
       (SELECT json_group_array(json_object('id', id, 'name', name, 'media_type', media_type, 'size', size))
        FROM (SELECT file.id, file.name, file.media_type, file.size FROM item_file CROSS JOIN file ON file.id = file_id
              WHERE item_id = item.id ORDER BY item_file.position)) AS files
FROM json_each(:ids) AS wanted
CROSS JOIN item ON item.id = wanted.value
CROSS JOIN type ON type.id = item.type_id
CROSS JOIN language ON language.id = item.language_id;

-- name: item_insert
-- A new item; its facets, aliases, files and listing rows follow in the same transaction.
-- params: slug type_id language_id kicker title summary body date event link status publish_unix day now_unix
-- columns: id
INSERT INTO item (slug, type_id, language_id, kicker, title, summary, body, date, event_starts, event_ends, event_venue,
                  link, status, publish_unix, day, changed_unix, trashed_unix)
VALUES (:slug, :type_id, :language_id, :kicker, :title, :summary, :body, :date, :event ->> 'starts', :event ->> 'ends',
        :event ->> 'venue', :link, :status, :publish_unix, :day, :now_unix,
        CASE WHEN :status = 'trashed' THEN :now_unix END)
RETURNING id;

-- name: item_list_changed
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
ORDER BY item.changed_unix DESC, item.id DESC;

-- name: item_list_sorted
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
ORDER BY page.position, -page.id;

-- name: item_public
-- All that readers may see of one item; places and topics with their slugs.
-- params: slug now_unix
-- columns: id slug version type type_name kicker title summary body date lang day event:json link places:json topics:json aliases:json publish_at files:json
SELECT item.id, item.slug, item.version, type.slug AS type, type.name AS type_name, item.kicker, item.title,
       item.summary, item.body, item.date, language.tag AS lang, item.day,
       CASE WHEN coalesce(event_starts, event_ends, event_venue) IS NOT NULL
            THEN json_object('starts', event_starts, 'ends', event_ends, 'venue', event_venue) END AS event,
       item.link,
       (SELECT json_group_array(json_object('name', name, 'slug', slug))
        FROM (SELECT place.name, place.slug FROM item_place CROSS JOIN place ON place.id = place_id WHERE item_id = item.id
              ORDER BY item_place.position)) AS places,
       (SELECT json_group_array(json_object('name', name, 'slug', slug))
        FROM (SELECT topic.name, topic.slug FROM item_topic CROSS JOIN topic ON topic.id = topic_id WHERE item_id = item.id
              ORDER BY item_topic.position)) AS topics,
       (SELECT json_group_array(name) FROM (SELECT name FROM alias WHERE item_id = item.id ORDER BY id)) AS aliases,
       strftime('%Y-%m-%dT%H:%M:%SZ', item.publish_unix, 'unixepoch') AS publish_at,
       (SELECT json_group_array(json_object('id', id, 'name', name, 'media_type', media_type, 'size', size, 'width', width,
                                            'height', height, 'alt', alt, 'sha256', sha256))
        FROM (SELECT file.id, file.name, file.media_type, file.size, file.width, file.height, file.sha256, item_file.alt
              FROM item_file CROSS JOIN file ON file.id = file_id WHERE item_id = item.id ORDER BY item_file.position)) AS files
FROM item
CROSS JOIN type ON type.id = item.type_id
CROSS JOIN language ON language.id = item.language_id
WHERE item.slug = :slug AND item.status = 'published' AND item.publish_unix <= :now_unix;

-- name: item_public_slug
-- The slug of the public item that has this id where it is a number, or this alias. An id goes first: it is an item's
-- permanent address, which no other item's alias may take over.
-- params: name now_unix
-- columns: slug
SELECT slug
FROM item
WHERE id = coalesce((SELECT id FROM item WHERE :name NOT GLOB '*[^0-9]*' AND id = CAST(:name AS INTEGER)),
                    (SELECT item_id FROM alias WHERE name = :name))
    AND status = 'published' AND publish_unix <= :now_unix;

-- name: item_status_counts
-- How many items of each status there are.
-- params: now_unix
-- columns: draft published scheduled trashed all
SELECT draft, published - scheduled AS published, scheduled, trashed, draft + published + trashed AS "all"
FROM (
    SELECT (SELECT count(*) FROM item WHERE status = 'draft') AS draft,
           (SELECT count(*) FROM item WHERE status = 'published') AS published,
           (SELECT count(*) FROM item INDEXED BY item_scheduled
            WHERE status = 'published' AND publish_unix > :now_unix) AS scheduled,
           (SELECT count(*) FROM item WHERE status = 'trashed') AS trashed
);

-- name: item_stored
-- One item as it stands, of any status, to compare a new version with.
-- params: id
-- columns: id slug type kicker title summary body date event:json lang places:json topics:json link aliases:json status publish_at
SELECT item.id, item.slug, type.slug AS type, item.kicker, item.title, item.summary, item.body, item.date,
       CASE WHEN coalesce(event_starts, event_ends, event_venue) IS NOT NULL
            THEN json_object('starts', event_starts, 'ends', event_ends, 'venue', event_venue) END AS event,
       language.tag AS lang,
       (SELECT json_group_array(name) FROM (SELECT place.name FROM item_place CROSS JOIN place ON place.id = place_id
                                            WHERE item_id = item.id ORDER BY item_place.position)) AS places,
       (SELECT json_group_array(name) FROM (SELECT topic.name FROM item_topic CROSS JOIN topic ON topic.id = topic_id
                                            WHERE item_id = item.id ORDER BY item_topic.position)) AS topics,
       item.link,
       (SELECT json_group_array(name) FROM (SELECT name FROM alias WHERE item_id = item.id ORDER BY id)) AS aliases,
       item.status,
       strftime('%Y-%m-%dT%H:%M:%SZ', item.publish_unix, 'unixepoch') AS publish_at
FROM item
CROSS JOIN type ON type.id = item.type_id
CROSS JOIN language ON language.id = item.language_id
WHERE item.id = :id;

-- name: item_update
-- A new version of an item; its listing rows have been taken away before and are put back after.
-- params: id slug type_id language_id kicker title summary body date event link status publish_unix day now_unix
UPDATE item
SET slug = :slug, version = version + 1, type_id = :type_id, language_id = :language_id, kicker = :kicker,
    title = :title, summary = :summary, body = :body, date = :date, event_starts = :event ->> 'starts',
    event_ends = :event ->> 'ends', event_venue = :event ->> 'venue', link = :link, status = :status,
    publish_unix = :publish_unix, day = :day, changed_unix = :now_unix,
    trashed_unix = CASE WHEN :status = 'trashed' THEN coalesce(trashed_unix, :now_unix) END
WHERE id = :id;

-- name: trash_empty
-- Deletes what has been in the trash since before a time, with all that hangs on it; the listing holds none of it.
-- params: before_unix
-- columns: id title
DELETE FROM item WHERE status = 'trashed' AND trashed_unix < :before_unix RETURNING id, title;
