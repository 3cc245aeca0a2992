/* The numbers for /metrics: of each event loop, counted as it answers, and of lanes, cache, statements and the process, read
 * when they are asked for.
 *
 * What is read from /proc is opened before the server confines itself.
 *
 * Threads: one adds to a loop's metrics, without a lock; any may write them all. */
#ifndef METRICS_H
#define METRICS_H

#include <dirent.h>
#include <pthread.h>
#include <stdint.h>

#include "warta/app/route.h"
#include "warta/base/buf.h"

/* Who gave an answer: a finished page, the pipeline in a lane, or the server by itself. */
enum served { SERVED_KEPT, SERVED_READ, SERVED_STAFF, SERVED_HASH, SERVED_REFUSED, SERVED_KINDS };

/* What finished pages had to do with it. */
enum kept { KEPT_NOT, KEPT_MISS, KEPT_HIT, KEPT_KINDS };

struct answered {
    const struct route *route; /* NULL: no row fits */
    int status;
    enum served served;
    enum kept kept;
    uint64_t bytes, taken_ns;
};

struct metrics;
struct server;

struct metrics *metrics_create(void);
void metrics_destroy(struct metrics *metrics); /* accepts NULL */
void metrics_add(struct metrics *metrics, const struct answered *answered);

struct process {
    pthread_mutex_t mutex; /* one reads the folder at a time */
    DIR *open_files;       /* NULL if it cannot be read */
    int memory;            /* /proc/self/statm; -1 likewise */
    int64_t start_unix;
};

void process_init(struct process *process);
void process_release(struct process *process);

/* Appends all of them, in the text format of Prometheus. The server has started. */
void metrics_write(struct server *server, struct buf *out);

#endif
