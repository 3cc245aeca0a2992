-- The newsroom: items, what they are filed under, and the listing that readers page through.

CREATE TABLE type (
    id INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    position INTEGER NOT NULL
) STRICT;

INSERT INTO type (slug, name, position) VALUES
    ('news', 'News', 1),
    ('article', 'Article', 2),
    ('project', 'Project', 3),
    ('publication', 'Publication', 4),
    ('document', 'Document', 5),
    ('event', 'Event', 6),
    ('interview', 'Interview', 7),
    ('presentation', 'Presentation', 8);

CREATE TABLE language (id INTEGER PRIMARY KEY, tag TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE place (id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE topic (id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE) STRICT;

-- AUTOINCREMENT: an id is an item's permanent address, so it is never given to another one.
CREATE TABLE item (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    slug TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL DEFAULT 1,
    type_id INTEGER NOT NULL REFERENCES type,
    language_id INTEGER NOT NULL REFERENCES language,
    kicker TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    body TEXT NOT NULL,
    date TEXT,
    event_starts TEXT,
    event_ends TEXT,
    event_venue TEXT,
    link TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('draft', 'published', 'trashed')),
    publish_unix INTEGER, -- seconds since 1970
    day INTEGER NOT NULL, -- what listings sort by: the date, else the day of publishing, as 20190830
    CHECK (status <> 'published' OR publish_unix IS NOT NULL)
) STRICT;

-- The few items that wait for their time are found here, to be left out of counts.
CREATE INDEX item_scheduled ON item (publish_unix) WHERE status = 'published';

CREATE TABLE item_place (
    item_id INTEGER NOT NULL REFERENCES item ON DELETE CASCADE,
    place_id INTEGER NOT NULL REFERENCES place,
    position INTEGER NOT NULL,
    PRIMARY KEY (item_id, place_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_place_place ON item_place (place_id);

CREATE TABLE item_topic (
    item_id INTEGER NOT NULL REFERENCES item ON DELETE CASCADE,
    topic_id INTEGER NOT NULL REFERENCES topic,
    position INTEGER NOT NULL,
    PRIMARY KEY (item_id, topic_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_topic_topic ON item_topic (topic_id);

-- Old slugs and foreign ids; they redirect to the item for ever.
CREATE TABLE alias (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    item_id INTEGER NOT NULL REFERENCES item ON DELETE CASCADE
) STRICT;
CREATE INDEX alias_item ON alias (item_id);

-- A published item stands in one row for every combination of its facets, where 0 means any. So each filter, whatever
-- it combines, is one range of this table in reading order: a page costs the same at any depth and size.
CREATE TABLE listing (
    type_id INTEGER NOT NULL,
    language_id INTEGER NOT NULL,
    place_id INTEGER NOT NULL,
    topic_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    item_id INTEGER NOT NULL,
    publish_unix INTEGER NOT NULL,
    PRIMARY KEY (type_id, language_id, place_id, topic_id, day, item_id)
) STRICT, WITHOUT ROWID;

-- How many items a filter finds, by the same combinations and by year, where 0 again means any.
CREATE TABLE listing_count (
    type_id INTEGER NOT NULL,
    language_id INTEGER NOT NULL,
    place_id INTEGER NOT NULL,
    topic_id INTEGER NOT NULL,
    year INTEGER NOT NULL,
    items INTEGER NOT NULL,
    PRIMARY KEY (type_id, language_id, place_id, topic_id, year)
) STRICT, WITHOUT ROWID;

-- An item's combinations, as its tables stand now.
CREATE VIEW item_cell AS
WITH any_or_own (own) AS (VALUES (0), (1))
SELECT item.id AS item_id,
       any_type.own * item.type_id AS type_id,
       any_language.own * item.language_id AS language_id,
       place.place_id,
       topic.topic_id,
       item.day,
       item.publish_unix
FROM item
CROSS JOIN any_or_own AS any_type
CROSS JOIN any_or_own AS any_language
CROSS JOIN (SELECT item_id, place_id FROM item_place UNION ALL SELECT id, 0 FROM item) AS place
    ON place.item_id = item.id
CROSS JOIN (SELECT item_id, topic_id FROM item_topic UNION ALL SELECT id, 0 FROM item) AS topic
    ON topic.item_id = item.id;
