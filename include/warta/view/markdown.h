/* CommonMark to HTML, by cmark in safe mode.
 *
 * Raw HTML is left out; links and images keep only http, https, mailto and relative addresses; the highest headings
 * become h2, because the page's title is its h1, and no level is left out. An image from another site becomes a link
 * to it, as the page shows only the site's own. Of more than fifty blank lines in a row the rest is passed over,
 * which keeps the cost in step with the text's length, however deep its nesting.
 *
 * Threads: any. */
#ifndef WARTA_VIEW_MARKDOWN_H
#define WARTA_VIEW_MARKDOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "warta/base/buf.h"

/* Appends the HTML of `text` (valid UTF-8). */
void markdown_html(const char *text, size_t len, struct buf *out);

/* Appends the Markdown that shows `text` (valid UTF-8) as it stands. */
void markdown_from_text(const char *text, struct buf *out);

/* The first address that a link or image of `text` names and for which `wanted` holds (*owned*, free()). NULL if there is
 * none. */
char *markdown_find_link(const char *text, size_t len, bool (*wanted)(const char *address, const void *context),
                         const void *context);

/* The first address that a link or image of `text` names and that begins with none of http:, https:, mailto:, "/"
 * and "#": it leads nowhere, or elsewhere in each place that the text is shown (*owned*, free()). NULL if there is
 * none. */
char *markdown_stray_link(const char *text, size_t len);

#endif
