/* What the server's files share: the server, its event loops, and what they know of connections and requests.
 *
 * Threads: a loop and its connections belong to the loop's thread. */
#ifndef LOOP_H
#define LOOP_H

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heartbeat.h"
#include "metrics.h"
#include "reply.h"
#include "warta/base/log_buffer.h"
#include "warta/http/client.h"
#include "warta/server/body.h"
#include "warta/server/cache.h"
#include "warta/server/deadline.h"
#include "warta/server/guard.h"
#include "warta/server/lane.h"
#include "warta/server/listen.h"
#include "warta/server/server.h"
#include "warta/server/wire.h"

enum { LIMITS_CAP = 192, CLIENTS = 4096 };

/* Beyond the connections that are to be open, a loop has places for a part of as many again, until the deadlines' thread has
 * shut some down. */
enum { LOOP_RESERVE = 8 };

/* Beside the lanes of the route table: LANE_UPLOAD handles forms of staff that were spooled, one at a time, as cleaning and
 * hashing files fills a core; LANE_SPOOL writes bodies into the spool as they come. */
enum { LANE_UPLOAD = LANE_HASH + 1, LANE_SPOOL, LANES };

struct loop {
    struct server *server;
    struct MHD_Daemon *daemon;
    struct heartbeat heartbeat;
    struct replies *replies;     /* owned */
    uint32_t run, requests;      /* what ids are made of: a number of this run's, and how many requests there were */
    struct metrics *metrics;     /* owned */
    struct buf target, line;     /* of the access log's line at hand */
    struct log_buffer log_lines; /* flushed by the deadlines' thread too */
};

struct server {
    struct server_options options;
    struct server_site site; /* once it has started */
    size_t apps_len;         /* likewise: of its apps */
    char address[LISTEN_ADDRESS_CAP];
    char limits[LIMITS_CAP]; /* of bodies, in words */
    struct spool spool;
    struct lane_pool *lanes[LANES];
    struct deadlines deadlines;
    struct cache *cache; /* owned */
    atomic_bool stopping;
    _Atomic uint64_t connections_total;
    atomic_uint connections[CLIENTS], streams[CLIENTS]; /* open, by client: of its address's hash */
    struct metrics_source metrics;
    struct process process;
    pthread_t watch; /* sees other processes' commits */
    atomic_bool checking;
    struct lane_job check;
    bool listening, running, watching;
    struct connection **by_socket; /* owned; each entry is its loop's */

    unsigned char key[16]; /* of clients' hashes */
    int *sockets;          /* one for each loop */
    struct loop loops[];
};

/* libmicrohttpd 0.9.75 forgets to say that some requests have ended, when it refuses them itself, so what is known of a
 * request hangs on its connection too. */
struct connection {
    struct deadline *deadline;
    int socket;
    struct wire wire;
    bool ended;            /* nothing more is handed on: the client's side has ended, or the wire says what is wrong */
    uint64_t completed;    /* requests that libmicrohttpd is through with */
    struct stream *stream; /* owned; NULL between requests */
    uint64_t peer;         /* the hash that it is counted by */
    char client[INET6_ADDRSTRLEN];
    char shown[CLIENT_CAP]; /* the same as the log shows it; "" before its first line */
};

/* Starts an event loop on its socket. False if its thread cannot be started. */
bool loop_start(struct loop *loop, int socket);

#endif
