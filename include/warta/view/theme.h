/* A theme: a folder whose files stand in for those inside the executable.
 *
 *     DIR/templates/public/listing.html   a template, by the name it has in the executable
 *     DIR/templates/words.txt             some of the site's own words (words.h)
 *     DIR/static/site.css                 a static file; also ones that the executable does not have
 *     DIR/README.md                       for people
 *
 * Any other file is a mistake, as a mistyped name would be, but for those whose name begins with a dot, which are
 * passed over. Links are not followed, so a theme reads nothing outside its folder; DIR itself may be one. Static
 * files stand directly in static/, and are named with letters, digits, '-', '_' and '.'.
 *
 * Threads: a theme is constant once loaded. */
#ifndef WARTA_VIEW_THEME_H
#define WARTA_VIEW_THEME_H

#include <stddef.h>

#include "warta/base/asset.h"

enum { THEME_FILE_MAX = 1 << 20, THEME_TOTAL_MAX = 8 << 20, THEME_FILES_MAX = 256 };

struct theme;

/* NULL, with one line in `error` that names the file, if the folder cannot be read whole or holds what is no part of a
 * theme. */
struct theme *theme_load(const char *folder, char *error, size_t error_len);
void theme_destroy(struct theme *theme);

/* The theme's file of that name ("static/site.css"), or NULL (*borrowed*). `theme` may be NULL, which has none. */
const struct asset *theme_find(const struct theme *theme, const char *name);

/* All of its files, sorted by name (*borrowed*). */
const struct asset *theme_files(const struct theme *theme, size_t *len);

#endif
