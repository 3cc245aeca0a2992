/* The reaper: shuts connections down whose client takes too long, or has gone.
 *
 * libmicrohttpd's own timeout counts inactivity only, so a client that sends a byte a second would hold its connection
 * for ever. Here every connection has a deadline for what the client owes next: the rest of a request. A thread looks
 * at all of them each second and calls shutdown(2) on the socket of one that is late; the connection's own thread then
 * sees its end and closes it. Knows sockets only, nothing of HTTP.
 *
 * It also looks for clients that have ended their side while they owe something, as libmicrohttpd 0.9.75 overlooks an
 * end that comes together with the last bytes before it.
 *
 * Invariant: a socket stays open until reaper_remove has returned, so that its number cannot be another's by the time of
 * the shutdown. (libmicrohttpd 0.9.75 notifies the end of a connection before it closes its socket.)
 *
 * Threads: any; the deadline of one connection is set by the thread that owns it. */
#ifndef WARTA_SERVER_REAPER_H
#define WARTA_SERVER_REAPER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { REAPER_FRESH_MS = 2000, REAPER_SETTLE_MS = 100 };

/* One connection; embedded in whatever else is known of it. */
struct reaped {
    struct reaped *next, *previous;
    int socket;
    _Atomic bool fresh;          /* nothing was ever asked on it */
    bool ended;                  /* the last look found the client's side ended; the reaper's */
    _Atomic int64_t deadline_ms; /* of the monotonic clock; negative while the client owes nothing (idle) */
    int64_t left_ms;             /* until it, while it stands still; else 0 */
};

struct reaper {
    pthread_t thread;
    void (*tick)(void *context);
    void *context;
    pthread_mutex_t mutex; /* guards all that follows */
    pthread_cond_t changed;
    struct reaped *first;
    int64_t idle_end_ms; /* when idle connections end, whatever their own deadlines */
    bool stopping;
};

/* Starts the thread, which also calls `tick` each second, with no lock of the reaper's held. False if it cannot be
 * started. */
bool reaper_init(struct reaper *reaper, void (*tick)(void *context), void *context);

/* Ends the thread. All connections must have been removed. */
void reaper_release(struct reaper *reaper);

/* `reaped` (*borrowed* until removed) starts idle. */
void reaper_add(struct reaper *reaper, struct reaped *reaped, int socket, unsigned within_ms);
void reaper_remove(struct reaper *reaper, struct reaped *reaped);

/* The client owes nothing, but its next request must have come within that time. */
void reaped_rest(struct reaped *reaped, unsigned within_ms);

/* A request has begun: it is no longer idle, but the deadline stands. */
void reaped_begin(struct reaped *reaped);

/* The rest of the request must have come within that time. */
void reaped_expect(struct reaped *reaped, unsigned within_ms);

/* The client owes nothing for as long as it takes: the server is at work, or sends. */
void reaped_serve(struct reaped *reaped);

/* Within a request that has a deadline: it stands still, as the server takes no more for now. Then it goes on, if it
 * stood. */
void reaped_pause(struct reaped *reaped);
void reaped_go_on(struct reaped *reaped);

/* Lets idle connections go on for `grace_ms` only, and REAPER_FRESH_MS more where nothing was asked yet: whoever
 * connects means to. Then waits until all connections are gone, and for REAPER_SETTLE_MS none has come that was
 * taken in at the last moment; `limit_ms` at most. Whether they are gone. */
bool reaper_drain(struct reaper *reaper, unsigned grace_ms, unsigned limit_ms);

#endif
