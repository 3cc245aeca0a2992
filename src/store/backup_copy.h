/* How backup.c and restore.c copy and check a database.
 *
 * Threads: any. */
#ifndef WARTA_STORE_BACKUP_COPY_H
#define WARTA_STORE_BACKUP_COPY_H

#include "engine.h"

/* Copies the database at `from`, opened so, to the empty file `copy`, and checks that. False with a line in `error`. */
bool copy_make(const char *from, enum engine_access access, const char *copy, char *error, size_t error_len);

/* Whether a copy of `from` is whole, and ours. */
bool copy_check(const char *copy, const char *from, char *error, size_t error_len);

#endif
