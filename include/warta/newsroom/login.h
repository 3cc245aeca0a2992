/* Logging in: how somebody proves who they are, by a password or by a link, and how guessing is slowed down.
 *
 * Failed logins are counted per account and network, and per network alone; each count has some that are free, and then a
 * delay that doubles with every other, up to 15 minutes (the table is in login.c). A network is a /24 of IPv4. Of IPv6, what
 * is tried on an account is counted by /56, as a customer may have all of it; a network alone by /64 and by /56. Attempts that
 * come too early are refused and not counted. Failures are forgotten after a day.
 *
 * Guesses from elsewhere cannot keep the owner out:
 * - A network from which the account was logged in to within LOGIN_NETWORK_LIFE_S is known to it, and is counted by itself
 *   alone: what others try, on that account from elsewhere or from that network on other accounts, delays nothing.
 * - Other networks are strangers, and each has tries of its own, which no other network can use up. Once strangers have
 *   failed LOGIN_SIEGE times on an account in a day (of UTC), each has LOGIN_SIEGE_TRIES, and one more every eight hours;
 *   after LOGIN_CROWD, one a day. What a network failed elsewhere counts too, beyond LOGIN_FREE_ELSEWHERE. So an owner on a
 *   new network gets in at the first try, while fewer than LOGIN_DAY_MAX - LOGIN_CROWD networks attack.
 * - After LOGIN_DAY_MAX failures on an account, strangers wait for the next day. A known network or a link for a new password
 *   still lets the owner in.
 *
 * So n strange networks have at most LOGIN_CROWD + n guesses a day on an account, and never more than LOGIN_DAY_MAX; a known
 * network has at most 110. (Logins that run at the same time may exceed that by one each.) NIST SP 800-63B, 5.2.2, allows 100
 * consecutive failures, but ending logins there would let any 100 strangers lock the owner out; it names delays that grow and
 * addresses that are known as the remedies. LOGIN_DAY_MAX is as small as an attack by 5,000 networks permits: in a year
 * it is 2.9 million guesses, at passwords of 12 characters and more that are none of the commonest.
 *
 * The tables are bounded. In that of failures the oldest give way; strangers' failures are counted in LOGIN_SLOTS slots, one
 * for the hash of a name, which nothing pushes out. Two accounts of the same slot are counted together, which costs an owner
 * no more than an attack on their own. Sessions that live are not touched by any of it.
 *
 * An unknown or disabled user's login costs, counts and answers the same as a wrong password, except that a network which an
 * account knows can see that it is known.
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
    LOGIN_FAILURES_MAX = 40000, /* rows: three for each network that attacks */
    LOGIN_FORGET_S = 86400,
    LOGIN_SLOTS = 1 << 16,
    LOGIN_SIEGE = 50,
    LOGIN_SIEGE_TRIES = 3,
    LOGIN_CROWD = 500,
    LOGIN_DAY_MAX = 8000,
    LOGIN_FREE_ELSEWHERE = 5,
    LOGIN_NETWORKS_MAX = 16, /* that an account knows */
    LOGIN_NETWORK_LIFE_S = 90 * 86400,
};

/* Seconds to wait before a login of that name from that client address may be tried; 0: now. -1 on a fault. `*network_s`
 * (may be NULL) is for how many of them any name has to wait there, for login_gate_close; 0 where an account knows the
 * network. */
int64_t login_delay_s(struct store *store, const char *name, const char *client, int64_t now_unix, int64_t *network_s);

/* Checks name and password, and counts a failure: USER_OK with the user's id, USER_WRONG, USER_UNHASHED, USER_FAULT.
 * Ask login_delay_s first. What counts against the name and the network is forgotten on success, and a password that
 * was hashed with another amount of memory is hashed again. Hashes: see user.h on lanes. */
enum user_outcome login_check(struct store *store, const char *name, const char *password, const char *client,
                              size_t memory_kib, int64_t now_unix, int64_t *user_id);

/* Makes the client's network one that the account knows, as login_check does by itself: for other ways to log in. False on a
 * fault. */
bool login_know_network(struct store *store, int64_t user_id, const char *name, const char *client, int64_t now_unix);

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
