#include "numbers.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "warta/base/metrics.h"
#include "warta/store/store.h"
#include "worker.h"

enum { LABELS_CAP = 96 };

void numbers_init(struct numbers *numbers)
{
    pthread_mutex_init(&numbers->mutex, NULL);
    numbers->open_files = opendir("/proc/self/fd");
    numbers->memory = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    numbers->start_unix = time(NULL);
}

void numbers_release(struct numbers *numbers)
{
    if (numbers->open_files != NULL) {
        closedir(numbers->open_files);
    }
    if (numbers->memory >= 0) {
        close(numbers->memory);
    }
    pthread_mutex_destroy(&numbers->mutex);
}

static void one(struct buf *out, const char *name, const char *type, const char *help, uint64_t value)
{
    metrics_family(out, name, type, help);
    metrics_count(out, name, "", value);
}

/* --- the process --------------------------------------------------------------------------------- */

static uint64_t count_open_files(struct numbers *numbers)
{
    uint64_t files = 0;
    pthread_mutex_lock(&numbers->mutex);
    rewinddir(numbers->open_files);
    for (const struct dirent *entry = readdir(numbers->open_files); entry != NULL;
         entry = readdir(numbers->open_files)) {
        files += entry->d_name[0] != '.';
    }
    pthread_mutex_unlock(&numbers->mutex);
    return files;
}

static void write_memory(const struct numbers *numbers, struct buf *out)
{
    char text[128];
    ssize_t len = pread(numbers->memory, text, sizeof text - 1, 0);
    text[len > 0 ? len : 0] = '\0';
    char *rest;
    strtoull(text, &rest, 10); /* what is mapped */
    uint64_t resident = strtoull(rest, NULL, 10);
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    one(out, "process_resident_memory_bytes", "gauge", "Memory in use.", resident * page);
}

static void write_process(struct numbers *numbers, struct buf *out)
{
    struct timespec cpu;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    metrics_family(out, "process_cpu_seconds_total", "counter", "Time that processors spent on the process.");
    metrics_seconds(out, "process_cpu_seconds_total", "", (uint64_t)cpu.tv_sec * 1000000000 + (uint64_t)cpu.tv_nsec);
    one(out, "process_start_time_seconds", "gauge", "When the process started, in seconds since 1970.",
        (uint64_t)numbers->start_unix);
    if (numbers->open_files != NULL) {
        one(out, "process_open_fds", "gauge", "Open files.", count_open_files(numbers));
    }
    if (numbers->memory >= 0) {
        write_memory(numbers, out);
    }
}

/* --- the server ---------------------------------------------------------------------------------- */

static void write_lanes(const struct server *server, struct buf *out)
{
    static const char *const labels[LANES] = {[LANE_SLOW] = "lane=\"slow\"",
                                              [LANE_HASH] = "lane=\"hash\"",
                                              [LANE_UPLOAD] = "lane=\"upload\"",
                                              [LANE_SPOOL] = "lane=\"spool\""};
    struct lane_stats stats[LANES];
    for (size_t lane = LANE_SLOW; lane < LANES; lane++) {
        stats[lane] = lane_pool_stats(server->lanes[lane]);
    }
    metrics_family(out, "warta_lane_waiting", "gauge", "Requests that wait for a thread of the lane.");
    for (size_t lane = LANE_SLOW; lane < LANES; lane++) {
        metrics_count(out, "warta_lane_waiting", labels[lane], stats[lane].waiting);
    }
    metrics_family(out, "warta_lane_refused_total", "counter", "Requests that found too many waiting.");
    for (size_t lane = LANE_SLOW; lane < LANES; lane++) {
        metrics_count(out, "warta_lane_refused_total", labels[lane], stats[lane].refused);
    }
}

static void add_timings(struct app **apps, size_t len, struct store_timing sums[static STORE_TIMED])
{
    for (size_t i = 0; i < len; i++) {
        app_timings_add(apps[i], sums);
    }
}

/* A summary without quantiles: what it took on average is the one by the other. */
static void write_statements(const struct server *server, struct buf *out)
{
    static const char name[] = "warta_statement_duration_seconds";
    struct store_timing sums[STORE_TIMED] = {{0}};
    char labels[LABELS_CAP];
    add_timings(server->apps.fast, server->options.threads, sums);
    add_timings(server->apps.slow, SERVER_SLOW_THREADS, sums);
    add_timings(server->apps.hash, server->options.hash_threads, sums);
    add_timings((struct app *[]){server->apps.upload}, 1, sums);
    metrics_family(out, name, "summary",
                   "How long statements of the database took, waiting for locks and disks included.");
    for (size_t i = 0; i < STORE_TIMED; i++) {
        if (sums[i].runs > 0) {
            snprintf(labels, sizeof labels, "statement=\"%s\"", store_timed_name(i));
            metrics_seconds(out, "warta_statement_duration_seconds_sum", labels, sums[i].ns);
            metrics_count(out, "warta_statement_duration_seconds_count", labels, sums[i].runs);
        }
    }
}

void numbers_write(struct server *server, struct buf *out)
{
    struct cache_stats cache = cache_stats(server->cache);
    struct tally **tallies = mem_alloc(server->options.threads * sizeof(struct tally *));
    for (size_t i = 0; i < server->options.threads; i++) {
        tallies[i] = server->workers[i].tally;
    }
    tally_write(tallies, server->options.threads, out);
    free(tallies);
    one(out, "warta_cache_bytes", "gauge", "Memory that finished pages take.", cache.bytes);
    one(out, "warta_cache_pages", "gauge", "Finished pages that are kept.", cache.pages);
    one(out, "warta_http_connections", "gauge", "Open connections.", atomic_load(&server->connections));
    one(out, "warta_http_connections_total", "counter", "Connections that were accepted.",
        atomic_load(&server->connections_total));
    write_lanes(server, out);
    write_statements(server, out);
    write_process(&server->numbers, out);
    metrics_family(out, "warta_build_info", "gauge",
                   "Always 1; the labels tell the program's version and the library's.");
    char labels[LABELS_CAP];
    snprintf(labels, sizeof labels, "version=\"%s\",libmicrohttpd=\"%s\"", WARTA_VERSION, MHD_get_version());
    metrics_count(out, "warta_build_info", labels, 1);
}
