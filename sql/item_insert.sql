-- A new item; its facets, aliases, files and listing rows follow in the same transaction.
-- params: slug type_id language_id kicker title summary body date event link status publish_unix day now_unix
-- columns: id
INSERT INTO item (slug, type_id, language_id, kicker, title, summary, body, date, event_starts, event_ends, event_venue,
                  link, status, publish_unix, day, changed_unix, trashed_unix)
VALUES (:slug, :type_id, :language_id, :kicker, :title, :summary, :body, :date, :event ->> 'starts', :event ->> 'ends',
        :event ->> 'venue', :link, :status, :publish_unix, :day, :now_unix,
        CASE WHEN :status = 'trashed' THEN :now_unix END)
RETURNING id
