/* The site's look: all templates of the executable, and the keys that every page has.
 *
 * Every page's model stands before these keys ("globals"):
 *   base            path prefix of the site, "" at a root: links are written {{base}}/items/{{slug}}
 *   origin          "https://host", for absolute addresses: {{origin}}{{base}}/...
 *   site_title, site_description, site_lang
 *   static          {"site_css": "/static/site.<hash>.css", ...}: one key for each file in static/, whatever is
 *                   no letter or digit as '_'; the paths stand behind base: {{base}}{{static.site_css}}
 * A partial is called by its whole name: {{>partials/head.html}}.
 *
 * Threads: a view is constant once created. */
#ifndef WARTA_VIEW_VIEW_H
#define WARTA_VIEW_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "warta/base/buf.h"

struct view;

/* `site` is an object with base, origin, site_title, site_description and site_lang (borrowed: copied). NULL, with
 * the template's name, line and mistake in `error`, if a template does not parse. */
struct view *view_create(const json_t *site, char *error, size_t error_len);
void view_destroy(struct view *view);

/* Renders "public/listing.html" and its like behind what `out` holds; false with a reason in `error`, `out` as it
 * was. */
bool view_render(const struct view *view, const char *name, const json_t *model, struct buf *out, char *error,
                 size_t error_len);

#endif
