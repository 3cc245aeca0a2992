/* The server: HTTP/1.1 on sockets, by way of libmicrohttpd.
 *
 * Each thread has its own event loop, its own share of the connections and its own app. What reaches an app has passed
 * the guard (guard.h), and its body is whole. Path and query are handed on as sent, still escaped. Values of headers
 * may end in white space.
 *
 * Lanes (route.h): a fast request is answered in the event loop that read it, and no two loops wait for each other. A
 * slow one, and one that hashes passwords, is set aside once its body is whole (its connection is suspended) and
 * handled on a thread of its lane (lane.h); then the event loop sends the response. So a login storm or a slow disk
 * does not hold up readers, nor the first one those who post. Where a lane's queue is full, the answer is 503 at once.
 * While a request is in its lane, nothing is asked of its client; one that leaves meanwhile changes nothing: the
 * request is handled all the same. Two hashing threads keep argon2id at 64 MiB within 128 MiB;
 * on all cores at once they would hold readers up, however they stand back.
 *
 * Bodies (body.h): `body_max` bytes at most, and twice that on the hashing lane, as a login may carry a form along
 * that waited for it. On the lanes a multipart form comes out as an urlencoded one, its text still within
 * `body_max`, with its files as request.uploads; on the slow lane all of it may have `upload_body_max` bytes. Files
 * wait in `spool_dir` without a name, no more at a time than make 16 of the largest forms; where there is no room
 * for them, the request comes without (uploads_lost). A lane of one thread writes them, and another handles forms
 * with files that did not come in one piece: an upload that waits for the disk holds up other uploads only, and
 * keeps no more than one core busy. The fast lane's bodies are handed on as they came.
 *
 * Pages that are the same for all readers (app_keeps) are made once, and sent finished from then on (cache.h,
 * page.h), each as it is, or compressed as the client takes it, with an ETag, and a 304 for who has it already.
 *
 * A response with a stream is read on the event loop's thread, so only the fast lane may answer with one; it may use
 * its thread's app to read. It is released once, whatever becomes of the connection.
 *
 * The server answers by itself, with a short page that holds none of the client's text, what it refuses: 400, 406
 * (no coding of a page is taken), 413 (with the limits in words), 414, 431, and 503 with Retry-After where there is
 * no room in a lane, or for a long text beside those of others; that also closes the connection. A 413 comes before
 * the body where the client waits for 100 (Continue), or the body is beyond all bounds; else once it was read past,
 * so that a client that sends sees it. It adds Date, Content-Length and the framing of connections to responses, and
 * sends HEAD what GET would get, without the body: the app answers both alike.
 *
 * Bounds on a client's time: the head of a request within `head_ms` of the connection's start, or within `idle_ms` of
 * the last response; its body within `body_ms` and a second more for each 64 KiB declared, beside what it waits for our
 * disk; and never `idle_ms` without a byte either way. A slow reader of a response is bound by the last only.
 *
 * Signals are never taken on the server's threads. server_open raises the process's soft limit of open files.
 *
 * Threads: open, start, alive and destroy are called by one thread. */
#ifndef WARTA_SERVER_SERVER_H
#define WARTA_SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "warta/base/log.h"

struct app;
struct server;

enum {
    SERVER_SLOW_THREADS = 4,
    SERVER_SLOW_QUEUE = 64,
    SERVER_HASH_THREADS_MAX = 2,
    SERVER_HASH_QUEUE = 16,
    SERVER_UPLOAD_SLACK = 2 * 1024 * 1024 /* what a multipart form may hold beside its files */
};

/* All borrowed for as long as the server runs. Numbers that are 0 take the default in brackets. */
struct server_options {
    const char *listen;     /* "127.0.0.1:8080", "[::1]:8080" or "unix:/path"; port 0 picks a free one */
    const int *handed_over; /* sockets that listen already, instead of `listen`; NULL for none */
    size_t handed_over_len;
    unsigned hash_threads; /* less than there are cores, where there are several; SERVER_HASH_THREADS_MAX at most [1] */
    unsigned threads;      /* [1]; no fewer than sockets handed over */
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

/* One app for each thread (*borrowed*). */
struct server_apps {
    struct app **fast; /* `threads` of them */
    struct app **slow; /* SERVER_SLOW_THREADS */
    struct app **hash; /* `hash_threads` */
    struct app *upload;
};

/* Answers from now on, on its own threads. False, with one line in `error`, if the threads cannot be had. */
bool server_start(struct server *server, const struct server_apps *apps, char *error, size_t error_len);

/* Whether every event loop answers a request within that time, and no lane is stuck (each of its threads at one job for
 * `lane_limit_ms`); what is not is logged. */
bool server_alive(struct server *server, unsigned within_ms);

/* Takes no more connections, answers what has begun (and what idle connections still ask within a second) with
 * `Connection: close`, waits for them to finish, at most `stop_ms`, and ends. What has come to a lane is handled to its
 * end, however long that takes. Accepts NULL, and a server that was never started. */
void server_destroy(struct server *server);

#endif
