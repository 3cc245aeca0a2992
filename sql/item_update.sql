-- A new version of an item; its listing rows have been taken away before and are put back after.
-- params: id slug type_id language_id kicker title summary body date event link status publish_unix day now_unix
UPDATE item
SET slug = :slug, version = version + 1, type_id = :type_id, language_id = :language_id, kicker = :kicker,
    title = :title, summary = :summary, body = :body, date = :date, event_starts = :event ->> 'starts',
    event_ends = :event ->> 'ends', event_venue = :event ->> 'venue', link = :link, status = :status,
    publish_unix = :publish_unix, day = :day, changed_unix = :now_unix,
    trashed_unix = CASE WHEN :status = 'trashed' THEN coalesce(trashed_unix, :now_unix) END
WHERE id = :id
