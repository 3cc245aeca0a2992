#include "warta/server/server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "answer.h"
#include "warta/app/app.h"
#include "warta/base/mem.h"
#include "warta/server/body.h"
#include "warta/server/guard.h"
#include "warta/server/lane.h"
#include "warta/server/listen.h"
#include "warta/server/multipart.h"
#include "warta/server/reaper.h"

/* libmicrohttpd zeroes a connection's memory for each request, so more of it costs time; 16 KiB holds the longest head
 * that is taken. */
enum {
    CONNECTION_MEMORY = 16 * 1024,
    QUERY_PARTS_MAX = 128, /* libmicrohttpd notes each part there, and hangs where some 200 do not fit */
    FILES_APART = 64,      /* open files that are no connections, beside uploads and stores */
    FILES_OF_STORE = 4,
    STOP_GRACE_MS = 1000,
    BODY_BYTES_PER_SECOND = 64 * 1024,
    HASH_NICE = 10,     /* hashing fills whole cores, which readers need for moments only */
    CARRIED = 2,        /* how much longer a form gets that waits for a login: it is encoded once more on the way */
    FORMS_AT_ONCE = 16, /* of the largest ones, that there is room for */
    MEBIBYTE = 1024 * 1024,
    WORDS_CAP = 160,
    LOG_LINE_CAP = 512
};

struct worker {
    struct server *server;
    struct app *app;
    struct MHD_Daemon *daemon;
};

struct server {
    struct server_options options;
    char address[LISTEN_ADDRESS_CAP];
    char limits[WORDS_CAP]; /* of bodies, in words */
    struct spool spool;
    struct lane_pool *lanes[LANE_HASH + 1]; /* NULL for the fast one */
    struct reaper reaper;
    atomic_bool stopping;
    bool listening, running;
    int *sockets; /* one for each worker */
    struct worker workers[];
};

/* libmicrohttpd 0.9.75 forgets to say that some requests have ended, when it refuses them itself, so what is known of a
 * request hangs on its connection too. */
struct connection {
    struct reaped reaped;
    struct transfer *transfer; /* owned; NULL between requests */
    char client[INET6_ADDRSTRLEN];
};

/* One request on its way in, and through its lane. While it is there, only the lane's thread touches it. */
struct transfer {
    struct connection *connection;
    struct MHD_Connection *client;
    bool begun, handled;
    struct body body;
    struct header headers[GUARD_HEADERS_MAX];
    size_t headers_len; /* how many were sent */
    size_t fields_len;  /* bytes of the head they account for */
    struct request request;
    enum lane lane;
    struct lane_job job;
    struct response response;
    char target[]; /* cut at the '?' once it was looked at */
};

/* --- answers ------------------------------------------------------------------------------------- */

static enum MHD_Result refuse(const struct server *server, struct MHD_Connection *client, int status)
{
    const char *words = "";
    switch (status) {
    case 400:
        words = "The request is malformed and was not looked at.";
        break;
    case 413:
        words = server->limits;
        break;
    case 414:
        words = "The address is longer than this server takes.";
        break;
    case 431:
        words = "The request has more headers than this server takes.";
        break;
    case 503:
        words = "The server has no room for this right now, and nothing was done. Please try again in a few seconds.";
        break;
    default:
        assert(false);
    }
    return answer_refuse(server->options.log, client, status, words);
}

static enum MHD_Result send_response(const struct server *server, struct transfer *transfer)
{
    bool last = atomic_load_explicit(&server->stopping, memory_order_relaxed);
    body_release(&transfer->body); /* a reader may take its time */
    return answer_send(server->options.log, transfer->client, &transfer->response, last);
}

/* On a thread of a lane. Once it is resumed, the connection's own thread may be through with the transfer. */
static void handle(void *context, struct app *app)
{
    struct transfer *transfer = context;
    app_handle(app, &transfer->request, &transfer->response);
    assert(transfer->response.stream.read == NULL);
    transfer->handled = true;
    MHD_resume_connection(transfer->client);
}

