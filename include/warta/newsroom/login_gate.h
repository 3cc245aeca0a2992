/* Networks whose logins are refused for a while, in memory, so that a flood of them costs neither a place in a queue nor a
 * question to the database. It only repeats what login_delay_s said of a network (a /24 of IPv4, a /56 of IPv6), whatever
 * the name; a network that an account knows is never among them. The table has a fixed size, under a random key, so that
 * nobody can choose networks that share a slot; a network whose slot another took is no longer refused here, only by login.h.
 *
 * Threads: any, without locks. */
#ifndef WARTA_NEWSROOM_LOGIN_GATE_H
#define WARTA_NEWSROOM_LOGIN_GATE_H

#include <stdint.h>

enum { LOGIN_GATE_MAX_S = 15 * 60 };

struct login_gate;

struct login_gate *login_gate_create(void);       /* *owned* */
void login_gate_destroy(struct login_gate *gate); /* accepts NULL */

/* Logins from the network of that address are refused until then, at most for LOGIN_GATE_MAX_S from now. */
void login_gate_close(struct login_gate *gate, const char *address, int64_t until_unix);

/* Seconds for which they are refused; 0: they are not. An end further away than LOGIN_GATE_MAX_S is from before the clock
 * was set back, and does not count. */
unsigned login_gate_wait_s(const struct login_gate *gate, const char *address, int64_t now_unix);

#endif
