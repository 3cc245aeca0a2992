/* Compressed forms of bytes: gzip (RFC 1952) and Brotli (RFC 7932).
 *
 * The same bytes at the same level always give the same form: no time is written into it.
 *
 * Threads: any. */
#ifndef WARTA_BASE_COMPRESS_H
#define WARTA_BASE_COMPRESS_H

#include "warta/base/buf.h"

enum { COMPRESS_GZIP_MAX = 9, COMPRESS_BROTLI_MAX = 11 };

/* Appends the form to `out`. `level` is 1 (fast) to COMPRESS_GZIP_MAX (small). */
void compress_gzip(const char *bytes, size_t len, int level, struct buf *out);

/* Likewise; `quality` is 0 to COMPRESS_BROTLI_MAX. */
void compress_brotli(const char *bytes, size_t len, int quality, struct buf *out);

#endif