/* Suspended first, as the lane may be done before lane_pool_submit returns. A suspended connection may be given an
 * answer, which goes out when it is resumed. */
static enum MHD_Result hand_over(struct server *server, struct transfer *transfer)
{
    transfer->job = (struct lane_job){.run = handle, .context = transfer};
    MHD_suspend_connection(transfer->client);
    if (lane_pool_submit(server->lanes[transfer->lane], &transfer->job)) {
        return MHD_YES;
    }
    log_write(server->options.log, LOG_INFO, NULL, "refused with 503: too many requests wait already: %s %s (%s)",
              method_name(transfer->request.method), transfer->request.path, transfer->request.client);
    enum MHD_Result queued = refuse(server, transfer->client, 503);
    MHD_resume_connection(transfer->client);
    return queued;
}

/* The request is whole. */
static enum MHD_Result answer(const struct worker *worker, struct transfer *transfer)
{
    struct server *server = worker->server;
    int status = body_end(&transfer->body);
    if (transfer->body.files_lost) {
        log_write(server->options.log, LOG_ERROR, NULL, "no room for an upload in %s: %s", server->spool.folder,
                  transfer->body.fault == 0 ? "too many at once" : strerror(transfer->body.fault));
    }
    if (status != 0) {
        return refuse(server, transfer->client, status);
    }
    transfer->request.body = buf_string(&transfer->body.text);
    transfer->request.body_len = transfer->body.text.len;
    transfer->request.uploads_lost = transfer->body.files_lost;
    transfer->request.uploads = body_uploads(&transfer->body, &transfer->request.uploads_len);
    if (transfer->lane != LANE_FAST) {
        return hand_over(server, transfer);
    }
    app_handle(worker->app, &transfer->request, &transfer->response);
    return send_response(server, transfer);
}

/* --- a request comes in -------------------------------------------------------------------------- */

