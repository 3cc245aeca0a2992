-- A new session.
-- params: hash user_id now_unix client agent
INSERT INTO session (hash, user_id, created_unix, seen_unix, client, agent)
VALUES (:hash, :user_id, :now_unix, :now_unix, :client, :agent)
