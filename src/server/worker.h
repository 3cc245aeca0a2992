/* What the server's files share: the server, its event loops, and what they know of connections and requests.
 *
 * Threads: a worker, its connections and their transfers belong to its event loop's thread, but for a transfer that is in a
 * lane: only the lane's thread touches it. */
#ifndef WORKER_H
#define WORKER_H

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heartbeat.h"
#include "numbers.h"
#include "tally.h"
#include "warta/app/app.h"
#include "warta/base/log_buffer.h"
#include "warta/server/body.h"
#include "warta/server/cache.h"
#include "warta/server/guard.h"
#include "warta/server/lane.h"
#include "warta/server/listen.h"
#include "warta/server/reaper.h"
#include "warta/server/server.h"

enum {
    LIMITS_CAP = 160,
    REQUEST_ID_CAP = 18,
    CARRIED = 2 /* how much longer a form gets that waits for a login: it is encoded once more on the way */
};

/* Beside the lanes of the route table: LANE_UPLOAD handles forms of the slow lane that have a large file, one at a time, as
 * cleaning and hashing it fills a core; LANE_SPOOL writes files into the spool as they come. */
enum { LANE_UPLOAD = LANE_HASH + 1, LANE_SPOOL, LANES };

struct hot;

struct worker {
    struct server *server;
    struct app *app;
    struct MHD_Daemon *daemon;
    struct heartbeat heartbeat;
    struct hot *hot;         /* owned */
    uint32_t run, requests;  /* what ids are made of: a number of this thread's own, and how many requests there were */
    struct tally *tally;     /* owned */
    struct buf target, line; /* of the log's line at hand */
    struct log_buffer log_lines; /* flushed by the reaper too */
};

struct server {
    struct server_options options;
    char address[LISTEN_ADDRESS_CAP];
    char limits[LIMITS_CAP]; /* of bodies, in words */
    struct spool spool;
    struct lane_pool *lanes[LANES]; /* NULL for the fast one */
    struct reaper reaper;
    struct cache *cache; /* owned */
    atomic_bool stopping;
    _Atomic uint64_t connections, connections_total;
    struct numbers numbers;
    struct metrics_source metrics;
    struct server_apps apps; /* once it has started */
    bool listening, running;
    int *sockets; /* one for each worker */
    struct worker workers[];
};

/* libmicrohttpd 0.9.75 forgets to say that some requests have ended, when it refuses them itself, so what is known of a
 * request hangs on its connection too. */
struct connection {
    struct reaped reaped;
    struct transfer *transfer; /* owned; NULL between requests */
    char client[INET6_ADDRSTRLEN];
    char shown[CLIENT_CAP]; /* the same as the log shows it; "" before its first line */
    enum log_clients shown_as;
};

/* One request on its way in, and through its lane. */
struct transfer {
    struct server *server;
    struct connection *connection;
    struct MHD_Connection *client;
    bool begun, handled;
    struct body body;
    size_t headers_len; /* how many were sent */
    size_t fields_len;  /* bytes of the head they account for */
    char id[REQUEST_ID_CAP];
    int64_t begun_ns, made_ns; /* when the head was read; how long the pipeline took */
    struct request request;    /* its path is NULL if the guard refused it */
    const struct route *route; /* NULL if no row fits */
    enum kept kept;
    const char *reason; /* why it was refused by the server; NULL if it was not */
    bool plain;         /* a GET or HEAD without a body, which a finished page may answer */
    enum lane lane;
    struct lane_job job;
    struct response response;
    size_t target_len;
    struct header headers[GUARD_HEADERS_MAX]; /* from here on not zeroed */
    char target[];                            /* cut at the '?', by a NUL in its place, once it was looked at */
};

/* Callbacks for libmicrohttpd: MHD_OPTION_URI_LOG_CALLBACK with the server, MHD_AccessHandlerCallback with a worker,
 * MHD_OPTION_NOTIFY_COMPLETED with the server. */
void *transfer_begin(void *context, const char *target, struct MHD_Connection *client);
enum MHD_Result transfer_step(void *context, struct MHD_Connection *client, const char *url, const char *method,
                              const char *version, const char *bytes, size_t *len, void **request_context);
void transfer_completed(void *context, struct MHD_Connection *client, void **request_context,
                        enum MHD_RequestTerminationCode how);

/* Lets go of the connection's transfer, if it has one. */
void transfer_end(struct connection *connection);

/* Answers a plain request by a finished page: one that is kept, or one made now. False if the request is not for
 * such a page, and nothing was done; else `*queued` is what to return to libmicrohttpd. */
bool plain_answer(struct worker *worker, struct transfer *transfer, enum MHD_Result *queued);

/* Refuses in words of the server's own, and closes the connection behind them. `reason` is for the log, without any of the
 * client's text. */
enum MHD_Result transfer_refuse(struct worker *worker, struct transfer *transfer, int status, const char *reason);

/* Queues the transfer's response. */
enum MHD_Result transfer_send(struct worker *worker, struct transfer *transfer);

/* Has the pipeline answer the request (the transfer's, or another in its place), and notes how long that took. */
void transfer_make(struct transfer *transfer, struct app *app, const struct request *request);

#endif
