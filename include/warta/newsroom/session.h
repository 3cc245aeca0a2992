/* Sessions: who is at the other end of a cookie.
 *
 * A cookie holds 256 random bits; the database holds only their hash (SHA-256). A session ends after SESSION_IDLE_S
 * without a request, after SESSION_LIFE_S in any case, at logout, when its user is disabled, and when the user's
 * password changes. It is made anew at each login, so a cookie from before is worth nothing after.
 *
 * The CSRF token of a page is derived from the cookie's value (keyed BLAKE2b), so it needs no table, and exists before
 * login too: the login form's visitor has a cookie without a session.
 *
 * Threads: those of the store. Functions that write run in a transaction of their own. */
#ifndef WARTA_NEWSROOM_SESSION_H
#define WARTA_NEWSROOM_SESSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "warta/store/store.h"

enum { SESSION_IDLE_S = 12 * 3600, SESSION_LIFE_S = 14 * 86400, SESSION_TOUCH_S = 60, SESSION_TOKEN_CAP = 44 };

/* A new cookie value: 32 random bytes in base64url without padding. */
void session_token(char token[static SESSION_TOKEN_CAP]);

/* Whether a cookie's value can be one of ours: 43 characters of base64url. */
bool session_token_valid(const char *token);

/* The CSRF token that belongs to a cookie's value. */
void session_csrf(const char *token, char csrf[static SESSION_TOKEN_CAP]);

/* Whether a form's token belongs to the cookie's value; compares in constant time. */
bool session_csrf_valid(const char *token, const char *csrf);

/* Starts a session for a user and writes its cookie value to `token`. `client` and `agent` are shown on the account
 * page. What has had its time goes: sessions, and what undo.h keeps. False on a fault. */
bool session_start(struct store *store, int64_t user_id, const char *client, const char *agent, int64_t now_unix,
                   char token[static SESSION_TOKEN_CAP]);

/* The live session of a cookie's value: {"session_id", "user_id", "name", "role", "seen_unix"} (*owned*); null for
 * none, NULL on a fault. */
json_t *session_find(struct store *store, const char *token, int64_t now_unix);

/* Notes that a session is in use; does nothing more often than each SESSION_TOUCH_S. Times to come, from before the
 * clock was set back, become now. */
bool session_touch(struct store *store, const json_t *session, int64_t now_unix);

/* Ends the session of a cookie's value, if there is one. */
bool session_end(struct store *store, const char *token);

/* A user's live sessions, newest first: [{"session_id", "created_unix", "seen_unix", "client", "agent"}] (*owned*). */
json_t *session_list(struct store *store, int64_t user_id, int64_t now_unix);

/* How many are live, of all users; -1 on a fault. */
int64_t session_count(struct store *store, int64_t now_unix);

/* Ends one session of a user; all but `keep_id` (0: all) with session_end_others. */
bool session_end_one(struct store *store, int64_t user_id, int64_t session_id);
bool session_end_others(struct store *store, int64_t user_id, int64_t keep_id);

#endif
