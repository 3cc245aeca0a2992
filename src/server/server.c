#include "warta/server/server.h"

#include <assert.h>
#include <signal.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "loop.h"
#include "stream.h"
#include "warta/base/clock.h"
#include "warta/base/mem.h"

/* libmicrohttpd zeroes a connection's memory for each request, so more of it costs time; 12 KiB holds the longest head
 * that is taken. */
enum {
    CONNECTION_MEMORY = 12 * 1024,
    FILES_APART = 64, /* open files that are no connections, beside uploads and stores */
    FILES_OF_STORE = 4,
    FILES_MAX = 1 << 20, /* descriptors that the table of deadlines has slots for */
    STOP_GRACE_MS = 1000,
    WATCH_EVERY_MS = 50,
    BUSY_NICE = 10,     /* of what fills whole cores, which readers need for moments only */
    FORMS_AT_ONCE = 16, /* of the largest ones, that there is room for */
    MEMORY_MAX = 256,   /* MiB of bodies in memory */
    MEBIBYTE = 1024 * 1024
};

static unsigned or_default(unsigned value, unsigned fallback)
{
    return value == 0 ? fallback : value;
}

/* --- the lanes --- */

/* In the order of their apps. */
static const struct lane_row {
    enum { READS, WRITES } access;
    size_t queue_max, client_max;
    int nice;
    const char *name;
} lane_rows[LANES] = {
    [LANE_READ] = {READS, SERVER_READ_QUEUE, SERVER_READ_QUEUE / 2, 0, "read"},
    [LANE_STAFF] = {WRITES, SERVER_STAFF_QUEUE, SERVER_STAFF_QUEUE / 2, 0, "staff"},
    [LANE_HASH] = {WRITES, SERVER_HASH_QUEUE, SERVER_HASH_QUEUE / 8, BUSY_NICE, "hashing"},
    [LANE_UPLOAD] = {WRITES, SERVER_STAFF_QUEUE, SERVER_STAFF_QUEUE / 2, BUSY_NICE, "upload"},
    [LANE_SPOOL] = {READS, SIZE_MAX, SIZE_MAX, BUSY_NICE, "spool"},
};

static size_t lane_threads(const struct server *server, size_t lane)
{
    const size_t threads[LANES] = {[LANE_READ] = server->options.read_threads,
                                   [LANE_STAFF] = SERVER_STAFF_THREADS,
                                   [LANE_HASH] = server->options.hash_threads,
                                   [LANE_UPLOAD] = 1,
                                   [LANE_SPOOL] = 1};
    return threads[lane];
}

size_t server_apps_len(const struct server *server)
{
    size_t len = 1;
    for (size_t lane = LANE_READ; lane < LANES; lane++)
        len += lane_threads(server, lane);
    return len;
}

bool server_app_writes(const struct server *server, size_t i)
{
    for (size_t lane = LANE_READ; lane < LANES; i -= lane_threads(server, lane), lane++)
        if (i < lane_threads(server, lane))
            return lane_rows[lane].access == WRITES;
    return false;
}

static bool start_lanes(struct server *server)
{
    struct app **apps = server->site.apps;
    for (size_t lane = LANE_READ; lane < LANES; apps += lane_threads(server, lane), lane++) {
        const struct lane_row *row = &lane_rows[lane];
        server->lanes[lane] =
            lane_pool_create(apps, lane_threads(server, lane), row->queue_max, row->client_max, row->nice);
        if (server->lanes[lane] == NULL)
            return false;
    }
    return true;
}

/* From then on a lane takes nothing more, so no connection is suspended, which libmicrohttpd could not be stopped with. */
static void stop_lanes(struct server *server)
{
    for (size_t lane = LANE_READ; lane < LANES; lane++)
        if (server->lanes[lane] != NULL)
            lane_pool_stop(server->lanes[lane]);
}

/* --- threads beside them --- */

/* On the deadlines' thread. What is logged waits for no more than a second. */
static void flush_logs(void *context)
{
    struct server *server = context;
    for (size_t i = 0; i < server->options.threads; i++)
        log_buffer_flush(&server->loops[i].log_lines);
}

static void run_check(void *context, struct app *app)
{
    (void)app;
    struct server *server = context;
    server->site.check(server->site.check_context);
    atomic_store(&server->checking, false);
}

/* A check that a disk holds up is not begun a second time. */
static void begin_check(struct server *server)
{
    if (server->site.check == NULL || atomic_exchange(&server->checking, true))
        return;
    server->check = (struct lane_job){.run = run_check, .context = server};
    if (!lane_pool_submit(server->lanes[LANE_STAFF], &server->check))
        atomic_store(&server->checking, false);
}

