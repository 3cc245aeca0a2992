/* The file that an embedded database is, as the operating system sees it: what speaks against opening it, and how it
 * comes to be. Knows no engine but its side files' names.
 *
 * Threads: any. */
#ifndef WARTA_STORE_DATABASE_FILE_H
#define WARTA_STORE_DATABASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* Why the file at `path` cannot be opened so, in a line for operators; false if nothing speaks against it.
 * `may_create`: that there is none yet does not. */
bool file_problem(const char *path, bool writes, bool may_create, char *error, size_t error_len);

/* Makes an empty file, unless there is one; false with errno. */
bool file_create(const char *path);

/* Whether "<path><suffix>" exists. */
bool file_has_side(const char *path, const char *suffix);

/* Whether two paths lead to one file that is there. */
bool file_is_same(const char *one, const char *other);

/* Whether the file that is open as `fd` is the one at `path`. */
bool file_is_at(int fd, const char *path);

/* What stat(2) says of the folder that `path` is in; false with errno. */
bool file_folder_stat(const char *path, struct stat *info);

/* Makes the names of the files in the folder that `path` is in durable; false with errno. */
bool file_sync_folder(const char *path);

/* The path as a file: URI (*owned*, free()), so that no name (":memory:", "file:x", "a?b") means anything but a
 * file. */
char *file_uri(const char *path, bool immutable);

/* --- a copy under construction --- */

/* "<final>.warta-part", beside its final place, so that half a copy is never taken for a whole one. One process at a time
 * has it; what an earlier one left behind is written over. */
struct part {
    int fd;     /* -1: none */
    char *path; /* owned */
};

/* Makes it, empty. False with a line in `error`. */
bool part_open(struct part *part, const char *final, char *error, size_t error_len);

/* Makes what was written durable under its final name, in place of what has that; no connection to it may be open. False
 * with a line in `error`, and then nothing has changed. Release it in either case. */
bool part_commit(struct part *part, const char *final, char *error, size_t error_len);

/* Takes away what was not committed. */
void part_release(struct part *part);

#endif
