/* Replies: answers as libmicrohttpd sends them, of responses, of finished pages, and in the server's own words.
 *
 * An event loop keeps the replies of its hottest pages in a table, by the address as it is asked for. A hit there costs
 * no lock and no allocation, and touches nothing that another core writes. Only a page that is asked for by its one
 * canonical address, and was asked for before, is taken in, so that a flood of odd addresses changes nothing here.
 *
 * Running out of memory ends the process. Threads: that of the event loop. */
#ifndef REPLY_H
#define REPLY_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "warta/app/route.h"
#include "warta/base/log.h"
#include "warta/server/cache.h"

/* A finished page in one coding. */
struct reply {
    struct page *page;                            /* owned */
    const struct page_form *form;                 /* of the page */
    const struct route *route;                    /* that it is a page of; borrowed */
    struct MHD_Response *whole, *unchanged;       /* owned; a 200, and a 304 once it is needed */
    int64_t whole_date_unix, unchanged_date_unix; /* what their Date headers say */
    bool last;                                    /* the connection is closed behind it */
};

/* Takes over the caller's reference to `page`, whose form in that encoding is made. */
void reply_init(struct reply *reply, const struct log *log, struct page *page, enum encoding encoding,
                const struct route *route, bool last);
void reply_release(struct reply *reply);

/* What to queue for a request (*borrowed*): the page, or a 304 where the client has it (RFC 9110, 15.4.5). */
struct MHD_Response *reply_choose(struct reply *reply, const struct log *log, const struct request *request,
                                  int64_t now_unix, int *status);

/* A response (*owned*), whose body or file it takes. `last`: the connection is closed behind it. */
struct MHD_Response *reply_of_response(struct response *response, const struct log *log, bool last);

/* Makes a response a page of the server's own, in these words, for what it refuses. A status of 429 or 503 says when to
 * come again. */
void reply_words(struct response *response, int status, const char *words, unsigned retry_after_s);

struct replies;

struct replies *replies_create(void);
void replies_destroy(struct replies *replies); /* accepts NULL */

/* The reply for `target` (with its query, as sent) in that coding in this epoch; NULL if it is not there (*borrowed* until
 * the next call). */
struct reply *replies_find(struct replies *replies, uint64_t epoch, const char *target, size_t target_len,
                           enum encoding encoding);

/* Keeps it for the target (*steals* what is inside), in the epoch of the last replies_find. */
void replies_put(struct replies *replies, const char *target, size_t target_len, enum encoding encoding,
                 const struct reply *reply);

#endif
