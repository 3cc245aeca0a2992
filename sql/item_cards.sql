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
CROSS JOIN language ON language.id = item.language_id
