/* Streams: one request and its answer each, in one explicit state (RFC 9113 calls such an exchange a stream):
 *
 *     HEAD ─→ BODY ⇄ SPOOLING           its body comes in; the spool lane stores what was gathered
 *       ├──────┴──────→ MAKING ─→ MADE ─→ SENT
 *       └─→ WAITING ──────┴─────────────→ SENT     for a finished page that another stream makes
 *
 * In SPOOLING, WAITING and MAKING its connection is suspended.
 *
 * Threads: that of the event loop, but a stream that is SPOOLING or MAKING belongs to the lane's thread. */
#ifndef STREAM_H
#define STREAM_H

#include "loop.h"
#include "warta/app/app.h"
#include "warta/app/match.h"

enum { REQUEST_ID_CAP = 18 };

enum stream_state {
    STREAM_HEAD,
    STREAM_BODY,
    STREAM_SPOOLING,
    STREAM_WAITING,
    STREAM_MAKING,
    STREAM_MADE,
    STREAM_SENT
};

struct stream {
    struct loop *loop;
    struct server *server;
    struct connection *connection;
    struct MHD_Connection *client;
    enum stream_state state;
    bool handed_on; /* libmicrohttpd has called with the head */
    bool has_body, drops_body;
    bool matched;              /* there is a match to be released */
    bool known;                /* the session of the one who sends a body was looked at */
    uint64_t client_hash;      /* what its client is counted by; 0 for one that is not counted */
    int64_t begun_ns, made_ns; /* when the head was read; how long its page took */
    int64_t left_ms;           /* of its deadline, which does not run while its body is spooled */
    const struct route *route; /* NULL if no row fits */
    const char *reason;        /* why the server refused it; NULL if it did not */
    enum kept kept;
    struct page *page; /* owned: what was made, if it is to be kept */
    struct cache_asker asker;
    struct lane_job job;
    struct body body;
    struct request request; /* its path is NULL if the guard refused it */
    size_t headers_len;     /* how many were sent */
    size_t target_len;
    struct response response; /* from here on not zeroed */
    struct match match;
    char id[REQUEST_ID_CAP];
    struct header headers[GUARD_HEADERS_MAX];
    char target[]; /* cut at the '?', by a NUL in its place, once it was looked at */
};

/* The stream that an asker is embedded in. */
static inline struct stream *stream_of_asker(struct cache_asker *asker)
{
    return (struct stream *)(void *)((char *)asker - offsetof(struct stream, asker));
}

/* A request's first line has come; the caller owns the stream. `client` is NULL of one that libmicrohttpd is not to see. */
struct stream *stream_create(struct loop *loop, struct connection *connection, struct MHD_Connection *client,
                             const char *target);

/* Its head was let through: looks at what the request's body may be, if there is one. */
enum MHD_Result stream_begin(struct stream *stream, size_t body_len);

/* Takes in a piece of the body: how many bytes of it. The others come again once the connection is resumed. */
size_t stream_take(struct stream *stream, const char *bytes, size_t len);

/* The request is whole, or its connection was resumed: goes on to the answer. */
enum MHD_Result stream_answer(struct stream *stream);

/* Refuses in words of the server's own, and closes the connection behind them. `wait_s`: when to come again, for 429 and
 * 503; 0 for others. `reason` is for the log, without any of the client's text. */
enum MHD_Result stream_refuse(struct stream *stream, int status, unsigned wait_s, const char *reason);

/* Refuses what is malformed on the wire, past libmicrohttpd, which does not see it. */
void stream_refuse_wire(struct stream *stream, int status, const char *reason);

/* Releases it, wherever its body's file may be given up. Its connection is not suspended. */
void stream_end(struct stream *stream);

#endif
