-- name: content_now
-- Which generation of content readers see, and when the next item that waits for its time changes that by itself.
-- params: now_unix
-- columns: generation next_unix
SELECT generation,
       (SELECT min(publish_unix) FROM item INDEXED BY item_scheduled
        WHERE status = 'published' AND publish_unix > :now_unix) AS next_unix
FROM content;
