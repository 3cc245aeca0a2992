/* Files without a name, which are gone with their last descriptor, however the process ends.
 *
 * Threads: any. */
#ifndef WARTA_BASE_UNNAMED_H
#define WARTA_BASE_UNNAMED_H

#include <stdbool.h>
#include <stddef.h>

/* A new one in that folder's file system, to read and write; -1 with errno. */
int unnamed_open(const char *folder);

/* Writes all the bytes from `offset` on; false with errno. */
bool unnamed_write(int fd, const char *bytes, size_t len, size_t offset);

#endif
