#include "tally.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "warta/base/mem.h"
#include "warta/base/metrics.h"

enum { LABELS_CAP = 160 };

/* The most frequent ones first. What is not here counts as "other". */
static const int statuses[] = {200, 304, 404, 303, 301, 308, 206, 204, 400, 403, 405, 406,
                               409, 410, 413, 414, 415, 416, 422, 429, 431, 500, 503};
enum { STATUSES = sizeof statuses / sizeof *statuses + 1 };

static const struct {
    uint64_t ns;
    const char *le;
} bounds[] = {
    {25000, "2.5e-05"},  {100000, "0.0001"}, {500000, "0.0005"}, {1000000, "0.001"},  {5000000, "0.005"},
    {25000000, "0.025"}, {100000000, "0.1"}, {500000000, "0.5"}, {2500000000, "2.5"}, {10000000000, "10"},
};
enum { BUCKETS = sizeof bounds / sizeof *bounds + 1 };

static const char *const served_names[] = {
    [SERVED_KEPT] = "kept", [SERVED_FAST] = "fast",       [SERVED_SLOW] = "slow",
    [SERVED_HASH] = "hash", [SERVED_REFUSED] = "refused",
};

struct tally {
    size_t routes;
    _Atomic uint64_t bytes, kept[KEPT_KINDS];
    struct {
        _Atomic uint64_t answers[BUCKETS], ns;
    } taken[SERVED_KINDS];
    _Atomic uint64_t answers[][STATUSES]; /* by row of the route table; the last is of those that fit none */
};

struct tally *tally_create(void)
{
    size_t routes;
    route_table(&routes);
    struct tally *tally = mem_alloc(sizeof *tally + (routes + 1) * sizeof tally->answers[0]);
    tally->routes = routes;
    return tally;
}

void tally_destroy(struct tally *tally)
{
    free(tally);
}

/* Nobody else adds to it. */
static void add(_Atomic uint64_t *sum, uint64_t more)
{
    atomic_store_explicit(sum, atomic_load_explicit(sum, memory_order_relaxed) + more, memory_order_relaxed);
}

static size_t status_index(int status)
{
    size_t i = 0;
    while (i < STATUSES - 1 && statuses[i] != status) {
        i++;
    }
    return i;
}

void tally_add(struct tally *tally, const struct answered *answered)
{
    size_t routes, bucket = 0;
    const struct route *table = route_table(&routes);
    size_t row = answered->route == NULL ? routes : (size_t)(answered->route - table);
    while (bucket < BUCKETS - 1 && answered->taken_ns > bounds[bucket].ns) {
        bucket++;
    }
    add(&tally->answers[row][status_index(answered->status)], 1);
    add(&tally->taken[answered->served].answers[bucket], 1);
    add(&tally->taken[answered->served].ns, answered->taken_ns);
    add(&tally->kept[answered->kept], 1);
    add(&tally->bytes, answered->bytes);
}

/* --- written out --------------------------------------------------------------------------------- */

/* Adds up one counter, of the first tally, and its fellows in the others. */
static uint64_t sum(struct tally *const *tallies, size_t len, const _Atomic uint64_t *counter)
{
    uint64_t total = 0;
    const void *first = tallies[0], *at = counter;
    size_t offset = (size_t)((const char *)at - (const char *)first);
    for (size_t i = 0; i < len; i++) {
        const void *fellow = (const char *)tallies[i] + offset;
        total += atomic_load_explicit((const _Atomic uint64_t *)fellow, memory_order_relaxed);
    }
    return total;
}

static void write_answers(struct tally *const *tallies, size_t len, struct buf *out)
{
    static const char name[] = "warta_http_requests_total";
    const struct tally *first = tallies[0];
    const struct route *table = route_table(&(size_t){0});
    metrics_family(out, name, "counter", "Requests that were answered, by row of the route table and status.");
    for (size_t i = 0; i <= first->routes; i++) {
        bool known = i < first->routes;
        for (size_t j = 0; j < STATUSES; j++) {
            char labels[LABELS_CAP], status[8] = "other";
            uint64_t answers = sum(tallies, len, &first->answers[i][j]);
            if (j < STATUSES - 1) {
                snprintf(status, sizeof status, "%d", statuses[j]);
            }
            snprintf(labels, sizeof labels, "method=\"%s\",route=\"%s\",status=\"%s\"",
                     known ? method_name(table[i].method) : "-", known ? table[i].pattern : "-", status);
            if (answers > 0) {
                metrics_count(out, name, labels, answers);
            }
        }
    }
}

static void write_taken(struct tally *const *tallies, size_t len, struct buf *out)
{
    static const char name[] = "warta_http_request_duration_seconds";
    const struct tally *first = tallies[0];
    metrics_family(out, name, "histogram", "From a request's head to its answer, by who gave it.");
    for (enum served served = SERVED_KEPT; served < SERVED_KINDS; served++) {
        uint64_t answers = 0;
        char labels[LABELS_CAP];
        for (size_t i = 0; i < BUCKETS; i++) {
            answers += sum(tallies, len, &first->taken[served].answers[i]);
            snprintf(labels, sizeof labels, "lane=\"%s\",le=\"%s\"", served_names[served],
                     i < BUCKETS - 1 ? bounds[i].le : "+Inf");
            metrics_count(out, "warta_http_request_duration_seconds_bucket", labels, answers);
        }
        snprintf(labels, sizeof labels, "lane=\"%s\"", served_names[served]);
        metrics_seconds(out, "warta_http_request_duration_seconds_sum", labels,
                        sum(tallies, len, &first->taken[served].ns));
        metrics_count(out, "warta_http_request_duration_seconds_count", labels, answers);
    }
}

void tally_write(struct tally *const *tallies, size_t len, struct buf *out)
{
    const struct tally *first = tallies[0];
    write_answers(tallies, len, out);
    write_taken(tallies, len, out);
    metrics_family(out, "warta_http_response_bytes_total", "counter", "Bytes of answers, without their heads.");
    metrics_count(out, "warta_http_response_bytes_total", "", sum(tallies, len, &first->bytes));
    metrics_family(out, "warta_cache_hits_total", "counter", "Requests that a finished page was there for.");
    metrics_count(out, "warta_cache_hits_total", "", sum(tallies, len, &first->kept[KEPT_HIT]));
    metrics_family(out, "warta_cache_misses_total", "counter", "Requests that a page to be kept was made for.");
    metrics_count(out, "warta_cache_misses_total", "", sum(tallies, len, &first->kept[KEPT_MISS]));
}
