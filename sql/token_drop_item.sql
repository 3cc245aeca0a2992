-- Drops the tokens of that kind for an item.
-- params: kind item_id
DELETE FROM token WHERE kind = :kind AND item_id = :item_id
