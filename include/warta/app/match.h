/* What a request asks for: the row of the route table that fits, and its parameters. Made once, when the head is there, and
 * carried from there on to the cache, the lane, the handler and the access log.
 *
 * Runs no statement. Threads: a match belongs to one thread at a time. */
#ifndef WARTA_APP_MATCH_H
#define WARTA_APP_MATCH_H

#include <jansson.h>

#include "warta/app/route.h"
#include "warta/base/buf.h"
#include "warta/http/message.h"

enum { MATCH_ALLOW_CAP = 64 };

struct match {
    const struct route *route; /* NULL if none fits */
    const char *path; /* of the request (*borrowed*), without the site's prefix; NULL if that is all there is */
    json_t *params;   /* owned: the captures of the row, as strings, and the query's parameters */
    char *key;        /* owned: the one address ("/?type=news") of all requests that get the same page; NULL
                                  * if no page is to be kept */
    char allow[MATCH_ALLOW_CAP]; /* where no row fits: the methods that the path's rows answer, "GET, HEAD, OPTIONS"; ""
                                  * if the path is unknown */
    char error[PARAM_ERROR_CAP]; /* what is wrong with a parameter, in words; "" if nothing is */
};

/* `prefix` is the site's; a path comes with it, or without where a proxy has taken it off. */
void match_init(struct match *match, const char *prefix, const struct request *request);
void match_release(struct match *match);

/* Whether a path, without the site's prefix, is one of the site's for any method. */
bool match_knows(const char *path);

/* Appends what the log calls that which was asked for. Tokens, and what staff look for, stand in queries, and some tokens in
 * the path: they are not for the log. */
void match_log_target(const struct match *match, const struct request *request, struct buf *out);

#endif
