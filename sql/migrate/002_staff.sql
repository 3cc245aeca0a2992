-- Staff: who may post, what they did, and what can be undone; and the files that items carry.

CREATE TABLE user (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    role TEXT NOT NULL CHECK (role IN ('editor', 'admin')),
    password TEXT NOT NULL, -- as libsodium's crypto_pwhash_str writes it; '' until one is chosen
    disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created_unix INTEGER NOT NULL,
    seen_unix INTEGER -- null: never yet
) STRICT;

-- Only a hash of what the cookie holds is kept, so that whoever reads the database cannot take a session over.
CREATE TABLE session (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash TEXT NOT NULL UNIQUE,
    user_id INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
    created_unix INTEGER NOT NULL,
    seen_unix INTEGER NOT NULL,
    client TEXT NOT NULL,
    agent TEXT NOT NULL
) STRICT;
CREATE INDEX session_user ON session (user_id);
CREATE INDEX session_seen ON session (seen_unix);

-- Links that open a door once or for a while: the first admin's setup, a new password, a preview. Hashed likewise.
CREATE TABLE token (
    hash TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('setup', 'reset', 'preview')),
    user_id INTEGER REFERENCES user ON DELETE CASCADE,
    item_id INTEGER REFERENCES item ON DELETE CASCADE,
    expires_unix INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX token_expires ON token (expires_unix);

-- Failed logins by account and by network; the oldest give way.
CREATE TABLE login_failure (
    key TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_unix INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_failure_last ON login_failure (last_unix);

ALTER TABLE item ADD COLUMN changed_unix INTEGER NOT NULL DEFAULT 0; -- when it was last saved
ALTER TABLE item ADD COLUMN trashed_unix INTEGER;                    -- since when it has been in the trash
CREATE INDEX item_status ON item (status, changed_unix, id);

-- What an item was after each save, whole.
CREATE TABLE revision (
    item_id INTEGER NOT NULL REFERENCES item ON DELETE CASCADE,
    version INTEGER NOT NULL,
    at_unix INTEGER NOT NULL,
    user_id INTEGER REFERENCES user, -- null: imported
    action TEXT NOT NULL,
    item TEXT NOT NULL,
    PRIMARY KEY (item_id, version)
) STRICT, WITHOUT ROWID;

-- Who did what; names are kept as they were. Nothing ever changes or deletes a row.
CREATE TABLE activity (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_unix INTEGER NOT NULL,
    user_id INTEGER,
    user_name TEXT NOT NULL,
    action TEXT NOT NULL,
    item_id INTEGER,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX activity_user ON activity (user_id, id);
CREATE INDEX activity_item ON activity (item_id, id);
CREATE INDEX activity_action ON activity (action, id);

-- Forms that were taken already, by the id each carries: one sent twice makes one item.
CREATE TABLE submission (
    request_id TEXT PRIMARY KEY,
    item_id INTEGER NOT NULL,
    at_unix INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX submission_at ON submission (at_unix);

CREATE TABLE file (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    width INTEGER, -- of images
    height INTEGER,
    sha256 TEXT NOT NULL,
    content INTEGER NOT NULL, -- which chunks are its bytes; another number when it is replaced
    created_unix INTEGER NOT NULL,
    changed_unix INTEGER NOT NULL
) STRICT;
CREATE INDEX file_changed ON file (changed_unix, id);

-- Bytes in pieces, so that no file is ever whole in memory.
CREATE TABLE chunk (
    content INTEGER NOT NULL,
    number INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (content, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE item_file (
    item_id INTEGER NOT NULL REFERENCES item ON DELETE CASCADE,
    file_id INTEGER NOT NULL REFERENCES file,
    alt TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (item_id, file_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_file_file ON item_file (file_id);

-- Slugs of types that were merged into others: they lead there for ever.
CREATE TABLE type_alias (
    slug TEXT PRIMARY KEY,
    type_id INTEGER NOT NULL REFERENCES type ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
