/* The site's look: all templates, the site's own words, and the keys that every page has. A theme (theme.h) may stand in for
 * some of what the executable holds.
 *
 * Every page's model stands before these keys ("globals"):
 *   base            path prefix of the site, "" at a root: links are written {{base}}/items/{{slug}}
 *   origin          "https://host", for absolute addresses: {{origin}}{{base}}/...
 *   site_title, site_description, site_lang
 *   static          {"site_css": "/static/site.<hash>.css", ...}: one key for each file in static/, whatever is
 *                   no letter or digit as '_'; the paths stand behind base: {{base}}{{static.site_css}}
 *   word            {"skip": "Skip to the content", ...}: the words of templates/words.txt
 * A partial is called by its whole name: {{>partials/head.html}}.
 *
 * Threads: a view is constant once created. */
#ifndef WARTA_VIEW_VIEW_H
#define WARTA_VIEW_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "warta/base/asset.h"
#include "warta/base/buf.h"

struct view;

/* `site` is an object with base, origin, site_title, site_description and site_lang (borrowed: copied). `theme` is its
 * folder; NULL or "" for none. NULL, with one line that names file, line and mistake in `error`, if a template does not
 * parse, or the theme is wrong: it cannot be read (theme.h), or its templates use a key or a word that is in none of the
 * executable's. */
struct view *view_create(const json_t *site, const char *theme, char *error, size_t error_len);
void view_destroy(struct view *view);

/* Renders "public/listing.html" and its like behind what `out` holds; false with a reason in `error`, `out` as it
 * was. What a theme's templates cannot show the executable's do: then it returns true with the reason in `error`,
 * which is "" otherwise. */
bool view_render(const struct view *view, const char *name, const json_t *model, struct buf *out, char *error,
                 size_t error_len);

/* The static file of that name ("site.css"), or NULL (*borrowed* from the view). */
const struct asset *view_static(const struct view *view, const char *name);

/* The same, of the theme's files only: what its styles name, who cannot know a hash. */
const struct asset *view_theme_static(const struct view *view, const char *name);

/* The words of that name (*borrowed*); NULL if templates/words.txt has none. */
const char *view_words(const struct view *view, const char *name);

#endif
