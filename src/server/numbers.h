/* The server's numbers, for /metrics: of its event loops, lanes, pages and stores, and of the process.
 *
 * What is read from /proc is opened before the server confines itself.
 *
 * Threads: numbers_write any; the others as server.h. */
#ifndef NUMBERS_H
#define NUMBERS_H

#include <dirent.h>
#include <pthread.h>
#include <stdint.h>

#include "warta/base/buf.h"

struct server;

struct numbers {
    pthread_mutex_t mutex; /* one reads the folder at a time */
    DIR *open_files;       /* NULL if it cannot be read */
    int memory;            /* /proc/self/statm; -1 likewise */
    int64_t start_unix;
};

void numbers_init(struct numbers *numbers);
void numbers_release(struct numbers *numbers);

/* Appends them all, in the text format of Prometheus. The server has started. */
void numbers_write(struct server *server, struct buf *out);

#endif
