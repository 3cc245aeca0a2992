/* Finished responses of one event loop, ready to be queued: its hottest pages by their address as it is asked for.
 *
 * A hit costs no lock and no allocation, and touches nothing that another core writes. Only a page that was asked
 * for before, by its one canonical address, is taken in, so that a flood of odd addresses changes nothing here.
 *
 * Threads: that of the event loop. */
#ifndef WARTA_SERVER_HOT_H
#define WARTA_SERVER_HOT_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "warta/app/route.h"
#include "warta/base/log.h"
#include "warta/server/page.h"

/* One page in one coding as libmicrohttpd sends it. */
struct finished {
    struct page *page;                        /* owned */
    const struct page_form *form;             /* of the page */
    const struct route *route;                /* that it is a page of; borrowed */
    struct MHD_Response *whole, *unchanged;   /* owned; the second, a 304, is NULL until it is needed */
    int64_t dated_unix, unchanged_dated_unix; /* what their Date headers say */
    bool last;                                /* the connection is closed behind it */
};

/* Takes a reference of its own to `page`. Running out of memory ends the process. */
void finished_init(struct finished *finished, const struct log *log, struct page *page, enum encoding encoding,
                   const struct route *route, bool last);
void finished_release(struct finished *finished);

/* Queues the page, or a 304 where the client has it already (RFC 9110, 15.4.5); `*status` says which. */
enum MHD_Result finished_send(struct finished *finished, const struct log *log, struct MHD_Connection *client,
                              const struct request *request, int *status);

struct hot;

struct hot *hot_create(void);
void hot_destroy(struct hot *hot);

/* What answers `target` (with its query, as sent) in that coding in this epoch; NULL if it is not here (*borrowed* until
 * the next call). */
struct finished *hot_find(struct hot *hot, uint64_t epoch, const char *target, size_t target_len,
                          enum encoding encoding);

/* Keeps it for the target (*steals* what is inside). The epoch is that of the last hot_find. */
void hot_put(struct hot *hot, const char *target, size_t target_len, enum encoding encoding,
             const struct finished *finished);

#endif
