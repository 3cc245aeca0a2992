#include "warta/server/server.h"

#include <assert.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "hot.h"
#include "warta/base/mem.h"
#include "worker.h"

/* libmicrohttpd zeroes a connection's memory for each request, so more of it costs time; 12 KiB holds the longest head
 * that is taken. */
enum {
    CONNECTION_MEMORY = 12 * 1024,
    FILES_APART = 64, /* open files that are no connections, beside uploads and stores */
    FILES_OF_STORE = 4,
    STOP_GRACE_MS = 1000,
    BUSY_NICE = 10,      /* of what fills whole cores, which readers need for moments only */
    FORMS_AT_ONCE = 16,  /* of the largest ones, that there is room for */
    TEXTS_AT_ONCE = 128, /* of the longest ones, likewise: 256 MiB */
    MEBIBYTE = 1024 * 1024,
    LOG_LINE_CAP = 512
};

/* Escapes stay as sent: the pipeline decodes them, once. */
static size_t keep_escapes(void *unused, struct MHD_Connection *client, char *text)
{
    (void)unused;
    (void)client;
    return strlen(text);
}

/* --- connections come and go --------------------------------------------------------------------- */

static void on_connection(void *context, struct MHD_Connection *client, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct server *server = context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        struct connection *connection = mem_alloc(sizeof *connection);
        listen_client(MHD_get_connection_info(client, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
                      connection->client);
        int fd = MHD_get_connection_info(client, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        reaper_add(&server->reaper, &connection->reaped, fd, server->options.head_ms);
        atomic_fetch_add_explicit(&server->connections, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&server->connections_total, 1, memory_order_relaxed);
        *socket_context = connection;
    } else {
        struct connection *connection = *socket_context;
        atomic_fetch_sub_explicit(&server->connections, 1, memory_order_relaxed);
        reaper_remove(&server->reaper, &connection->reaped);
        transfer_end(connection);
        free(connection);
    }
}

/* Mostly of clients that went away, so a matter for debugging. */
__attribute__((format(printf, 2, 0))) static void on_log(void *context, const char *format, va_list arguments)
{
    const struct server *server = context;
    char line[LOG_LINE_CAP];
    vsnprintf(line, sizeof line, format, arguments);
    line[strcspn(line, "\n")] = '\0';
    log_write(server->options.log, LOG_DEBUG, NULL, "libmicrohttpd: %s", line);
}

/* --- start and stop ------------------------------------------------------------------------------ */

static unsigned or_default(unsigned value, unsigned fallback)
{
    return value == 0 ? fallback : value;
}

/* The connections that the process's limit of open files allows, once it has been raised as far as it goes. */
static unsigned allowed_connections(unsigned wanted, unsigned threads)
{
    struct rlimit files;
    unsigned stores = threads + SERVER_SLOW_THREADS + SERVER_HASH_THREADS_MAX + 1;
    unsigned apart = FILES_APART + FORMS_AT_ONCE * BODY_UPLOADS_MAX + FILES_OF_STORE * stores;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return wanted;
    }
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    getrlimit(RLIMIT_NOFILE, &files);
    rlim_t most = files.rlim_cur > apart + FILES_APART ? files.rlim_cur - apart : FILES_APART;
    return most < wanted ? (unsigned)most : wanted;
}

static struct server_options with_defaults(const struct server_options *given)
{
    struct server_options options = *given;
    options.threads = or_default(given->threads, 1);
    options.hash_threads = or_default(given->hash_threads, 1);
    assert(options.hash_threads <= SERVER_HASH_THREADS_MAX);
    options.body_max = given->body_max == 0 ? MEBIBYTE : given->body_max;
    options.upload_body_max = given->upload_body_max;
    if (options.upload_body_max == 0) {
        options.upload_body_max = 25 * MEBIBYTE + SERVER_UPLOAD_SLACK;
    }
    options.connections_max = allowed_connections(or_default(given->connections_max, 8192), options.threads);
    options.connection_memory = given->connection_memory == 0 ? CONNECTION_MEMORY : given->connection_memory;
    options.head_ms = or_default(given->head_ms, 10000);
    options.body_ms = or_default(given->body_ms, 30000);
    options.idle_ms = or_default(given->idle_ms, 30000);
    options.stop_ms = or_default(given->stop_ms, 10000);
    options.lane_limit_ms = or_default(given->lane_limit_ms, 60000);
    assert(options.upload_body_max >= SERVER_UPLOAD_SLACK && options.upload_body_max >= CARRIED * options.body_max);
    return options;
}

