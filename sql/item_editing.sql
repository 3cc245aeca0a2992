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
WHERE item.id = :id
