/* Secrets that a client carries, in a cookie or a link: 256 random bits as text, of which the database holds only a
 * hash. One hash is enough, without salt or cost, as there is nothing to guess in 256 random bits.
 *
 * Threads: any. */
#ifndef WARTA_NEWSROOM_SECRET_H
#define WARTA_NEWSROOM_SECRET_H

#include <stdbool.h>

enum { SECRET_CAP = 44, SECRET_HASH_CAP = 65 };

/* A new one: 32 random bytes in base64url without padding (RFC 4648, 5). */
void secret_make(char secret[static SECRET_CAP]);

/* Whether `text` has the form of one. */
bool secret_valid(const char *text);

/* Its SHA-256 in hexadecimal. */
void secret_hash(const char *secret, char hash[static SECRET_HASH_CAP]);

#endif
