/* What is told of each request: its line in the log, and the numbers.
 *
 * Threads: that of the event loop. */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <stdint.h>

struct transfer;
struct worker;

/* Of the monotonic clock. */
int64_t account_now_ns(void);

/* A request's head was read: gives it its id, and its time begins. */
void account_begin(struct worker *worker, struct transfer *transfer);

/* An answer was queued, `bytes` long without its head. */
void account_end(struct worker *worker, struct transfer *transfer, int status, uint64_t bytes);

#endif
