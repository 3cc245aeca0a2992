/* Lines of the log that come too often to be written one by one.
 *
 * They are written together: when the next one does not fit, and otherwise at most LOG_BUFFER_MS after the write
 * before, so that a line that comes alone is written at once. Whoever adds no more lines has to see that
 * log_buffer_flush is called. Each write is of whole lines, and of PIPE_BUF bytes at most.
 *
 * Threads: any. Made for one that adds lines and another that flushes now and then. */
#ifndef WARTA_BASE_LOG_BUFFER_H
#define WARTA_BASE_LOG_BUFFER_H

#include <limits.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/base/log.h"

enum { LOG_BUFFER_MS = 100 };

struct log_buffer {
    pthread_mutex_t mutex; /* guards all that follows */
    const struct log *log; /* borrowed */
    int64_t sent_ms;       /* of the monotonic clock */
    size_t len;
    char lines[PIPE_BUF];
};

void log_buffer_init(struct log_buffer *buffer, const struct log *log);

/* Flushes first. */
void log_buffer_release(struct log_buffer *buffer);

/* Adds a whole line of at most PIPE_BUF bytes (log_line_end). */
void log_buffer_add(struct log_buffer *buffer, const char *line, size_t len);

/* Writes what waits. */
void log_buffer_flush(struct log_buffer *buffer);

#endif
