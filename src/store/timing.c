#include "timing.h"

#include <stdatomic.h>

#include "warta/base/clock.h"

static void add_relaxed(_Atomic uint64_t *sum, uint64_t more)
{
    atomic_store_explicit(sum, atomic_load_explicit(sum, memory_order_relaxed) + more, memory_order_relaxed);
}

void timing_note(struct timing *timing, const char *name, int64_t begun_ns, const struct log *log,
                 const char *request_id)
{
    int64_t taken_ns = clock_ns() - begun_ns;
    long long taken_ms = taken_ns / 1000000;
    add_relaxed(&timing->runs, 1);
    add_relaxed(&timing->ns, (uint64_t)taken_ns);
    if (log->slow_ms > 0 && taken_ms >= log->slow_ms)
        log_write(log, LOG_WARN, request_id, "slow: %s took %lld ms", name, taken_ms);
}

void timing_add(const struct timing *timing, struct store_timing *sum)
{
    sum->runs += atomic_load_explicit(&timing->runs, memory_order_relaxed);
    sum->ns += atomic_load_explicit(&timing->ns, memory_order_relaxed);
}

const char *store_timed_name(size_t timed)
{
    static const char *const apart[] = {"begin", "commit"};
    return timed < SQL_COUNT ? sql_name((enum sql)timed) : apart[timed - SQL_COUNT];
}
