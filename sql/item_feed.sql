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
CROSS JOIN language ON language.id = item.language_id
