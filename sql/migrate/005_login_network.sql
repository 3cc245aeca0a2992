-- Networks from which somebody logged in: there, attempts by strangers elsewhere do not count.
CREATE TABLE login_network (
    key TEXT PRIMARY KEY,  -- a hash of the user's name and the network
    network TEXT NOT NULL, -- a hash of the network alone
    user_id INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
    last_unix INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_network_user ON login_network (user_id, last_unix);
CREATE INDEX login_network_network ON login_network (network, last_unix);

-- Failed logins from other networks, by account: a slot for the hash of a name, whether anybody has that name or not.
CREATE TABLE login_account (
    slot INTEGER PRIMARY KEY,
    day INTEGER NOT NULL, -- since 1970
    failures INTEGER NOT NULL
) STRICT;
