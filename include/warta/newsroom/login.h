/* Logging in: how somebody proves who they are, by a password or by a link, and how guessing is slowed down.
 *
 * Failed logins are counted per account and network, and per network alone; each count has some that are free, and then a
 * delay that doubles with every other (the table is in login.c). Of IPv6, what may be tried on an account is counted by /56,
 * as a customer may have all of it; a network alone by /64 and by /56. Attempts that come too early are not taken, so they do
 * not count. Failures are forgotten after a day. The tables are bounded; the oldest give way.
 *
 * Guesses from many networks cannot keep the owner out. A network from which the account was logged in to within
 * LOGIN_NETWORK_LIFE_S is counted by itself alone. Where others have failed LOGIN_SIEGE times on an account within a day,
 * each other network has LOGIN_SIEGE_TRIES a day: so n networks have at most 3 n + 50 guesses a day, whatever their rhythm, and
 * an owner who comes from a network of their own has their tries at once. Sessions that live are not touched by any of it.
 *
 * An unknown or disabled user's login costs and answers the same as a wrong password.
 *
 * A link carries 256 random bits, of which the database holds only a hash.
 *
 * Threads: those of the store. Functions that write run in a transaction of their own. */
#ifndef WARTA_NEWSROOM_LOGIN_H
#define WARTA_NEWSROOM_LOGIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/newsroom/user.h"
#include "warta/store/store.h"

enum {
    TOKEN_CAP = 44,
    SETUP_LIFE_S = 30 * 60,
    RESET_LIFE_S = 24 * 3600,
    PREVIEW_LIFE_S = 7 * 86400,
    LOGIN_FAILURES_MAX = 10000, /* rows */
    LOGIN_FORGET_S = 86400,
    LOGIN_SIEGE = 50,
    LOGIN_SIEGE_TRIES = 3,
    LOGIN_NETWORKS_MAX = 16, /* that an account knows */
    LOGIN_NETWORK_LIFE_S = 90 * 86400,
};

/* Seconds to wait before a login of that name from that client address may be tried; 0: now. -1 on a fault. `by_network`
 * (may be NULL) says whether other names would have to wait there, too. */
int64_t login_delay_s(struct store *store, const char *name, const char *client, int64_t now_unix, bool *by_network);

/* Checks name and password, and counts a failure: USER_OK with the user's id, USER_WRONG, USER_UNHASHED, USER_FAULT.
 * Ask login_delay_s first. What counts against the name and the network is forgotten on success, and a password that
 * was hashed with another amount of memory is hashed again. Hashes: see user.h on lanes. */
enum user_outcome login_check(struct store *store, const char *name, const char *password, const char *client,
                              size_t memory_kib, int64_t now_unix, int64_t *user_id);

/* A token of that kind ("setup", "reset", "preview") for a link; earlier ones of the same kind for the same user and
 * item are dropped. `user_id` and `item_id` may be 0. It lives at most PREVIEW_LIFE_S. */
bool token_make(struct store *store, const char *kind, int64_t user_id, int64_t item_id, int64_t expires_unix,
                char token[static TOKEN_CAP]);

/* What a live token is for: {"user_id", "item_id", "expires_unix"}, null if there is none of that kind (*owned*); NULL
 * on a fault. */
json_t *token_find(struct store *store, const char *kind, const char *token, int64_t now_unix);

/* Uses a token up; false if it was already, or on a fault. Inside the caller's transaction or alone. */
bool token_use(struct store *store, const char *kind, const char *token);

/* Drops the tokens of that kind for a user, or for an item (the other 0). False on a fault. Inside the caller's
 * transaction or alone. */
bool token_drop(struct store *store, const char *kind, int64_t user_id, int64_t item_id);

/* Ends all sessions and links, as in a database that was restored: what had been ended after that copy was made must not
 * come alive again. */
bool login_end_all(struct store *store);

#endif
