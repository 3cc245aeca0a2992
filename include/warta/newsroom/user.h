/* Users: who may post, and how they prove it.
 *
 * Passwords are hashed with argon2id (RFC 9106) through libsodium, `memory_kib` of memory and three passes. Hashing takes long and
 * much memory: call it on the slow lane only, which bounds how many run at once. An unknown or disabled user's login
 * costs and answers the same as a wrong password.
 *
 * Failed logins slow down: per account and network, per network, and mildly per account alone, each with a delay that doubles
 * (see user.c's table). The table of failures is bounded; the oldest give way. Sessions that live are not
 * touched by any of it, so nobody can be locked out by somebody else.
 *
 * Threads: those of the store. Functions that write run in a transaction of their own, and note what happened in the
 * activity list. */
#ifndef WARTA_NEWSROOM_USER_H
#define WARTA_NEWSROOM_USER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/store/store.h"

enum { PASSWORD_MIN = 12, PASSWORD_MAX = 200, USER_NAME_MAX = 60, TOKEN_CAP = 44, SETUP_LIFE_S = 30 * 60,
       RESET_LIFE_S = 24 * 3600, PREVIEW_LIFE_S = 7 * 86400 };

/* Somebody who does something: for the activity list. */
struct actor {
    int64_t user_id; /* 0: the command line, or nobody */
    const char *name; /* "command line" */
};

/* NULL, or what is wrong with a user name or a password in words ("is shorter than 12 characters"). A password that is the name, or among
 * the commonest, is refused. */
const char *user_name_problem(const char *name);
const char *user_password_problem(const char *name, const char *password);

enum user_outcome { USER_OK, USER_FAULT, USER_TAKEN, USER_UNKNOWN, USER_WRONG, USER_LAST_ADMIN, USER_EXPIRED };

/* A new user; `role` is "editor" or "admin". USER_TAKEN if the name is. */
enum user_outcome user_add(struct store *store, struct actor actor, const char *name, const char *role,
                           const char *password, size_t memory_kib, int64_t now_unix, int64_t *user_id);

/* Sets a password and ends all sessions of the user. */
enum user_outcome user_set_password(struct store *store, struct actor actor, int64_t user_id, const char *password,
                                    size_t memory_kib, int64_t now_unix);

/* Disabling ends all sessions. The last enabled admin cannot be disabled or made an editor: USER_LAST_ADMIN. */
enum user_outcome user_set_disabled(struct store *store, struct actor actor, int64_t user_id, bool disabled,
                                    int64_t now_unix);
enum user_outcome user_set_role(struct store *store, struct actor actor, int64_t user_id, const char *role, int64_t now_unix);

/* All users by name: [{"id", "name", "role", "disabled", "created_unix", "seen_unix"}]; one: that object or null (*owned*). */
json_t *user_list(struct store *store);
json_t *user_get(struct store *store, int64_t user_id);
json_t *user_by_name(struct store *store, const char *name);

/* Whether there is no user yet: 1, 0, -1 on a fault. */
int user_none(struct store *store);

/* Seconds to wait before a login of that name from that client address may be tried; 0: now. -1 on a fault. */
int64_t login_delay_s(struct store *store, const char *name, const char *client, int64_t now_unix);

/* Checks name and password, and counts a failure. USER_OK with the user's id, USER_WRONG, USER_FAULT. Rehashes a password that was hashed
 * with less memory. */
enum user_outcome login_check(struct store *store, const char *name, const char *password, const char *client,
                              size_t memory_kib, int64_t now_unix, int64_t *user_id);

/* A token of that kind ("setup", "reset", "preview") for a link, kept as a hash; earlier ones of the same kind for the same user are dropped.
 * `user_id` and `item_id` may be 0. */
bool token_make(struct store *store, const char *kind, int64_t user_id, int64_t item_id, int64_t expires_unix,
                char token[static TOKEN_CAP]);

/* What a live token is for: {"user_id", "item_id", "expires_unix"}, null if there is none of that kind (*owned*). */
json_t *token_find(struct store *store, const char *kind, const char *token, int64_t now_unix);

/* Uses a token up; false if it was already, or on a fault. Inside the caller's transaction or alone. */
bool token_use(struct store *store, const char *kind, const char *token);

#endif
