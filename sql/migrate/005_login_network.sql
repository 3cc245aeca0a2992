-- Networks from which somebody logged in: there, attempts by strangers elsewhere do not count. Keys are hashes of the name
-- and the network.
CREATE TABLE login_network (
    key TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
    last_unix INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_network_user ON login_network (user_id, last_unix);
