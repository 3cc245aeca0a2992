/* Networks whose logins are refused for a while, in memory, so that a flood of them costs neither a place in a queue nor a
 * question to the database. It only knows what login.h has refused already, and forgets at will.
 *
 * Threads: any. */
#ifndef WARTA_NEWSROOM_LOGIN_GATE_H
#define WARTA_NEWSROOM_LOGIN_GATE_H

#include <stdint.h>

struct login_gate;

struct login_gate *login_gate_create(void);
void login_gate_destroy(struct login_gate *gate); /* accepts NULL */

/* Logins from the network of that address are refused until then. */
void login_gate_close(struct login_gate *gate, const char *address, int64_t until_unix);

/* Seconds for which they are refused; 0: they are not. */
unsigned login_gate_wait_s(const struct login_gate *gate, const char *address, int64_t now_unix);

#endif
