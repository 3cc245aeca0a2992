-- The item that a form was taken for, if it was, and the version that item has now: null once it is deleted.
-- params: request_id
-- columns: item_id version
SELECT item_id, (SELECT version FROM item WHERE id = item_id) AS version FROM submission WHERE request_id = :request_id
