/* Copies of a whole database, and putting one in the place of the database.
 *
 * A copy is one file that needs no other beside it. Nothing has the name of a copy before it is whole, checked and on the
 * disk.
 *
 * Threads: any; a restore belongs to one thread. */
#ifndef WARTA_STORE_BACKUP_H
#define WARTA_STORE_BACKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/base/log.h"

/* Copies the database at `path` to `copy` as it is at one moment, with all that was acknowledged before the call, while
 * others read and write it. A `copy` that is there already is replaced if it is a database of ours that nobody has open;
 * anything else is refused. False with a line that says what to do in `error`, and then what was there is as it was. */
bool backup_make(const char *path, const char *copy, char *error, size_t error_len);

/* Notes that a backup of the database at `path` was made just now: by the age of an empty file beside it,
 * warta.db.backed-up. False with errno. */
bool backup_note(const char *path);

/* When the last one was noted; 0 if none was. */
int64_t backup_noted_unix(const char *path);

/* Whether there is a regular file at `path`, no link, that is a database of ours, of whatever version. */
bool backup_is_ours(const char *path);

struct restore;

/* Holds the database at `database` alone, where there is one, and makes a copy of the backup at `backup` beside it, checked
 * and brought to this program's schema. The database is not touched yet. NULL with a line in `error`. `log` is borrowed. */
struct restore *restore_begin(const char *database, const char *backup, const struct log *log, char *error,
                              size_t error_len);

/* The copy's path (*borrowed*): a database to be changed before it takes its place. Nothing may have it open when
 * restore_finish is called. */
const char *restore_copy(const struct restore *restore);

/* Puts the copy in the place of the database, whose file is kept as `kept`, with what stood in its side files. At every
 * moment one of the two is whole at that path, or both stand beside it. False with a line in `error`, and then the
 * database is where it was. */
bool restore_finish(struct restore *restore, const char *kept, char *error, size_t error_len);

/* Whether there was a database before. */
bool restore_replaces(const struct restore *restore);

/* Accepts NULL. */
void restore_destroy(struct restore *restore);

#endif
