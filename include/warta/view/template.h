/* Logic-less templates in Mustache's syntax over JSON, parsed once into a flat array of operations.
 *
 * The meanings are those of the Mustache specification (github.com/mustache/spec: interpolation, sections, inverted
 * sections, partials, comments, standalone lines, dotted names, implicit iterator), but stricter:
 * a key found in no scope is an error, in a value and in a section, and so is a part of a dotted name that is not in
 * the part before it (null is falsy and renders as nothing); a key is letters, digits and _, in parts joined by dots,
 * or "."; the raw forms {{{k}}} and {{&k}} parse only for keys ending in `_html`; an unknown partial does not parse (a
 * partial may hold itself); there are no lambdas, no inheritance and no change of delimiters; a boolean, an array or
 * an object cannot be interpolated. & < > " ' are escaped as &amp; &lt; &gt; &quot; &#39;. Integers are shown in
 * decimal, reals as JSON writes them with 15 significant digits. Falsy are null, false, "" and []; 0 is truthy, as it
 * is a value to be shown.
 *
 * Threads: a set is constant once created; rendering may run on any number of threads. */
#ifndef WARTA_VIEW_TEMPLATE_H
#define WARTA_VIEW_TEMPLATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "warta/base/buf.h"

struct template_source {
    const char *name; /* what {{>name}} and template_render call it */
    const char *text;
    size_t len;
};

struct templates;

enum { TEMPLATE_ERROR_CAP = 256, TEMPLATE_DEPTH_MAX = 64 };

/* Parses all sources. On a mistake (unclosed tag or section, unknown partial, raw form of a key not ending in _html,
 * a name twice, ...) returns NULL and `error` names template, line and mistake. The sources are not needed
 * afterwards. */
struct templates *templates_create(const struct template_source *sources, size_t sources_len,
                                   char error[static TEMPLATE_ERROR_CAP]);
void templates_destroy(struct templates *templates);

/* Whether all keys of `templates` are such as somebody knows: the first part of each is in `globals` or begins a key of
 * `known`, and where its value in `globals` is an object, so is the second part in that. False with `error` naming template,
 * line, key and the nearest known one. */
bool template_keys_known(const struct templates *templates, const struct templates *known, const json_t *globals,
                         char error[static TEMPLATE_ERROR_CAP]);

/* Renders `name` behind what `out` holds. Keys are looked up in `model`, then in `globals` (may be NULL). False with
 * `error` naming template, line and key when a key is missing, a value cannot be shown, more than TEMPLATE_DEPTH_MAX
 * sections or partials are in each other, or there is no such template; `out` is then as it was. */
bool template_render(const struct templates *templates, const char *name, const json_t *model, const json_t *globals,
                     struct buf *out, char error[static TEMPLATE_ERROR_CAP]);

#endif
