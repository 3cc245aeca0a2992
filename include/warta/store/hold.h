/* A hold on a database: it keeps the file that a process works on from being taken away under it.
 *
 * Whoever writes a database for longer holds it together with others; what replaces or upgrades it holds it alone. The
 * engine's own locks do not do, as they belong to the file that a process has open, which may be another by then than the
 * one at that path. A hold ends with the process, however that ends, and reaches across users and containers of one
 * machine. It is an flock(2) on the database itself, so nothing has to be cleaned up.
 *
 * A process must not release its hold while it has the database open: closing a file drops the engine's locks on it
 * (fcntl_locking(2), "POSIX locks").
 *
 * Threads: any. */
#ifndef WARTA_STORE_HOLD_H
#define WARTA_STORE_HOLD_H

#include <stdbool.h>
#include <stddef.h>

enum hold_kind { HOLD_SHARED, HOLD_ALONE };

/* How long a server that starts waits for one that ends, which takes 10 seconds at most. */
enum { HOLD_WAIT_MS = 15000 };

/* Holds the database at `path`, which must be there, waiting up to `wait_ms` for others. A file descriptor, or -1 with a
 * line that says what to do in `error`. */
int hold_take(const char *path, enum hold_kind kind, int wait_ms, char *error, size_t error_len);

/* Accepts -1. */
void hold_release(int hold);

#endif
