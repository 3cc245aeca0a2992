/* Deadlines: connections whose client takes too long, or has gone, are shut down.
 *
 * libmicrohttpd's own timeout counts inactivity only, so that a client who sends a byte a second would hold its connection
 * for ever, and one who reads steadily from a large socket buffer would lose its answer. Here each connection has a state:
 * what its client owes next, and until when. A thread looks at all of them each second and calls shutdown(2) on the socket of
 * one that is late; the connection's own thread then sees its end and closes it. Knows sockets only, nothing of HTTP.
 *
 * An answer has no end, only a minimum rate: the client must have acknowledged DEADLINE_PROGRESS bytes more within each
 * DEADLINE_STALL_MS. While more than `connections_max` connections are open, the ones that are idle for longest are shut
 * down, then those that have been reading for longest: whoever comes next finds a place.
 *
 * A client that ended its side while it owes something is shut down too, as libmicrohttpd 0.9.75 overlooks an end that comes
 * together with the last bytes before it. One that ended its side after its request, and reads, is not.
 *
 * The table has a slot for each descriptor. The thread reads it without a lock; it holds one only around shutdown, and so does
 * deadline_remove, so that the descriptor cannot be another connection's by then. (libmicrohttpd notifies the end of a
 * connection before it closes its socket.)
 *
 * Threads: any; the deadline of one connection is set by the thread that owns it. */
#ifndef WARTA_SERVER_DEADLINE_H
#define WARTA_SERVER_DEADLINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DEADLINE_FRESH_MS = 2000, DEADLINE_SETTLE_MS = 100, DEADLINE_STALL_MS = 60000, DEADLINE_PROGRESS = 1024 };

enum deadline_state {
    DEADLINE_NONE,    /* no connection has this descriptor */
    DEADLINE_FRESH,   /* nothing was ever asked on it */
    DEADLINE_IDLE,    /* between two requests */
    DEADLINE_OWED,    /* the rest of a request has to come in time */
    DEADLINE_WORKING, /* the server is at work: nothing is owed */
    DEADLINE_SENDING  /* the client has to go on reading; the time is that of the beginning */
};

/* One connection's: its state, and when it ends on the monotonic clock, in one word (state + 8 × ms). */
struct deadline {
    _Atomic int64_t due;
    int64_t progress, progress_ms; /* bytes acknowledged, and when they were last enough; the sweep's */
    int64_t sending_since;         /* the `due` they belong to; likewise */
    bool ended;                    /* the last sweep found the client's side ended */
};

struct deadlines {
    pthread_t thread;
    void (*tick)(void *context);
    void *context;
    size_t connections_max;
    pthread_mutex_t mutex;
    atomic_size_t count;
    atomic_bool draining, stopping;
    _Atomic int64_t idle_end_ms; /* when idle connections end, whatever their own deadlines */
    atomic_int highest;          /* descriptor so far */
    size_t slots_len;
    struct deadline *slots; /* by descriptor */
};

/* Starts the thread, which also calls `tick` each second, with no lock held. `files_max`: no descriptor reaches it. False
 * if it cannot be started. */
bool deadlines_init(struct deadlines *deadlines, size_t files_max, size_t connections_max, void (*tick)(void *context),
                    void *context);

/* Ends the thread. All connections must have been removed. */
void deadlines_release(struct deadlines *deadlines);

/* A connection begins; its first request must come within that time. The deadline is *borrowed* until removed. */
struct deadline *deadline_add(struct deadlines *deadlines, int socket, unsigned within_ms);
void deadline_remove(struct deadlines *deadlines, struct deadline *deadline);

/* From now on that state, until then. */
static inline void deadline_set(struct deadline *deadline, enum deadline_state state, int64_t at_ms)
{
    atomic_store_explicit(&deadline->due, (int64_t)state + 8 * at_ms, memory_order_relaxed);
}

/* A request has begun: the deadline of the idle connection becomes that of the request's head. */
static inline void deadline_begin(struct deadline *deadline)
{
    int64_t due = atomic_load_explicit(&deadline->due, memory_order_relaxed);
    atomic_store_explicit(&deadline->due, due - due % 8 + DEADLINE_OWED, memory_order_relaxed);
}

/* When it ends, in ms. */
static inline int64_t deadline_at_ms(const struct deadline *deadline)
{
    return atomic_load_explicit(&deadline->due, memory_order_relaxed) / 8;
}

/* Lets idle connections go on for `grace_ms` only, and DEADLINE_FRESH_MS more where nothing was asked yet: whoever connects
 * means to. Then waits until all connections are gone, and for DEADLINE_SETTLE_MS none has come that was taken in at the
 * last moment; `limit_ms` at most. Whether they are gone. */
bool deadlines_drain(struct deadlines *deadlines, unsigned grace_ms, unsigned limit_ms);

#endif
