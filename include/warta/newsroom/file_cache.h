/* Descriptors of files that readers ask for: each has the bytes of one content, in an unnamed file, ready to be sent.
 *
 * A content's chunks are read from the database once; whoever asks for the same meanwhile waits for that. The files are
 * bounded in bytes and number, and the one that nobody asked for the longest goes first. A content never changes, so nothing
 * here is ever out of date.
 *
 * Threads: any. */
#ifndef WARTA_NEWSROOM_FILE_CACHE_H
#define WARTA_NEWSROOM_FILE_CACHE_H

#include <stdint.h>

#include "warta/store/store.h"

enum { FILE_CACHE_FILES = 64 };

struct file_cache;

/* Puts its files into `folder` (*borrowed*). `max` is how many bytes they may have; less where the disk has little room. */
struct file_cache *file_cache_create(const char *folder, int64_t max);
void file_cache_destroy(struct file_cache *cache); /* accepts NULL */

/* A descriptor (*owned*) of a file with the bytes of a content, `size` of them. -1 on a fault, which is logged where it is
 * the store's, and else tells by errno. A content that is too large to be kept is read all the same. */
int file_cache_open(struct file_cache *cache, struct store *store, int64_t content, int64_t size);

#endif
