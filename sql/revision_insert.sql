-- Keeps what an item is in one version. `user_id` null: nobody who logs in.
-- params: item_id version at_unix user_id action item
INSERT INTO revision (item_id, version, at_unix, user_id, action, item)
VALUES (:item_id, :version, :at_unix, :user_id, :action, :item)
