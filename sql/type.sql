-- name: health
-- Whether the database can be read: reads a row that every newsroom has.
-- columns: id
SELECT id FROM type LIMIT 1;

-- name: type_by_name
-- The type of that slug or name, or the one that a type of that slug was merged into; an item may give any of them.
-- params: name
-- columns: id value
SELECT id, slug AS value
FROM type
WHERE id = coalesce((SELECT id FROM type WHERE slug = :name OR name = :name COLLATE NOCASE),
                    (SELECT type_id FROM type_alias WHERE slug = :name));

-- name: type_by_slug
-- The type of that slug, or the one that a type of that slug was merged into.
-- params: value
-- columns: id value name rank
SELECT id, slug AS value, name, position AS rank
FROM type
WHERE id = coalesce((SELECT id FROM type WHERE slug = :value), (SELECT type_id FROM type_alias WHERE slug = :value));

-- name: type_choices
-- The types that an item can be of, in their order.
-- columns: value name
SELECT slug AS value, name FROM type ORDER BY position, id;

-- name: type_delete
-- Deletes a type that no item has.
-- params: id
DELETE FROM type WHERE id = :id AND NOT EXISTS (SELECT 1 FROM item WHERE type_id = :id);

-- name: type_get
-- One type, with its place in the order counted from 1.
-- params: id
-- columns: id value name position items
SELECT type.id, type.slug AS value, type.name,
       (SELECT count(*) FROM type AS other WHERE (other.position, other.id) <= (type.position, type.id)) AS position,
       (SELECT count(*) FROM item WHERE type_id = type.id) AS items
FROM type
WHERE type.id = :id;

-- name: type_insert
-- A new type, last in the order.
-- params: slug name
-- columns: id
INSERT INTO type (slug, name, position)
VALUES (:slug, :name, (SELECT coalesce(max(position), 0) + 1 FROM type))
RETURNING id;

-- name: type_list
-- The types in their order, and how many items of every status each has.
-- columns: id value name position items
SELECT type.id, type.slug AS value, type.name, row_number() OVER (ORDER BY type.position, type.id) AS position,
       coalesce(used.items, 0) AS items
FROM type
LEFT JOIN (SELECT type_id, count(*) AS items FROM item GROUP BY type_id) AS used ON used.type_id = type.id
ORDER BY type.position, type.id;

-- name: type_merge_alias
-- The slug of a type that is merged leads to the other type, as do those that led to it.
-- params: from_id into_id
INSERT INTO type_alias (slug, type_id)
SELECT slug, :into_id FROM type WHERE id = :from_id
UNION ALL
SELECT slug, :into_id FROM type_alias WHERE type_id = :from_id
ON CONFLICT (slug) DO UPDATE SET type_id = excluded.type_id;

-- name: type_merge_count
-- Adds the counts of one type to those of another.
-- params: from_id into_id
INSERT INTO listing_count (type_id, language_id, place_id, topic_id, year, items)
SELECT :into_id, language_id, place_id, topic_id, year, items FROM listing_count WHERE type_id = :from_id
ON CONFLICT DO UPDATE SET items = items + excluded.items;

-- name: type_merge_item
-- Moves the items of one type to another.
-- params: from_id into_id now_unix
UPDATE item SET type_id = :into_id, version = version + 1, changed_unix = :now_unix WHERE type_id = :from_id;

-- name: type_merge_listing
-- Files the listing's rows of one type under another; an item has one type, so it is there only once.
-- params: from_id into_id
UPDATE listing SET type_id = :into_id WHERE type_id = :from_id;

-- name: type_merge_revision
-- Keeps the new version of each item that moves to another type, where its earlier ones are kept.
-- params: from_id into_id now_unix user_id
INSERT INTO revision (item_id, version, at_unix, user_id, action, item)
SELECT item.id, item.version + 1, :now_unix, :user_id, 'merge',
       json_set(revision.item, '$.type', (SELECT slug FROM type WHERE id = :into_id))
