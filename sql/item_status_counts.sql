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
)
