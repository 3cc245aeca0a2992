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
WHERE item.slug = :slug AND item.status = 'published' AND item.publish_unix <= :now_unix
