-- Adds to the list of who did what. `user_id` and `item_id` null: none.
-- params: now_unix user_id user_name action item_id subject detail
INSERT INTO activity (at_unix, user_id, user_name, action, item_id, subject, detail)
VALUES (:now_unix, :user_id, :user_name, :action, :item_id, :subject, :detail)
