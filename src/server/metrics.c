#include "metrics.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"
#include "warta/app/app.h"
#include "warta/base/mem.h"
#include "warta/base/metrics.h"
#include "warta/store/store.h"

enum { LABELS_CAP = 160 };

/* The most frequent ones first. What is not here counts as "other". */
static const int statuses[] = {200, 304, 404, 303, 301, 308, 206, 204, 400, 403, 405,
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
    [SERVED_KEPT] = "kept", [SERVED_READ] = "fast",       [SERVED_STAFF] = "slow",
    [SERVED_HASH] = "hash", [SERVED_REFUSED] = "refused",
};
static const char *const lane_names[LANES] = {[LANE_READ] = "fast",
                                              [LANE_STAFF] = "slow",
                                              [LANE_HASH] = "hash",
                                              [LANE_UPLOAD] = "upload",
                                              [LANE_SPOOL] = "spool"};

struct metrics {
    size_t routes;
    _Atomic uint64_t bytes, kept[KEPT_KINDS];
    struct {
        _Atomic uint64_t answers[BUCKETS], ns;
    } taken[SERVED_KINDS];
    _Atomic uint64_t answers[][STATUSES]; /* by row of the route table; the last is of those that fit none */
};

struct metrics *metrics_create(void)
{
    size_t routes;
    route_table(&routes);
    struct metrics *metrics = mem_alloc(sizeof *metrics + (routes + 1) * sizeof metrics->answers[0]);
    metrics->routes = routes;
    return metrics;
}

void metrics_destroy(struct metrics *metrics)
{
    free(metrics);
}

/* Nobody else adds to it. */
static void add(_Atomic uint64_t *sum, uint64_t more)
{
    atomic_store_explicit(sum, atomic_load_explicit(sum, memory_order_relaxed) + more, memory_order_relaxed);
}

static size_t status_index(int status)
{
    size_t i = 0;
    while (i < STATUSES - 1 && statuses[i] != status)
        i++;
    return i;
}

void metrics_add(struct metrics *metrics, const struct answered *answered)
{
    size_t routes, bucket = 0;
    const struct route *table = route_table(&routes);
    size_t row = answered->route == NULL ? routes : (size_t)(answered->route - table);
    while (bucket < BUCKETS - 1 && answered->taken_ns > bounds[bucket].ns)
        bucket++;
    add(&metrics->answers[row][status_index(answered->status)], 1);
    add(&metrics->taken[answered->served].answers[bucket], 1);
    add(&metrics->taken[answered->served].ns, answered->taken_ns);
    add(&metrics->kept[answered->kept], 1);
    add(&metrics->bytes, answered->bytes);
}

/* --- of the event loops --- */

/* Adds up one counter, of the first loop, and its fellows in the others. */
static uint64_t sum(const struct server *server, const _Atomic uint64_t *counter)
{
    uint64_t total = 0;
    const void *first = server->loops[0].metrics, *at = counter;
    size_t offset = (size_t)((const char *)at - (const char *)first);
    for (size_t i = 0; i < server->options.threads; i++) {
        const void *fellow = (const char *)server->loops[i].metrics + offset;
        total += atomic_load_explicit((const _Atomic uint64_t *)fellow, memory_order_relaxed);
    }
    return total;
}

static void write_answers(const struct server *server, struct buf *out)
{
    static const char name[] = "warta_http_requests_total";
    const struct metrics *first = server->loops[0].metrics;
    const struct route *table = route_table(&(size_t){0});
    metrics_family(out, name, "counter", "Requests that were answered, by row of the route table and status.");
    for (size_t i = 0; i <= first->routes; i++) {
        bool known = i < first->routes;
        for (size_t j = 0; j < STATUSES; j++) {
            char labels[LABELS_CAP], status[8] = "other";
            uint64_t answers = sum(server, &first->answers[i][j]);
            if (j < STATUSES - 1)
                snprintf(status, sizeof status, "%d", statuses[j]);
            snprintf(labels, sizeof labels, "method=\"%s\",route=\"%s\",status=\"%s\"",
                     known ? method_name(table[i].method) : "-", known ? table[i].pattern : "-", status);
            if (answers > 0)
                metrics_count(out, name, labels, answers);
        }
    }
}

static void write_taken(const struct server *server, struct buf *out)
{
    static const char name[] = "warta_http_request_duration_seconds";
    const struct metrics *first = server->loops[0].metrics;
    metrics_family(out, name, "histogram", "From a request's head to its answer, by who gave it.");
    for (enum served served = SERVED_KEPT; served < SERVED_KINDS; served++) {
        uint64_t answers = 0;
        char labels[LABELS_CAP];
        for (size_t i = 0; i < BUCKETS; i++) {
            answers += sum(server, &first->taken[served].answers[i]);
            snprintf(labels, sizeof labels, "lane=\"%s\",le=\"%s\"", served_names[served],
                     i < BUCKETS - 1 ? bounds[i].le : "+Inf");
            metrics_count(out, "warta_http_request_duration_seconds_bucket", labels, answers);
        }
        snprintf(labels, sizeof labels, "lane=\"%s\"", served_names[served]);
        metrics_seconds(out, "warta_http_request_duration_seconds_sum", labels, sum(server, &first->taken[served].ns));
        metrics_count(out, "warta_http_request_duration_seconds_count", labels, answers);
    }
}

static void one(struct buf *out, const char *name, const char *type, const char *help, uint64_t value)
{
    metrics_family(out, name, type, help);
    metrics_count(out, name, "", value);
}

