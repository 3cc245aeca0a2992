/* The server: HTTP/1.1 on sockets, by way of libmicrohttpd.
 *
 * Each thread has its own event loop, its own share of the connections and its own app, so a request is answered on the
 * thread that read it and no two threads wait for each other. What reaches the app has passed the guard (guard.h), and
 * its body is whole. Path and query are handed on as sent, still escaped. Values of headers may end in white space.
 *
 * The server answers by itself, with a short page that holds none of the client's text, what it refuses: 400, 413, 414
 * and 431; that also closes the connection. It adds Date, Content-Length and the framing of connections to responses,
 * and sends HEAD what GET would get, without the body: the app answers both alike.
 *
 * Bounds on a client's time: the head of a request within `head_ms` of the connection's start, or within `idle_ms` of
 * the last response; its body within `body_ms` and a second more for each 64 KiB declared; and never `idle_ms` without
 * a byte either way. A slow reader of a response is bound by the last only.
 *
 * Signals are never taken on the server's threads. server_open raises the process's soft limit of open files.
 *
 * Threads: open, start and destroy are called by one thread. */
#ifndef WARTA_SERVER_SERVER_H
#define WARTA_SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "warta/base/log.h"

struct app;
struct server;

/* All borrowed for as long as the server runs. Numbers that are 0 take the default in brackets. */
struct server_options {
    const char *listen; /* "127.0.0.1:8080", "[::1]:8080" or "unix:/path"; port 0 picks a free one */
    unsigned threads;   /* [1] */
    const struct log *log;
    size_t body_max;          /* bytes [1 MiB] */
    unsigned connections_max; /* of all threads [8192], less where the limit of open files is lower */
    unsigned head_ms;         /* [10 s] */
    unsigned body_ms;         /* [30 s] */
    unsigned idle_ms;         /* [30 s] */
    unsigned stop_ms;         /* how long server_destroy waits for connections [10 s] */
};

/* Listens, but does not answer yet: what connects, waits. NULL, with one line in `error` that says what failed and what
 * to do. */
struct server *server_open(const struct server_options *options, char *error, size_t error_len);

/* What it really listens on, "http://127.0.0.1:43211" or "unix:/path" (*borrowed*). */
const char *server_address(const struct server *server);

/* Answers from now on, on its own threads; `apps` has one for each of them (*borrowed*). False, with one line in `error`,
 * if the threads cannot be had. */
bool server_start(struct server *server, struct app **apps, char *error, size_t error_len);

/* Takes no more connections, answers what has begun (and what idle connections still ask within a second) with
 * `Connection: close`, waits for them to finish, at most `stop_ms`, and ends. Accepts NULL, and a server that was never
 * started. */
void server_destroy(struct server *server);

#endif
