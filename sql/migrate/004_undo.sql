-- How changes of types, users and files can be taken back. Items have revisions for that.

CREATE TABLE undo (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    subject_id INTEGER NOT NULL, -- the type, user or file
    at_unix INTEGER NOT NULL,
    was TEXT NOT NULL, -- as JSON, what it was
    content INTEGER, -- the chunks that are kept for it
    UNIQUE (kind, subject_id)
) STRICT;