static void write_server(struct server *server, struct buf *out)
{
    const struct metrics *first = server->loops[0].metrics;
    struct cache_stats cache = cache_stats(server->cache);
    one(out, "warta_http_response_bytes_total", "counter", "Bytes of answers, without their heads.",
        sum(server, &first->bytes));
    one(out, "warta_cache_hits_total", "counter", "Requests that a finished page was there for.",
        sum(server, &first->kept[KEPT_HIT]));
    one(out, "warta_cache_misses_total", "counter", "Requests that a page to be kept was made for.",
        sum(server, &first->kept[KEPT_MISS]));
    one(out, "warta_cache_bytes", "gauge", "Memory that finished pages take.", cache.bytes);
    one(out, "warta_cache_pages", "gauge", "Finished pages that are kept.", cache.pages);
    one(out, "warta_http_connections", "gauge", "Open connections.", atomic_load(&server->deadlines.count));
    one(out, "warta_http_connections_total", "counter", "Connections that were accepted.",
        atomic_load(&server->connections_total));
}

/* --- of lanes and statements --- */

static void write_lanes(const struct server *server, struct buf *out)
{
    char labels[LABELS_CAP];
    struct lane_stats stats[LANES];
    metrics_family(out, "warta_lane_waiting", "gauge", "Requests that wait for a thread of the lane.");
    for (size_t lane = LANE_READ; lane < LANES; lane++) {
        stats[lane] = lane_pool_stats(server->lanes[lane]);
        snprintf(labels, sizeof labels, "lane=\"%s\"", lane_names[lane]);
        metrics_count(out, "warta_lane_waiting", labels, stats[lane].waiting);
    }
    metrics_family(out, "warta_lane_refused_total", "counter", "Requests that found too many waiting.");
    for (size_t lane = LANE_READ; lane < LANES; lane++) {
        snprintf(labels, sizeof labels, "lane=\"%s\"", lane_names[lane]);
        metrics_count(out, "warta_lane_refused_total", labels, stats[lane].refused);
    }
}

/* A summary without quantiles: what it took on average is the one by the other. */
static void write_statements(const struct server *server, struct buf *out)
{
    static const char name[] = "warta_statement_duration_seconds";
    struct store_timing sums[STORE_TIMED] = {{0}};
    char labels[LABELS_CAP];
    for (size_t i = 0; i < server->apps_len; i++)
        app_timings_add(server->site.apps[i], sums);
    metrics_family(out, name, "summary",
                   "How long statements of the database took, waiting for locks and disks included.");
    for (size_t i = 0; i < STORE_TIMED; i++) {
        if (sums[i].runs == 0)
            continue;
        snprintf(labels, sizeof labels, "statement=\"%s\"", store_timed_name(i));
        metrics_seconds(out, "warta_statement_duration_seconds_sum", labels, sums[i].ns);
        metrics_count(out, "warta_statement_duration_seconds_count", labels, sums[i].runs);
    }
}

/* --- of the process --- */

void process_init(struct process *process)
{
    pthread_mutex_init(&process->mutex, NULL);
    process->open_files = opendir("/proc/self/fd");
    process->memory = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    process->start_unix = time(NULL);
}

void process_release(struct process *process)
{
    if (process->open_files != NULL)
        closedir(process->open_files);
    if (process->memory >= 0)
        close(process->memory);
    pthread_mutex_destroy(&process->mutex);
}

static uint64_t count_open_files(struct process *process)
{
    uint64_t files = 0;
    const struct dirent *entry;
    pthread_mutex_lock(&process->mutex);
    rewinddir(process->open_files);
    while ((entry = readdir(process->open_files)) != NULL)
        files += entry->d_name[0] != '.';
    pthread_mutex_unlock(&process->mutex);
    return files;
}

static uint64_t resident_bytes(const struct process *process)
{
    char text[128];
    ssize_t len = pread(process->memory, text, sizeof text - 1, 0);
    text[len > 0 ? len : 0] = '\0';
    char *rest;
    strtoull(text, &rest, 10); /* the addresses in use */
    return strtoull(rest, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void write_process(struct process *process, struct buf *out)
{
    struct timespec cpu;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    metrics_family(out, "process_cpu_seconds_total", "counter", "Time that processors spent on the process.");
    metrics_seconds(out, "process_cpu_seconds_total", "", (uint64_t)cpu.tv_sec * 1000000000 + (uint64_t)cpu.tv_nsec);
    one(out, "process_start_time_seconds", "gauge", "When the process started, in seconds since 1970.",
        (uint64_t)process->start_unix);
    if (process->open_files != NULL)
        one(out, "process_open_fds", "gauge", "Open files.", count_open_files(process));
    if (process->memory >= 0)
        one(out, "process_resident_memory_bytes", "gauge", "Memory in use.", resident_bytes(process));
}

/* --- all --- */

void metrics_write(struct server *server, struct buf *out)
{
    char labels[LABELS_CAP];
    write_answers(server, out);
    write_taken(server, out);
    write_server(server, out);
    write_lanes(server, out);
    write_statements(server, out);
    write_process(&server->process, out);
    metrics_family(out, "warta_build_info", "gauge",
                   "Always 1; the labels name the program's version and the library's.");
    snprintf(labels, sizeof labels, "version=\"%s\",libmicrohttpd=\"%s\"", WARTA_VERSION, MHD_get_version());
    metrics_count(out, "warta_build_info", labels, 1);
}
