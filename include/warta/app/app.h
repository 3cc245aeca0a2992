/* The pipeline: from a request to a whole response, without a socket.
 *
 *     request -> match (route row, parameters) -> access -> page handler -> response
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

#include "warta/app/match.h"
#include "warta/http/message.h"
#include "warta/pages/page.h"

struct app;

/* `site` and `database` (a path) are borrowed. An app of the read lane reads only; those of lanes that may write, write.
 * NULL, with one line in `error`, if the database cannot be opened. */
struct app *app_create(const struct site *site, const char *database, enum store_access access, char *error,
                       size_t error_len);
void app_destroy(struct app *app);

/* Adds what this app's store took (store.h). Threads: any. */
void app_timings_add(const struct app *app, struct store_timing sums[static STORE_TIMED]);

/* What readers see: a number that moves on with every commit they could notice, and when the next item appears by itself
 * (INT64_MAX: none waits). False on a fault. */
struct content {
    int64_t generation, next_unix;
};
bool app_content(struct app *app, struct content *content);

/* Answers one request. It cannot fail: a fault becomes a 500. `response` has been initialised by the caller, who also
 * releases it. */
void app_handle(struct app *app, const struct request *request, struct response *response);

/* The same of a request that was matched; the parameters move from the match into the exchange. Of a page that may be kept,
 * the response names the content it was made from. */
void app_answer(struct app *app, const struct request *request, struct match *match, struct response *response);

/* Whether the request comes with the cookie of a live session. */
bool app_knows(struct app *app, const struct request *request);

#endif
