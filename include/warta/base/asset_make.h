/* What is known of a file that is served, made of its bytes: for the table inside the executable, and for themes.
 *
 * Threads: any. */
#ifndef WARTA_BASE_ASSET_MAKE_H
#define WARTA_BASE_ASSET_MAKE_H

#include <stdbool.h>

#include "warta/base/asset.h"
#include "warta/base/buf.h"

enum { ASSET_HASH_CAP = 17 };

/* The media type that a name's ending says; NULL for one that is not known. */
const char *asset_media_type(const char *name);

/* struct asset's `hash` of these bytes. */
void asset_hash(const char *bytes, size_t len, char hash[static ASSET_HASH_CAP]);

/* Appends the compressed forms to `gzip` and `brotli`, as small as can be, or nearly so if `quick`, as somebody
 * waits for it; nothing where a form would not be smaller. */
void asset_compress(const char *bytes, size_t len, bool quick, struct buf *gzip, struct buf *brotli);

#endif
