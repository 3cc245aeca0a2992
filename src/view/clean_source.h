/* Pasted markup made fit for the HTML parser.
 *
 * Word processors put things on the clipboard that HTML knows nothing of and that the parser would take for words or
 * for other elements: tags with a namespace (<o:p>, <st1:place>), conditional comments (<![if !supportLists]>). The
 * tags are taken out, what stands between them stays. Comments, processing instructions, scripts and styles go with
 * all they hold.
 *
 * Threads: any. */
#ifndef WARTA_VIEW_CLEAN_SOURCE_H
#define WARTA_VIEW_CLEAN_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "warta/base/buf.h"

struct clean_source {
    struct buf html;
    size_t scripts, styles;
};

/* False if a tag has more attributes than any that is meant to be read: the parser compares each with all before it. */
bool clean_source(const char *html, size_t len, struct clean_source *source);

#endif
