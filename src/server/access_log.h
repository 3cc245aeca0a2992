/* The access log: a line for each answer, and the counts of the loop's metrics.
 *
 * Threads: that of the event loop. */
#ifndef ACCESS_LOG_H
#define ACCESS_LOG_H

#include <stdint.h>

struct stream;

/* An answer was queued, `bytes` long without its head. */
void access_log_add(struct stream *stream, int status, uint64_t bytes);

#endif
