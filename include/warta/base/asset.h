/* The files that travel inside the executable: static/, templates/ and sql/migrate/. (store.h has the statements of sql/.)
 *
 * The table is made at build time by tools/embed.c, sorted by name ("static/site.css",
 * "templates/public/listing.html", "sql/migrate/001_newsroom.sql"), and is constant.
 *
 * Threads: any. */
#ifndef WARTA_BASE_ASSET_H
#define WARTA_BASE_ASSET_H

#include <stddef.h>

struct asset {
    const char *name;
    const char *bytes; /* NUL-terminated behind `len` bytes */
    size_t len;
    const char *media_type;
    const char *hash; /* first 16 hexadecimal digits of the content's SHA-256 */
    const char *gzip; /* NULL where the form would not be smaller, and for templates and sql */
    size_t gzip_len;
    const char *brotli;
    size_t brotli_len;
};

/* The asset of that name, or NULL (*borrowed*, for ever). */
const struct asset *asset_find(const char *name);

/* The assets whose names begin with `prefix`: they stand together in the table. Returns how many, the first
 * one in `first`. */
size_t asset_range(const char *prefix, const struct asset **first);

#endif