/* Sees the commits of other processes, and has the site checked now and then. */
static void *watch(void *context)
{
    struct server *server = context;
    struct app *app = server->site.apps[server_apps_len(server) - 1];
    const struct timespec pause = {.tv_nsec = WATCH_EVERY_MS * 1000000L};
    int64_t checked_ms = clock_ms();
    while (!atomic_load(&server->stopping)) {
        struct content content;
        if (app_content(app, &content))
            cache_follow(server->cache, &content, server->site.clock());
        if (clock_ms() - checked_ms >= SERVER_CHECK_MS) {
            checked_ms = clock_ms();
            begin_check(server);
        }
        nanosleep(&pause, NULL);
    }
    return NULL;
}

/* --- start and stop --- */

/* How many descriptors the process may have, once its limit has been raised as far as it goes. */
static size_t files_max(void)
{
    struct rlimit files = {.rlim_cur = FILES_MAX};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max < FILES_MAX ? files.rlim_max : FILES_MAX;
        setrlimit(RLIMIT_NOFILE, &files);
        getrlimit(RLIMIT_NOFILE, &files);
    }
    return files.rlim_cur < FILES_MAX ? files.rlim_cur : FILES_MAX;
}

/* Each connection may be sent a file. */
static unsigned allowed_connections(unsigned wanted, size_t files, size_t stores)
{
    size_t apart = FILES_APART + FORMS_AT_ONCE + FILES_OF_STORE * stores;
    size_t most = files > apart + 2 * FILES_APART ? (files - apart) / 2 : FILES_APART;
    return most < wanted ? (unsigned)most : wanted;
}

static struct server_options with_defaults(const struct server_options *given)
{
    struct server_options options = *given;
    options.threads = or_default(given->threads, 1);
    options.read_threads = or_default(given->read_threads, 2);
    options.hash_threads = or_default(given->hash_threads, 1);
    assert(options.hash_threads <= SERVER_HASH_THREADS_MAX);
    options.body_max = given->body_max == 0 ? MEBIBYTE : given->body_max;
    options.upload_body_max =
        given->upload_body_max == 0 ? 25 * MEBIBYTE + SERVER_UPLOAD_SLACK : given->upload_body_max;
    options.connections_max = or_default(given->connections_max, 8192);
    options.connection_memory = given->connection_memory == 0 ? CONNECTION_MEMORY : given->connection_memory;
    options.head_ms = or_default(given->head_ms, 10000);
    options.body_ms = or_default(given->body_ms, 30000);
    options.idle_ms = or_default(given->idle_ms, 30000);
    options.stop_ms = or_default(given->stop_ms, 10000);
    options.lane_limit_ms = or_default(given->lane_limit_ms, 60000);
    assert(options.upload_body_max >= SERVER_UPLOAD_SLACK && options.upload_body_max >= 2 * options.body_max);
    return options;
}

/* What the lanes still finish after the time to stop is up has a moment to be sent. */
static void drain(struct server *server)
{
    const struct server_options *options = &server->options;
    bool drained = deadlines_drain(&server->deadlines, STOP_GRACE_MS, options->stop_ms);
    stop_lanes(server);
    if (!drained && !deadlines_drain(&server->deadlines, 0, STOP_GRACE_MS))
        log_write(options->log, LOG_WARN, NULL, "connections cut short: they took longer than %u ms to finish",
                  options->stop_ms);
}

static void close_sockets(struct server *server)
{
    bool ours = server->options.handed_over_len == 0;
    listen_close(server->sockets, server->options.threads, ours ? server->address : NULL);
    server->listening = false;
}

/* Also of a server that did not start in whole. */
static void halt(struct server *server)
{
    atomic_store(&server->stopping, true);
    for (size_t i = 0; i < server->options.threads; i++) {
        if (server->loops[i].daemon == NULL)
            continue;
        heartbeat_end(&server->loops[i].heartbeat);
        MHD_quiesce_daemon(server->loops[i].daemon);
    }
    close_sockets(server);
    if (server->watching)
        pthread_join(server->watch, NULL);
    drain(server);
    for (size_t i = 0; i < server->options.threads; i++) {
        MHD_stop_daemon(server->loops[i].daemon);
        replies_destroy(server->loops[i].replies);
    }
    for (size_t lane = LANE_READ; lane < LANES; lane++)
        lane_pool_destroy(server->lanes[lane]);
    deadlines_release(&server->deadlines);
    server->running = false;
}

