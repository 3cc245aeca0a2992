/* Hashes of passwords: argon2id (RFC 9106) through libsodium, with three passes over as much memory as is asked for.
 *
 * Passwords are compared in NFC, as keyboards differ in how they put letters together (RFC 8265, 4.2.2).
 *
 * Threads: any; each call holds `memory_kib` of memory while it runs. */
#ifndef WARTA_NEWSROOM_PASSWORD_H
#define WARTA_NEWSROOM_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

enum { PASSWORD_HASH_CAP = 128 };

/* False where there is not enough memory. The password must have no more than PASSWORD_MAX code points. */
bool password_hash(const char *password, size_t memory_kib, char hash[static PASSWORD_HASH_CAP]);

/* Whether it is the password of that hash: 1, 0, or -1 where there is not enough memory or the hash is damaged. A hash
 * of NULL or "" is nobody's: it takes as long as another, and the answer is 0. So it is for a password too long to have
 * been set, of which nothing is looked at. */
int password_check(const char *hash, const char *password, size_t memory_kib);

/* Whether a hash was made in another way than password_hash would now. */
bool password_is_outdated(const char *hash, size_t memory_kib);

#endif
