-- Whether there is a live token of that kind for an item.
-- params: kind item_id now_unix
-- columns: live:bool
SELECT EXISTS (SELECT 1 FROM token WHERE kind = :kind AND item_id = :item_id AND expires_unix > :now_unix) AS live