/* Without MHD_OPTION_STRICT_FOR_CLIENT, which only refuses what the guard refuses, but in silence or twice. */
static bool start_worker(struct server *server, size_t i, struct app *app)
{
    const struct server_options *options = &server->options;
    struct worker *worker = &server->workers[i];
    unsigned connections = options->connections_max / options->threads;
    worker->app = app;
    worker->hot = hot_create();
    /* clang-format off */
    worker->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME |
                                          MHD_USE_ERROR_LOG,
                                      0, NULL, NULL, transfer_step, worker,
                                      MHD_OPTION_EXTERNAL_LOGGER, on_log, server, /* must be the first option */
                                      MHD_OPTION_LISTEN_SOCKET, server->sockets[i],
                                      MHD_OPTION_CONNECTION_LIMIT, connections > 0 ? connections : 1,
                                      MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->connection_memory,
                                      MHD_OPTION_CONNECTION_TIMEOUT, (options->idle_ms + 999) / 1000,
                                      MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
                                      MHD_OPTION_URI_LOG_CALLBACK, transfer_begin, server,
                                      MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
                                      MHD_OPTION_NOTIFY_COMPLETED, transfer_completed, server,
                                      MHD_OPTION_END);
    /* clang-format on */
    worker->heartbeat = (struct heartbeat){.fd = -1, .daemon = worker->daemon, .log = options->log};
    if (worker->daemon == NULL) {
        server->sockets[i] = -1; /* libmicrohttpd has closed it */
    }
    return worker->daemon != NULL;
}

static bool start_lanes(struct server *server, const struct server_apps *apps)
{
    server->lanes[LANE_SLOW] = lane_pool_create(apps->slow, SERVER_SLOW_THREADS, SERVER_SLOW_QUEUE, 0);
    server->lanes[LANE_HASH] = lane_pool_create(apps->hash, server->options.hash_threads, SERVER_HASH_QUEUE, BUSY_NICE);
    server->lanes[LANE_UPLOAD] = lane_pool_create((struct app *[]){apps->upload}, 1, SERVER_SLOW_QUEUE, BUSY_NICE);
    server->lanes[LANE_SPOOL] = lane_pool_create((struct app *[]){NULL}, 1, SIZE_MAX, BUSY_NICE);
    bool started = true;
    for (size_t lane = LANE_SLOW; lane < LANES; lane++) {
        started = started && server->lanes[lane] != NULL;
    }
    return started;
}

/* From then on a lane takes nothing more, so no connection is suspended, which libmicrohttpd could not be stopped with. */
static void stop_lanes(struct server *server)
{
    for (size_t lane = LANE_SLOW; lane < LANES; lane++) {
        if (server->lanes[lane] != NULL) {
            lane_pool_stop(server->lanes[lane]);
        }
    }
}

static void stop_workers(struct server *server)
{
    for (size_t i = 0; i < server->options.threads; i++) {
        MHD_stop_daemon(server->workers[i].daemon);
        hot_destroy(server->workers[i].hot);
    }
}

/* What the lanes still finish after the time to stop is up has a moment to be sent. */
static void drain(struct server *server)
{
    const struct server_options *options = &server->options;
    bool drained = reaper_drain(&server->reaper, STOP_GRACE_MS, options->stop_ms);
    stop_lanes(server);
    if (!drained && !reaper_drain(&server->reaper, 0, STOP_GRACE_MS)) {
        log_write(options->log, LOG_WARN, NULL, "connections cut short: they took longer than %u ms to finish",
                  options->stop_ms);
    }
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
        if (server->workers[i].daemon != NULL) {
            heartbeat_end(&server->workers[i].heartbeat);
            MHD_quiesce_daemon(server->workers[i].daemon);
        }
    }
    close_sockets(server);
    drain(server);
    stop_workers(server);
    for (size_t lane = LANE_SLOW; lane < LANES; lane++) {
        lane_pool_destroy(server->lanes[lane]);
    }
    reaper_release(&server->reaper);
    server->running = false;
}

