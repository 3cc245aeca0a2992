/* Whether a database can be worked with: what load balancers and operators ask.
 *
 * Threads: any. */
#ifndef WARTA_STORE_READY_H
#define WARTA_STORE_READY_H

#include <stdbool.h>
#include <stddef.h>

enum { READY_ROOM = 1 << 20 /* bytes that have to fit on the disk */ };

/* Whether the file at `path` may be written, and its disk takes another READY_ROOM bytes, which are given back. Who
 * holds the write lock meanwhile is no matter. False, with words in `error`, if not. */
bool ready_to_write(const char *path, char *error, size_t error_len);

#endif
