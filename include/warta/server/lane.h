/* Lanes: threads for requests that must not hold an event loop up, because they wait for the disk or hash passwords.
 *
 * A lane has a few threads, each with an app of its own, and a queue that is bounded: what does not fit is refused at
 * once, so that a flood costs the ones behind it nothing. Jobs begin in the order in which they were handed in, but
 * clients take turns: one who sends many waits behind those who send few. How many run at a time, and so how much memory
 * hashing takes, is the number of threads.
 *
 * Knows jobs only, nothing of HTTP.
 *
 * Threads: any may submit; create, stop and destroy are called by one. */
#ifndef WARTA_SERVER_LANE_H
#define WARTA_SERVER_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct app;
struct lane_pool;

/* Embedded in what it is about; *borrowed* from lane_pool_submit until `run` is called, which may release it. */
struct lane_job {
    void (*run)(void *context, struct app *app); /* on a thread of the lane, with that thread's app */
    void *context;
    uint64_t client;       /* a hash of the client's network; 0: takes no turns */
    size_t round;          /* the lane's, */
    struct lane_job *next; /* likewise */
};

/* Starts `threads` threads (at least one); `apps` (*borrowed*) has one for each. At most `queue_max` jobs wait, of one
 * client at most `client_max`. `nice` is added to the threads' nice value (nice(2)). NULL if they cannot be started. */
struct lane_pool *lane_pool_create(struct app **apps, size_t threads, size_t queue_max, size_t client_max, int nice);

/* Hands a job in. False, and nothing happens, if too many jobs wait already, or too many of that client, or the lane has
 * stopped. */
bool lane_pool_submit(struct lane_pool *pool, struct lane_job *job);

/* How many jobs wait, and how many were refused. */
struct lane_stats {
    size_t waiting;
    uint64_t refused;
};
struct lane_stats lane_pool_stats(struct lane_pool *pool);

/* False if all threads have been at one job each for longer than that: none is left for the jobs that wait. */
bool lane_pool_alive(const struct lane_pool *pool, unsigned limit_ms);

/* Runs what was handed in to its end, and ends the threads. A second call does nothing. */
void lane_pool_stop(struct lane_pool *pool);

/* Stops it first. Accepts NULL. */
void lane_pool_destroy(struct lane_pool *pool);

#endif
