-- Notes that a form was taken.
-- params: request_id item_id now_unix
INSERT INTO submission (request_id, item_id, at_unix) VALUES (:request_id, :item_id, :now_unix)
