/* The route table: every address of the site, in one place.
 *
 * Threads: any; the table is constant. */
#ifndef WARTA_APP_ROUTE_H
#define WARTA_APP_ROUTE_H

#include <stddef.h>

#include "warta/http/params.h"
#include "warta/pages/page.h"

/* Where a request is handled: by the event loop itself, which only one row does whose answer never changes; in one read
 * transaction; on the threads of what may write; or on the few that hash passwords. Says nothing of who may come in. */
enum lane { LANE_LOOP, LANE_READ, LANE_STAFF, LANE_HASH };

enum {
    ROUTE_CACHED = 1, /* the same for all readers until the content changes, so a finished page may be kept */
    ROUTE_PROBE = 2,  /* asked by machines all the time: a success is logged for debugging only */
    ROUTE_REOPENS = 4 /* a form with an outdated token comes back in the editor, to be sent again */
};

struct route {
    enum method method;  /* METHOD_GET answers HEAD too */
    const char *pattern; /* {name} captures within a path segment */
    page_handler *page;
    enum access access;
    enum lane lane;
    const struct param *params; /* query parameters; NULL: takes none */
    unsigned flags;
};

/* All rows; of those that fit a request, the first answers. */
const struct route *route_table(size_t *len);

#endif