/* Pages are looked for in an epoch that has been read, so that the first ones are dated. */
static bool start(struct server *server)
{
    struct content content;
    size_t files = files_max();
    unsigned connections = allowed_connections(server->options.connections_max, files, server_apps_len(server));
    server->options.connections_max = connections;
    server->by_socket = mem_alloc(files * sizeof(struct connection *));
    if (!deadlines_init(&server->deadlines, files, connections, flush_logs, server))
        return false;
    server->running = true;
    if (app_content(server->site.apps[0], &content))
        cache_follow(server->cache, &content, server->site.clock());
    bool started = start_lanes(server);
    server->watching = started && pthread_create(&server->watch, NULL, watch, server) == 0;
    started = server->watching;
    for (size_t i = 0; started && i < server->options.threads; i++) {
        started = loop_start(&server->loops[i], server->sockets[i]);
        if (!started)
            server->sockets[i] = -1; /* libmicrohttpd has closed it */
    }
    if (!started)
        halt(server);
    return started;
}

static void write_metrics(void *server, struct buf *out)
{
    metrics_write(server, out);
}

static void resume(struct cache_asker *asker)
{
    MHD_resume_connection(stream_of_asker(asker)->client);
}

struct server *server_open(const struct server_options *options, char *error, size_t error_len)
{
    unsigned threads = or_default(options->threads, 1);
    struct server *server = mem_alloc(sizeof *server + threads * sizeof server->loops[0]);
    server->options = with_defaults(options);
    server->spool = (struct spool){.folder = server->options.spool_dir,
                                   .disk.max = FORMS_AT_ONCE * server->options.upload_body_max,
                                   .memory.max = (size_t)MEMORY_MAX * MEBIBYTE};
    snprintf(
        server->limits, sizeof server->limits,
        "That is too large to send: at most %zu MB of files, %d of them, and %zu MB of text. Go back and send less "
        "at once.",
        (server->options.upload_body_max - SERVER_UPLOAD_SLACK) / MEBIBYTE, FORM_DATA_UPLOADS_MAX,
        server->options.body_max / MEBIBYTE);
    server->cache = cache_create(options->cache_max, resume);
    randombytes_buf(server->key, sizeof server->key);
    server->sockets = mem_alloc(threads * sizeof server->sockets[0]);
    process_init(&server->process);
    server->metrics = (struct metrics_source){.write = write_metrics, .context = server};
    for (size_t i = 0; i < threads; i++) {
        struct loop *loop = &server->loops[i];
        loop->server = server;
        loop->run = randombytes_random();
        loop->metrics = metrics_create();
        log_buffer_init(&loop->log_lines, server->options.log);
    }
    server->listening = options->handed_over_len > 0
                            ? listen_adopt(options->handed_over, options->handed_over_len, server->sockets, threads,
                                           server->address, error, error_len)
                            : listen_open(options->listen, server->sockets, threads, server->address, error, error_len);
    if (server->listening)
        return server;
    server_destroy(server);
    return NULL;
}

const char *server_address(const struct server *server)
{
    return server->address;
}

const struct metrics_source *server_metrics(const struct server *server)
{
    return &server->metrics;
}

bool server_start(struct server *server, const struct server_site *site, char *error, size_t error_len)
{
    sigset_t all, before;
    server->site = *site;
    server->apps_len = server_apps_len(server);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* new threads inherit it */
    bool started = start(server);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!started)
        snprintf(error, error_len,
                 "cannot start the server's threads: allow this user more threads, memory and open files");
    return started;
}

bool server_alive(struct server *server, unsigned within_ms)
{
    bool alive = true;
    for (size_t i = 0; i < server->options.threads; i++)
        alive = heartbeat_ask(&server->loops[i].heartbeat, within_ms) && alive;
    for (size_t lane = LANE_READ; lane < LANES; lane++) {
        if (lane_pool_alive(server->lanes[lane], server->options.lane_limit_ms))
            continue;
        log_write(server->options.log, LOG_ERROR, NULL, "all threads of the %s lane are stuck", lane_rows[lane].name);
        alive = false;
    }
    return alive;
}

void server_destroy(struct server *server)
{
    if (server == NULL)
        return;
    if (server->running)
        halt(server);
    if (server->listening)
        close_sockets(server);
    for (size_t i = 0; i < server->options.threads; i++) {
        struct loop *loop = &server->loops[i];
        log_buffer_release(&loop->log_lines);
        metrics_destroy(loop->metrics);
        buf_release(&loop->target);
        buf_release(&loop->line);
    }
    process_release(&server->process);
    cache_destroy(server->cache);
    free(server->by_socket);
    free(server->sockets);
    free(server);
}
