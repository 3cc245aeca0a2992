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

#include <stddef.h>

#include "warta/app/route.h"
#include "warta/http/message.h"
#include "warta/pages/page.h"

struct app;

/* `site` and `database` (a path) are borrowed. An app for the fast lane reads only; one for the other lanes writes. NULL, with
 * one line in `error`, if the database cannot be opened. */
struct app *app_create(const struct site *site, const char *database, enum store_access access, char *error,
                       size_t error_len);
void app_destroy(struct app *app);

/* Where the request is to be answered, by its method and path. Looks at nothing else, and runs no statement. */
enum lane app_lane(const struct app *app, const struct request *request);

/* Answers one request. It cannot fail: a fault becomes a 500. `response` has been initialised by the caller, who also
 * releases it. */
void app_handle(struct app *app, const struct request *request, struct response *response);

#endif
