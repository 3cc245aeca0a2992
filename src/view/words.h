/* The site's own words: lines `name = words`, which templates show as {{word.name}}. Private to src/view/.
 *
 * Names are a-z, 0-9 and '_'. Blank lines, and lines that begin with '#', are passed over; words are trimmed, and otherwise
 * taken as they stand.
 *
 * Threads: any. */
#ifndef WARTA_VIEW_WORDS_H
#define WARTA_VIEW_WORDS_H

#include <jansson.h>
#include <stdbool.h>

#include "warta/base/asset.h"

/* The words of an asset, as an object of strings, over those of `known` (*borrowed*; NULL: any name may come). NULL, with
 * one line that names the line in `error`, if it is no such file, or names words that `known` does not have, or some
 * twice. */
json_t *words_read(const struct asset *asset, const json_t *known, char *error, size_t error_len);

#endif
