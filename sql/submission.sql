-- name: submission_get
-- The item that a form was taken for, if it was, and the version that item has now: null once it is deleted.
-- params: request_id
-- columns: item_id version
SELECT item_id, (SELECT version FROM item WHERE id = item_id) AS version FROM submission WHERE request_id = :request_id;

-- name: submission_insert
-- Notes that a form was taken.
-- params: request_id item_id now_unix
INSERT INTO submission (request_id, item_id, at_unix) VALUES (:request_id, :item_id, :now_unix);

-- name: submission_trim
-- Forgets forms that nobody sends again.
-- params: before_unix
DELETE FROM submission WHERE at_unix < :before_unix;