static struct connection *connection_of(struct MHD_Connection *client)
{
    return MHD_get_connection_info(client, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static bool has_many_parts(const char *target)
{
    size_t parts = 0;
    for (const char *p = strchr(target, '&'); p != NULL; p = strchr(p + 1, '&')) {
        parts++;
    }
    return parts > QUERY_PARTS_MAX;
}

/* MHD_OPTION_URI_LOG_CALLBACK: the only place where the target is to be had as sent. What it returns comes back as the
 * handler's context. */
static void *on_target(void *unused, const char *target, struct MHD_Connection *client)
{
    (void)unused;
    size_t len = strnlen(target, GUARD_TARGET_MAX + 1);
    struct transfer *transfer = mem_alloc(sizeof *transfer + len + 1);
    memcpy(transfer->target, target, len);
    transfer->connection = connection_of(client);
    transfer->client = client;
    response_init(&transfer->response);
    transfer->connection->transfer = transfer;
    reaped_begin(&transfer->connection->reaped);
    if (has_many_parts(target)) {
        shutdown(transfer->connection->reaped.socket, SHUT_RDWR);
    }
    return transfer;
}

/* Escapes stay as sent: the pipeline decodes them, once. */
static size_t keep_escapes(void *unused, struct MHD_Connection *client, char *text)
{
    (void)unused;
    (void)client;
    return strlen(text);
}

/* Name and value still stand where they were read, so the distance from the one's start to the other's end is the
 * length of their line, unless the line was folded, cut or not ended by CR LF. */
static enum MHD_Result collect_header(void *context, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                      const char *value, size_t value_len)
{
    (void)kind;
    (void)name_len;
    struct transfer *transfer = context;
    if (transfer->headers_len < GUARD_HEADERS_MAX) {
        transfer->headers[transfer->headers_len] = (struct header){.name = name, .value = value};
    }
    transfer->headers_len++;
    transfer->fields_len += (uintptr_t)value + value_len - (uintptr_t)name + strlen("\r\n");
    return MHD_YES;
}

static bool head_is_exact(struct MHD_Connection *client, const struct transfer *transfer, const char *method,
                          const char *version)
{
    size_t line_len = strlen(method) + 1 + strlen(transfer->target) + 1 + strlen(version) + strlen("\r\n");
    size_t head_len = MHD_get_connection_info(client, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
    return line_len + transfer->fields_len + strlen("\r\n") == head_len;
}

static enum MHD_Result refuse_head(const struct worker *worker, struct transfer *transfer, int status,
                                   const char *reason)
{
    log_write(worker->server->options.log, LOG_DEBUG, NULL, "refused with %d: %s (%s)", status, reason,
              transfer->connection->client);
    reaped_serve(&transfer->connection->reaped);
    return refuse(worker->server, transfer->client, status);
}

static void fill_request(struct transfer *transfer, const char *method)
{
    char *path_end = transfer->target + strcspn(transfer->target, "?");
    const char *query = *path_end == '?' ? path_end + 1 : path_end;
    *path_end = '\0';
    transfer->request = (struct request){
        .method = method_parse(method),
        .path = transfer->target,
        .query = query,
        .headers = transfer->headers,
        .headers_len = transfer->headers_len,
        .body = "",
        .client = transfer->connection->client,
    };
}

/* What the lane and the kind of form allow. */
static void begin_body(struct server *server, struct transfer *transfer)
{
    const struct server_options *options = &server->options;
    const char *type = request_header(&transfer->request, "Content-Type");
    bool is_multipart = transfer->lane != LANE_FAST && multipart_is(type);
    size_t text_max = transfer->lane == LANE_HASH ? CARRIED * options->body_max : options->body_max;
    size_t max = is_multipart && transfer->lane == LANE_SLOW ? options->upload_body_max : text_max;
    body_init(&transfer->body, &server->spool, max, text_max, is_multipart ? type : NULL);
}

static enum MHD_Result take_head(const struct worker *worker, struct transfer *transfer, const char *method,
                                 const char *version)
{
    const struct server_options *options = &worker->server->options;
    MHD_get_connection_values_n(transfer->client, MHD_HEADER_KIND, collect_header, transfer);
    const struct guard_request head = {
        .method = method,
        .target = transfer->target,
        .version = version,
        .headers = transfer->headers,
        .headers_len = transfer->headers_len,
        .exact = head_is_exact(transfer->client, transfer, method, version),
        .body_max = options->upload_body_max,
    };
    struct guard_verdict verdict = guard_check(&head);
    if (verdict.status != 0) {
        return refuse_head(worker, transfer, verdict.status, verdict.reason);
    }
    size_t body_len = guard_body_len(&head);
    fill_request(transfer, method);
    transfer->lane = app_lane(worker->app, &transfer->request);
    begin_body(worker->server, transfer);
    if (transfer->body.status != 0) {
        return refuse_head(worker, transfer, transfer->body.status, "a multipart form without a boundary");
    }
    if (body_len > transfer->body.max) {
        return refuse_head(worker, transfer, 413, "the body is longer than is taken there");
    }
    unsigned seconds = (unsigned)(body_len / BODY_BYTES_PER_SECOND);
    reaped_expect(&transfer->connection->reaped, options->body_ms + seconds * 1000);
    return MHD_YES;
}

/* libmicrohttpd calls once with the head, once for each piece of the body, and once at its end; and once more when a
 * suspended connection was resumed. An answer to the first call closes the connection, which is right for refusals
 * only. It takes no answer in the middle of a body, so one that turns out too long is read to its end, or to its
 * deadline. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *client, const char *url, const char *method,
                                  const char *version, const char *bytes, size_t *len, void **request_context)
{
    (void)client;
    (void)url;
    struct worker *worker = context;
    struct transfer *transfer = *request_context;
    if (!transfer->begun) {
        transfer->begun = true;
        return take_head(worker, transfer, method, version);
    }
    if (*len > 0) {
        body_take(&transfer->body, bytes, *len);
        *len = 0;
        return MHD_YES;
    }
    reaped_serve(&transfer->connection->reaped);
    return transfer->handled ? send_response(worker->server, transfer) : answer(worker, transfer);
}

static void transfer_end(struct connection *connection)
{
    if (connection->transfer != NULL) {
        body_release(&connection->transfer->body);
        response_release(&connection->transfer->response);
        free(connection->transfer);
        connection->transfer = NULL;
    }
}

static void on_completed(void *context, struct MHD_Connection *client, void **request_context,
                         enum MHD_RequestTerminationCode how)
{
    (void)client;
    (void)how;
    const struct server *server = context;
    struct transfer *transfer = *request_context;
    reaped_rest(&transfer->connection->reaped, server->options.idle_ms);
    transfer_end(transfer->connection);
}

/* --- connections come and go --------------------------------------------------------------------- */

/* An IPv4 client of an IPv6 socket is named by its IPv4 address. */
static void name_client(const struct sockaddr *address, char name[static INET6_ADDRSTRLEN])
{
    if (address->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, name, INET6_ADDRSTRLEN);
    } else if (address->sa_family == AF_INET6) {
        const struct in6_addr *ip = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        bool mapped = IN6_IS_ADDR_V4MAPPED(ip);
        inet_ntop(mapped ? AF_INET : AF_INET6, ip->s6_addr + (mapped ? 12 : 0), name, INET6_ADDRSTRLEN);
    }
}

static void on_connection(void *context, struct MHD_Connection *client, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct server *server = context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        struct connection *connection = mem_alloc(sizeof *connection);
        name_client(MHD_get_connection_info(client, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
                    connection->client);
        int fd = MHD_get_connection_info(client, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        reaper_add(&server->reaper, &connection->reaped, fd, server->options.head_ms);
        *socket_context = connection;
    } else {
        struct connection *connection = *socket_context;
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
    unsigned stores = threads + SERVER_SLOW_THREADS + SERVER_HASH_THREADS;
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
    options.body_max = given->body_max == 0 ? MEBIBYTE : given->body_max;
    options.upload_body_max = given->upload_body_max;
    if (options.upload_body_max == 0) {
        options.upload_body_max = 25 * MEBIBYTE + SERVER_UPLOAD_SLACK;
    }
    options.connections_max = allowed_connections(or_default(given->connections_max, 8192), options.threads);
    options.head_ms = or_default(given->head_ms, 10000);
    options.body_ms = or_default(given->body_ms, 30000);
    options.idle_ms = or_default(given->idle_ms, 30000);
    options.stop_ms = or_default(given->stop_ms, 10000);
    assert(options.upload_body_max >= SERVER_UPLOAD_SLACK && options.upload_body_max >= CARRIED * options.body_max);
    return options;
}

/* Without MHD_OPTION_STRICT_FOR_CLIENT, which only refuses what the guard refuses, but in silence or twice. */
static bool start_worker(struct server *server, size_t i, struct app *app)
{
    const struct server_options *options = &server->options;
    struct worker *worker = &server->workers[i];
    unsigned connections = options->connections_max / options->threads;
    worker->server = server;
    worker->app = app;
    /* clang-format off */
    worker->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME |
                                          MHD_USE_ERROR_LOG,
                                      0, NULL, NULL, on_request, worker,
                                      MHD_OPTION_EXTERNAL_LOGGER, on_log, server, /* must be the first option */
                                      MHD_OPTION_LISTEN_SOCKET, server->sockets[i],
                                      MHD_OPTION_CONNECTION_LIMIT, connections > 0 ? connections : 1,
                                      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
                                      MHD_OPTION_CONNECTION_TIMEOUT, (options->idle_ms + 999) / 1000,
                                      MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
                                      MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL,
                                      MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
                                      MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
                                      MHD_OPTION_END);
    /* clang-format on */
    if (worker->daemon == NULL) {
        server->sockets[i] = -1; /* libmicrohttpd has closed it */
    }
    return worker->daemon != NULL;
}

static bool start_lanes(struct server *server, const struct server_apps *apps)
{
    server->lanes[LANE_SLOW] = lane_pool_create(apps->slow, SERVER_SLOW_THREADS, SERVER_SLOW_QUEUE, 0);
    server->lanes[LANE_HASH] = lane_pool_create(apps->hash, SERVER_HASH_THREADS, SERVER_HASH_QUEUE, HASH_NICE);
    return server->lanes[LANE_SLOW] != NULL && server->lanes[LANE_HASH] != NULL;
}

/* From then on a lane takes nothing more, so no connection is suspended, which libmicrohttpd could not be stopped with. */
static void stop_lanes(struct server *server)
{
    for (enum lane lane = LANE_SLOW; lane <= LANE_HASH; lane++) {
        if (server->lanes[lane] != NULL) {
            lane_pool_stop(server->lanes[lane]);
        }
    }
}

static void stop_workers(struct server *server)
{
    for (size_t i = 0; i < server->options.threads; i++) {
        MHD_stop_daemon(server->workers[i].daemon);
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

/* Also of a server that did not start in whole. */
static void halt(struct server *server)
{
    atomic_store(&server->stopping, true);
    for (size_t i = 0; i < server->options.threads; i++) {
        if (server->workers[i].daemon != NULL) {
            MHD_quiesce_daemon(server->workers[i].daemon);
        }
    }
    listen_close(server->sockets, server->options.threads, server->address);
    server->listening = false;
    drain(server);
    stop_workers(server);
    lane_pool_destroy(server->lanes[LANE_SLOW]);
    lane_pool_destroy(server->lanes[LANE_HASH]);
    reaper_release(&server->reaper);
    server->running = false;
}

static bool start(struct server *server, const struct server_apps *apps)
{
    if (!reaper_init(&server->reaper)) {
        return false;
    }
    server->running = true;
    bool started = start_lanes(server, apps);
    for (size_t i = 0; started && i < server->options.threads; i++) {
        started = start_worker(server, i, apps->fast[i]);
    }
    if (!started) {
        halt(server);
    }
    return started;
}

struct server *server_open(const struct server_options *options, char *error, size_t error_len)
{
    unsigned threads = or_default(options->threads, 1);
    struct server *server = mem_alloc(sizeof *server + threads * sizeof server->workers[0]);
    server->options = with_defaults(options);
    server->spool = (struct spool){.folder = server->options.spool_dir,
                                   .max = FORMS_AT_ONCE * server->options.upload_body_max,
                                   .files_max = FORMS_AT_ONCE * BODY_UPLOADS_MAX};
    snprintf(server->limits, sizeof server->limits,
             "What was sent is larger than this server takes: at most %zu MB of files, %d of them, and %zu MB of text.",
             (server->options.upload_body_max - SERVER_UPLOAD_SLACK) / MEBIBYTE, BODY_UPLOADS_MAX,
             server->options.body_max / MEBIBYTE);
    server->sockets = mem_alloc(threads * sizeof server->sockets[0]);
    if (listen_open(options->listen, server->sockets, threads, server->address, error, error_len)) {
        server->listening = true;
        return server;
    }
    server_destroy(server);
    return NULL;
}

const char *server_address(const struct server *server)
{
    return server->address;
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

void server_destroy(struct server *server)
{
    if (server == NULL) {
        return;
    }
    if (server->running) {
        halt(server);
    }
    if (server->listening) {
        listen_close(server->sockets, server->options.threads, server->address);
    }
    free(server->sockets);
    free(server);
}
