-- The slug of a type that is merged leads to the other type, as do those that led to it.
-- params: from_id into_id
INSERT INTO type_alias (slug, type_id)
SELECT slug, :into_id FROM type WHERE id = :from_id
UNION ALL
SELECT slug, :into_id FROM type_alias WHERE type_id = :from_id
ON CONFLICT (slug) DO UPDATE SET type_id = excluded.type_id
