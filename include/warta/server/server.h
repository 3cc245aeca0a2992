/* The server: HTTP/1.1 on sockets, by way of libmicrohttpd.
 *
 * Loops send, lanes make. Each event loop has its own thread and its own share of the connections. It reads heads and
 * bodies, looks a finished page up (cache.h), and sends. It makes no page, asks no database, compresses nothing and waits for
 * no other thread. What is not finished yet is set aside (its connection is suspended) and goes to a lane (lane.h):
 *
 *     read     pages for readers, in one read transaction each, and their compressed forms
 *     staff    what may write
 *     hash     what hashes passwords: few threads, as many as leave a core to readers
 *     spool    writes long bodies to an unnamed file as they come; looks at the session first, and without one keeps only the
 *              beginning of a form
 *     upload   forms of staff that were spooled, one at a time
 *
 * So a login storm or a slow disk does not hold up readers, nor the first one those who post. Where a lane's queue is full,
 * the answer is 503 at once. A client that leaves while its request is in a lane changes nothing: the request is handled all
 * the same.
 *
 * What reaches an app has passed the guard (guard.h), and its body is whole. Path and query are handed on as sent, still
 * escaped. Values of headers may end in white space.
 *
 * Bodies (body.h): `body_max` bytes at most, twice that on the hash lane, as a login may carry a form along that waited
 * for it, and `upload_body_max` for a multipart form on the staff lane.
 *
 * Bounds for one client, which is a network (client.h): a quarter of the connections, unless it is a trusted proxy; a
 * quarter of all requests in progress, unless it is one; a quarter of the spool; half of a lane's queue.
 *
 * The server answers by itself, with a short page that holds none of the client's text, what it refuses: 400, 413 (with
 * the limits in words), 414, 429, 431, and 503 with Retry-After where there is no room; that also closes the connection. A
 * 413 comes before the body where the client waits for 100 (Continue), or the body is beyond all bounds; otherwise once it
 * was read to its end, so that a client that sends sees it. It adds Date, Content-Length and the framing of connections to
 * responses, and sends HEAD what GET would get, without the body: the app answers both alike.
 *
 * Bounds on a client's time (deadline.h): the head of a request within `head_ms` of the connection's start, or within
 * `idle_ms` of the last response; its body within `body_ms` and a second more for each 64 KiB declared, beside the time that
 * our disk takes; an answer for as long as the client goes on reading it.
 *
 * Signals are never taken on the server's threads. server_open raises the process's soft limit of open files.
 *
 * Threads: open, start, alive and destroy are called by one thread. */
#ifndef WARTA_SERVER_SERVER_H
#define WARTA_SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/base/log.h"

struct app;
struct server;

enum {
    SERVER_STAFF_THREADS = 4,
    SERVER_STAFF_QUEUE = 64,
    SERVER_READ_QUEUE = 1024,
    SERVER_HASH_THREADS_MAX = 2,
    SERVER_HASH_QUEUE = 32,
    SERVER_CHECK_MS = 3000,
    SERVER_UPLOAD_SLACK = 2 * 1024 * 1024 /* what a multipart form may hold beside its files */
};

/* All borrowed for as long as the server runs. Numbers that are 0 take the default in brackets. */
struct server_options {
    const char *listen;     /* "127.0.0.1:8080", "[::1]:8080" or "unix:/path"; port 0 picks a free one */
    const int *handed_over; /* sockets that listen already, instead of `listen`; NULL for none */
    size_t handed_over_len;
    unsigned threads;      /* event loops [1]; no fewer than sockets handed over */
    unsigned read_threads; /* of the read lane [2] */
    unsigned hash_threads; /* SERVER_HASH_THREADS_MAX at most [1] */
    const struct log *log;
    size_t body_max;          /* bytes [1 MiB] */
    size_t upload_body_max;   /* bytes, of a form with files; at least twice the other, and the slack [25 MiB and it] */
    const char *spool_dir;    /* a folder on a disk, where files may be made */
    unsigned connections_max; /* of all threads [8192], less where the limit of open files is lower */
    size_t connection_memory; /* bytes for each; also bounds the head of a request [12 KiB] */
    size_t cache_max;         /* bytes of finished pages (cache.h); 0 keeps none */
    unsigned head_ms;         /* [10 s] */
    unsigned body_ms;         /* [30 s] */
    unsigned idle_ms;         /* [30 s] */
    unsigned stop_ms;         /* how long server_destroy waits for connections [10 s] */
    unsigned lane_limit_ms;   /* [60 s, twelve times what a statement waits for another process's commit] */
};

/* Listens, but does not answer yet: what connects, waits. NULL, with one line in `error` that says what failed and what
 * to do. */
struct server *server_open(const struct server_options *options, char *error, size_t error_len);

/* What it really listens on, "http://127.0.0.1:43211" or "unix:/path" (*borrowed*). */
const char *server_address(const struct server *server);

/* Its numbers (*borrowed*), to be asked once it has started. */
struct metrics_source;
const struct metrics_source *server_metrics(const struct server *server);

/* How many apps the server needs: one for each thread of a lane, and one that watches for other processes' commits. Those
 * that server_app_writes names must be opened for writing. */
size_t server_apps_len(const struct server *server);
bool server_app_writes(const struct server *server, size_t i);

struct login_gate;

/* What is served; all borrowed. */
struct server_site {
    struct app **apps; /* server_apps_len of them */
    const char *prefix, *trusted_proxies;
    int64_t (*clock)(void);        /* seconds since 1970 */
    const struct login_gate *gate; /* NULL: none */
    void (*check)(void *context);  /* every SERVER_CHECK_MS, on the staff lane; may wait for the disk; NULL: none */
    void *check_context;
};

/* Answers from now on, on its own threads. False, with one line in `error`, if the threads cannot be started. */
bool server_start(struct server *server, const struct server_site *site, char *error, size_t error_len);

/* Whether every event loop answers a request within that time, and no lane is stuck (each of its threads at one job for
 * `lane_limit_ms`); what is not is logged. */
bool server_alive(struct server *server, unsigned within_ms);

/* Takes no more connections, answers what has begun (and what idle connections still ask within a second) with
 * `Connection: close`, waits for them to finish, at most `stop_ms`, and ends. What has come to a lane is handled to its
 * end, however long that takes. Accepts NULL, and a server that was never started. */
void server_destroy(struct server *server);

#endif
