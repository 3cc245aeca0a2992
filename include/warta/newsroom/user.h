/* Users: who may post.
 *
 * Passwords are hashed with argon2id (RFC 9106) through libsodium, `memory_kib` of memory and three passes. Hashing
 * takes long and much memory: call it on a slow lane only, which bounds how many run at once.
 *
 * Names and passwords given must be valid UTF-8. A name is compared in NFC, without regard to the case of ASCII
 * letters.
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

enum { PASSWORD_MIN = 12, PASSWORD_MAX = 200, USER_NAME_MAX = 60 }; /* code points */

/* Somebody who does something: for the activity list. */
struct actor {
    int64_t user_id;  /* 0: the command line, or nobody */
    const char *name; /* "command line" */
};

/* A name in the form that is stored and looked up: NFC, one line, no white space around it (*owned*, free()). "", which nobody is
 * called, for a name longer than USER_NAME_MAX. */
char *user_name_normal(const char *name);

/* NULL, or what is wrong with a user name or a password in words ("is shorter than 12 characters"). A password that is
 * the name, or among the commonest, is refused. */
const char *user_name_problem(const char *name);
const char *user_password_problem(const char *name, const char *password);

enum user_outcome {
    USER_OK,
    USER_FAULT,
    USER_UNHASHED, /* there is less memory than a hash asks for, or a stored hash is damaged */
    USER_TAKEN,
    USER_UNKNOWN,
    USER_WRONG,
    USER_LAST_ADMIN,
};

/* A new user without such problems; `role` is "editor" or "admin". USER_TAKEN if the name is. `password` NULL: nobody
 * can log in as this user until one is set. `*undo_id` is what to give to user_undo; NULL: nobody will want to. */
enum user_outcome user_add(struct store *store, struct actor actor, const char *name, const char *role,
                           const char *password, size_t memory_kib, int64_t now_unix, int64_t *user_id,
                           int64_t *undo_id);

/* Sets a password, which has no such problem; ends all sessions of the user and drops the links that set a password. */
enum user_outcome user_set_password(struct store *store, struct actor actor, int64_t user_id, const char *password,
                                    size_t memory_kib, int64_t now_unix);

/* Disabling ends all sessions and drops the links that set a password. The last admin who could log in cannot be
 * disabled or made an editor: USER_LAST_ADMIN. `*undo_id` (may be NULL) is what to give to user_undo; 0 if nothing had to be
 * changed. */
enum user_outcome user_set_disabled(struct store *store, struct actor actor, int64_t user_id, bool disabled,
                                    int64_t now_unix, int64_t *undo_id);
enum user_outcome user_set_role(struct store *store, struct actor actor, int64_t user_id, const char *role,
                                int64_t now_unix, int64_t *undo_id);

/* Takes such a change back, if it is the user's last one; sessions that it ended stay ended. A user who was added is
 * deleted with all links, or, if they have been here meanwhile, disabled, as what they did stays theirs.
 * USER_UNKNOWN if it is not the last one, or is too old. That can itself be taken back by `*redo_id`; 0 where a user
 * was deleted, or there was nothing to do. */
enum user_outcome user_undo(struct store *store, struct actor actor, int64_t undo_id, int64_t now_unix,
                            int64_t *redo_id);

/* All users by name: [{"id", "name", "role", "disabled", "created_unix", "seen_unix" (null: never)}]; one: that object
 * or null (*owned*). NULL on a fault. */
json_t *user_list(struct store *store);
json_t *user_get(struct store *store, int64_t user_id);
json_t *user_by_name(struct store *store, const char *name);

/* Whether there is no user yet: 1, 0, -1 on a fault. */
int user_none(struct store *store);

#endif
