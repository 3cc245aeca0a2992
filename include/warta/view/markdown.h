/* CommonMark to HTML, by cmark in safe mode.
 *
 * Raw HTML is left out; links and images keep only http, https, mailto and relative addresses; headings move down by one
 * level, because the page's title is its h1.
 *
 * Threads: any. */
#ifndef WARTA_VIEW_MARKDOWN_H
#define WARTA_VIEW_MARKDOWN_H

#include <stddef.h>

#include "warta/base/buf.h"

/* Appends the HTML of `text` (valid UTF-8). */
void markdown_html(const char *text, size_t len, struct buf *out);

#endif
