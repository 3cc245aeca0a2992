/* The monotonic clock (clock_gettime(2), CLOCK_MONOTONIC), from which deadlines and durations are counted.
 *
 * Threads: any. */
#ifndef WARTA_BASE_CLOCK_H
#define WARTA_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_ns(void);
int64_t clock_ms(void);

/* Cheaper, and up to 4 ms behind. */
int64_t clock_coarse_ms(void);

#endif
