-- A new item; its facets, aliases and listing rows follow in the same transaction.
-- params: slug type_id language_id kicker title summary body date event link status publish_unix day
-- columns: id
INSERT INTO item (slug, type_id, language_id, kicker, title, summary, body, date, event_starts, event_ends, event_venue,
                  link, status, publish_unix, day)
VALUES (:slug, :type_id, :language_id, :kicker, :title, :summary, :body, :date, :event ->> 'starts', :event ->> 'ends',
        :event ->> 'venue', :link, :status, :publish_unix, :day)
RETURNING id
