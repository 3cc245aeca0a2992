/* How often something ran, and how long it took.
 *
 * Threads: one notes, any may read. */
#ifndef TIMING_H
#define TIMING_H

#include <stdint.h>

#include "warta/base/log.h"
#include "warta/store/store.h"

struct timing {
    _Atomic uint64_t runs, ns;
};

/* It ran from `begun_ns` (clock_ns) until now. Logs its name if that was slow. */
void timing_note(struct timing *timing, const char *name, int64_t begun_ns, const struct log *log,
                 const char *request_id);

void timing_add(const struct timing *timing, struct store_timing *sum);

#endif
