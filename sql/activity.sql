-- name: activity_actions
-- The actions that the activity list has, each once: one step along its index for each.
-- columns: value
WITH RECURSIVE found (value) AS (
    SELECT min(action) FROM activity
    UNION ALL
    SELECT (SELECT min(action) FROM activity WHERE action > found.value) FROM found WHERE found.value IS NOT NULL
)
SELECT value FROM found WHERE value IS NOT NULL;

-- name: activity_insert
-- Adds to the list of who did what. `user_id` and `item_id` null: none.
-- params: now_unix user_id user_name action item_id subject detail
INSERT INTO activity (at_unix, user_id, user_name, action, item_id, subject, detail)
VALUES (:now_unix, :user_id, :user_name, :action, :item_id, :subject, :detail);

-- name: activity_list
-- A page of what was done, newest first, of one user, item and action where they are given (0, 0, ''). Each branch
-- has its index, and one of them is taken.
-- params: user_id item_id action before_id limit
-- columns: id at_unix user_name action item_id item_exists:bool subject detail
WITH found AS NOT MATERIALIZED (
    SELECT id, user_id, item_id, action FROM activity WHERE id < :before_id
), page AS (
    SELECT id FROM found
    WHERE :item_id <> 0 AND item_id = :item_id AND :user_id IN (0, user_id) AND :action IN ('', action)
    UNION ALL
    SELECT id FROM found
    WHERE :item_id = 0 AND :user_id <> 0 AND user_id = :user_id AND :action IN ('', action)
    UNION ALL
    SELECT id FROM found WHERE :item_id = 0 AND :user_id = 0 AND :action <> '' AND action = :action
    UNION ALL
    SELECT id FROM found WHERE :item_id = 0 AND :user_id = 0 AND :action = ''
    ORDER BY id DESC
    LIMIT :limit
)
SELECT activity.id, activity.at_unix, activity.user_name, activity.action, activity.item_id,
       EXISTS (SELECT 1 FROM item WHERE id = activity.item_id) AS item_exists, activity.subject, activity.detail
FROM page
CROSS JOIN activity ON activity.id = page.id
ORDER BY activity.id DESC;