FROM item
CROSS JOIN revision ON revision.item_id = item.id AND revision.version = item.version
WHERE item.type_id = :from_id;

-- name: type_move
-- Moves a type to a place in the order, counted from 1, and numbers them all anew.
-- params: id position
UPDATE type
SET position = ranked.rank
FROM (
    SELECT id, row_number() OVER (ORDER BY rank) AS rank
    FROM (
        SELECT id, row_number() OVER (ORDER BY position, id) AS rank FROM type WHERE id <> :id
        UNION ALL
        SELECT :id, :position - 0.5
    )
) AS ranked
WHERE ranked.id = type.id;

-- name: type_named
-- A type other than `id` that has this name or this slug.
-- params: id name slug
-- columns: name
SELECT name FROM type WHERE id <> :id AND (name = :name COLLATE NOCASE OR slug = :slug) LIMIT 1;

-- name: type_part_alias
-- Slugs that led to one type lead to another.
-- params: from_id into_id slugs
UPDATE type_alias SET type_id = :into_id WHERE type_id = :from_id AND slug IN (SELECT value FROM json_each(:slugs));

-- name: type_part_count
-- Counts all that the listing has of a type that had no counts.
-- params: id
INSERT INTO listing_count (type_id, language_id, place_id, topic_id, year, items)
SELECT type_id, language_id, place_id, topic_id, year.own * (day / 10000), count(*)
FROM listing
CROSS JOIN (SELECT 0 AS own UNION ALL SELECT 1) AS year
WHERE type_id = :id
GROUP BY 1, 2, 3, 4, 5;

-- name: type_part_item
-- Moves those of some items that are of one type to another.
-- params: from_id into_id items now_unix
UPDATE item
SET type_id = :into_id, version = version + 1, changed_unix = :now_unix
WHERE type_id = :from_id AND id IN (SELECT value FROM json_each(:items));

-- name: type_part_listing
-- Files the listing's rows of some items of one type under another.
-- params: from_id into_id items
UPDATE listing SET type_id = :into_id
WHERE type_id = :from_id AND item_id IN (SELECT value FROM json_each(:items));

-- name: type_part_revision
-- Keeps the new version of each of some items that moves from one type to another, where its earlier ones are kept.
-- params: from_id into_id items now_unix user_id
INSERT INTO revision (item_id, version, at_unix, user_id, action, item)
SELECT item.id, item.version + 1, :now_unix, :user_id, 'undo merge',
       json_set(revision.item, '$.type', (SELECT slug FROM type WHERE id = :into_id))
FROM item
CROSS JOIN revision ON revision.item_id = item.id AND revision.version = item.version
WHERE item.type_id = :from_id AND item.id IN (SELECT value FROM json_each(:items));

-- name: type_part_uncount
-- Takes the counts of one type, which its items have left with, off those of another.
-- params: from_id into_id
UPDATE listing_count
SET items = listing_count.items - moved.items
FROM listing_count AS moved
WHERE moved.type_id = :into_id AND listing_count.type_id = :from_id
    AND (listing_count.language_id, listing_count.place_id, listing_count.topic_id, listing_count.year) =
        (moved.language_id, moved.place_id, moved.topic_id, moved.year);

-- name: type_rename
-- Gives a type another name; its slug, which stands in addresses, stays.
-- params: id name
UPDATE type SET name = :name WHERE id = :id;

-- name: type_whole
-- A type with all that goes with it: the slugs that lead to it, and the items that are of it.
-- params: id
-- columns: slug name position aliases:json items:json
SELECT slug, name,
       (SELECT count(*) FROM type AS other WHERE (other.position, other.id) <= (type.position, type.id)) AS position,
       (SELECT json_group_array(type_alias.slug) FROM type_alias WHERE type_id = type.id) AS aliases,
       (SELECT json_group_array(item.id) FROM item WHERE type_id = type.id) AS items
FROM type
WHERE type.id = :id;
