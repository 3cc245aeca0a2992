/* The route table: every address of the site, in one place.
 *
 * Threads: any; the table is constant. */
#ifndef WARTA_APP_ROUTE_H
#define WARTA_APP_ROUTE_H

#include <jansson.h>
#include <stdbool.h>

#include "warta/http/params.h"
#include "warta/pages/page.h"

/* Where a request is handled: in the event loop, which nothing may hold up; or on the threads for what waits for the disk;
 * or on the few that hash passwords. */
enum lane { LANE_FAST, LANE_SLOW, LANE_HASH };

/* Unsafe methods ask for a CSRF token, whatever the row says. Staff's pages need a session, and so a lane that may write. */
struct route {
    enum method method;  /* METHOD_GET answers HEAD too */
    const char *pattern; /* {name} captures within a path segment */
    page_handler *page;
    const struct param *params; /* query parameters; NULL: takes none */
    enum access access;
    enum lane lane;
    bool cached; /* the same for all readers until the content changes, so a finished page may be kept */
    bool probe;  /* asked by machines all the time: a success is logged for debugging only */
};

/* The first row whose pattern fits `path` (percent-encoded, without the site's prefix) and whose method is
 * `method`, with the captures decoded into `captures` as strings. NULL if there is none; `allow` then names the methods
 * that the path's rows do answer, as the Allow header wants them ("GET, HEAD, OPTIONS"), "" if the path is unknown. */
const struct route *route_find(enum method method, const char *path, json_t *captures, char *allow, size_t allow_len);

/* All rows, for what has to look at each of them. */
const struct route *route_table(size_t *len);

#endif
