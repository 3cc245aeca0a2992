/* The file that an embedded database is, as the operating system sees it: what speaks against opening it, and how it
 * comes to be. Knows no engine but its side files' names.
 *
 * Threads: any. */
#ifndef WARTA_STORE_DATABASE_FILE_H
#define WARTA_STORE_DATABASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Why the file at `path` cannot be opened so, in a line for operators; false if nothing speaks against it.
 * `may_create`: that there is none yet does not. */
bool file_problem(const char *path, bool writes, bool may_create, char *error, size_t error_len);

/* Makes an empty file, unless there is one; false with errno. */
bool file_create(const char *path);

/* Whether "<path><suffix>" exists. */
bool file_has_side(const char *path, const char *suffix);

/* The path as a file: URI (*owned*, free()), so that no name (":memory:", "file:x", "a?b") means anything but a
 * file. */
char *file_uri(const char *path, bool immutable);

#endif
