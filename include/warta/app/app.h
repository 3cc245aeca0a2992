/* The pipeline: from a request to a whole response, without a socket.
 *
 *     request -> route row -> guards (method, params) -> page handler -> response
 *
 * An app is what one thread needs: the shared site, its own store connection and its own text. Nothing is sent while
 * a page is made, so a fault in the middle is a whole 500 page under the request's id, and the log has its cause.
 *
 * Threads: an app belongs to one thread; the site is shared by all. */
#ifndef WARTA_APP_APP_H
#define WARTA_APP_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/app/route.h"
#include "warta/http/client.h"
#include "warta/http/message.h"
#include "warta/pages/page.h"

struct app;

/* `site` and `database` (a path) are borrowed. An app for the fast lane reads only; one for the other lanes writes.
 * NULL, with one line in `error`, if the database cannot be opened. */
struct app *app_create(const struct site *site, const char *database, enum store_access access, char *error,
                       size_t error_len);
void app_destroy(struct app *app);

/* The row that answers the request, by its method and path; NULL if there is none. Looks at nothing else, and runs no
 * statement. */
const struct route *app_route(const struct app *app, const struct request *request);

/* The row of a GET or HEAD whose page may be kept and sent to anybody who asks for the same; NULL if it may not. With it,
 * appends to `target` the one address ("/?type=news") that stands for all that ask for it; a request for that is answered
 * alike. */
const struct route *app_keeps(const struct app *app, const struct request *request, struct buf *target);

/* Appends what the log calls that which was asked for. Tokens, and what staff look for, stand in queries, and some tokens in
 * the path: they are not for the log. */
void app_log_target(const struct app *app, const struct request *request, struct buf *target);

/* The client's address, seen through trusted proxies (client.h). */
void app_client(struct app *app, const struct request *request, char out[static CLIENT_CAP]);

/* Adds what this app's store took (store.h). Threads: any. */
void app_timings_add(const struct app *app, struct store_timing sums[static STORE_TIMED]);

/* What readers see: a number that moves on with every commit they could notice, and when the next item appears by itself
 * (INT64_MAX: none waits). False on a fault. */
struct content {
    int64_t generation, next_unix;
};
bool app_content(struct app *app, struct content *content);

/* Seconds since 1970, by the site's clock. */
int64_t app_now(const struct app *app);

/* Answers one request. It cannot fail: a fault becomes a 500. `response` has been initialised by the caller, who also
 * releases it. */
void app_handle(struct app *app, const struct request *request, struct response *response);

#endif