/* On the reaper's thread. What is logged waits for no more than a second. */
static void flush_logs(void *context)
{
    struct server *server = context;
    for (size_t i = 0; i < server->options.threads; i++) {
        log_buffer_flush(&server->workers[i].log_lines);
    }
}

static bool start(struct server *server, const struct server_apps *apps)
{
    if (!reaper_init(&server->reaper, flush_logs, server)) {
        return false;
    }
    server->running = true;
    server->apps = *apps;
    bool started = start_lanes(server, apps);
    for (size_t i = 0; started && i < server->options.threads; i++) {
        started = start_worker(server, i, apps->fast[i]);
    }
    if (!started) {
        halt(server);
    }
    return started;
}

static void write_metrics(void *server, struct buf *out)
{
    numbers_write(server, out);
}

static void init_worker(struct server *server, struct worker *worker)
{
    worker->server = server;
    worker->run = randombytes_random();
    worker->tally = tally_create();
    log_buffer_init(&worker->log_lines, server->options.log);
}

static void release_worker(struct worker *worker)
{
    log_buffer_release(&worker->log_lines);
    tally_destroy(worker->tally);
    buf_release(&worker->target);
    buf_release(&worker->line);
}

struct server *server_open(const struct server_options *options, char *error, size_t error_len)
{
    unsigned threads = or_default(options->threads, 1);
    struct server *server = mem_alloc(sizeof *server + threads * sizeof server->workers[0]);
    server->options = with_defaults(options);
    server->spool = (struct spool){.folder = server->options.spool_dir,
                                   .max = FORMS_AT_ONCE * server->options.upload_body_max,
                                   .files_max = FORMS_AT_ONCE * BODY_UPLOADS_MAX,
                                   .text_max = TEXTS_AT_ONCE * CARRIED * server->options.body_max};
    snprintf(server->limits, sizeof server->limits,
             "What was sent is larger than this server takes: at most %zu MB of files, %d of them, and %zu MB of text. "
             "Go back, and send less at once.",
             (server->options.upload_body_max - SERVER_UPLOAD_SLACK) / MEBIBYTE, BODY_UPLOADS_MAX,
             server->options.body_max / MEBIBYTE);
    server->cache = cache_create(options->cache_max);
    server->sockets = mem_alloc(threads * sizeof server->sockets[0]);
    numbers_init(&server->numbers);
    server->metrics = (struct metrics_source){.write = write_metrics, .context = server};
    for (size_t i = 0; i < threads; i++) {
        init_worker(server, &server->workers[i]);
    }
    server->listening = options->handed_over_len > 0
                            ? listen_adopt(options->handed_over, options->handed_over_len, server->sockets, threads,
                                           server->address, error, error_len)
                            : listen_open(options->listen, server->sockets, threads, server->address, error, error_len);
    if (server->listening) {
        return server;
    }
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

bool server_start(struct server *server, const struct server_apps *apps, char *error, size_t error_len)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* new threads inherit it */
    bool started = start(server, apps);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!started) {
        snprintf(error, error_len,
                 "cannot start the server's threads: allow this user more threads, memory and open files");
    }
    return started;
}

bool server_alive(struct server *server, unsigned within_ms)
{
    static const char *const names[LANES] = {
        [LANE_SLOW] = "slow", [LANE_HASH] = "hashing", [LANE_UPLOAD] = "upload", [LANE_SPOOL] = "spool"};
    bool alive = true;
    for (size_t i = 0; i < server->options.threads; i++) {
        alive = heartbeat_ask(&server->workers[i].heartbeat, within_ms) && alive;
    }
    for (size_t lane = LANE_SLOW; lane < LANES; lane++) {
        if (!lane_pool_alive(server->lanes[lane], server->options.lane_limit_ms)) {
            log_write(server->options.log, LOG_ERROR, NULL, "all threads of the %s lane are stuck", names[lane]);
            alive = false;
        }
    }
    return alive;
}

void server_destroy(struct server *server)
{
    if (server == NULL) {
        return;
    }
    if (server->running) {
        halt(server);
    }
    if (server->listening) {
        close_sockets(server);
    }
    for (size_t i = 0; i < server->options.threads; i++) {
        release_worker(&server->workers[i]);
    }
    numbers_release(&server->numbers);
    cache_destroy(server->cache);
    free(server->sockets);
    free(server);
}
