#include "warta/server/server.h"

#include <arpa/inet.h>
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

#include "warta/app/app.h"
#include "warta/base/mem.h"
#include "warta/server/guard.h"
#include "warta/server/listen.h"
#include "warta/server/reaper.h"

/* libmicrohttpd zeroes a connection's memory for each request, so more of it costs time; 16 KiB holds the longest head
 * that is taken. */
enum {
    CONNECTION_MEMORY = 16 * 1024,
    QUERY_PARTS_MAX = 128, /* libmicrohttpd notes each part there, and hangs where some 200 do not fit */
    FILES_APART = 64,      /* open files that are no connections */
    STOP_GRACE_MS = 1000,
    BODY_BYTES_PER_SECOND = 64 * 1024,
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

/* One request on its way in. */
struct transfer {
    struct connection *connection;
    bool begun;
    bool too_long;
    struct buf body;
    struct header headers[GUARD_HEADERS_MAX];
    size_t headers_len; /* how many were sent */
    size_t fields_len;  /* bytes of the head they account for */
    char target[];
};

/* --- answers ------------------------------------------------------------------------------------- */

#define REFUSAL_PAGE(title, words) \
    "<!doctype html>\n<html lang=\"en\">\n<title>" title "</title>\n<h1>" title "</h1>\n<p>" words "</p>\n</html>\n"

static const struct refusal {
    unsigned status;
    const char *page;
} refusals[] = {
    {400, REFUSAL_PAGE("400 Bad Request", "The request is malformed and was not looked at.")},
    {413, REFUSAL_PAGE("413 Content Too Large", "What was sent is larger than this server takes.")},
    {414, REFUSAL_PAGE("414 URI Too Long", "The address is longer than this server takes.")},
    {431, REFUSAL_PAGE("431 Request Header Fields Too Large", "The request has more headers than this server takes.")},
};

static void add_header(const struct server *server, struct MHD_Response *response, const char *name, const char *value)
{
    if (MHD_add_response_header(response, name, value) != MHD_YES) {
        log_write(server->options.log, LOG_ERROR, NULL, "the header %s could not be sent", name);
    }
}

static enum MHD_Result queue(struct MHD_Connection *client, unsigned status, struct MHD_Response *response)
{
    enum MHD_Result queued = MHD_queue_response(client, status, response);
    MHD_destroy_response(response);
    return queued;
}

static struct MHD_Response *new_response(size_t len, void *bytes, enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(len, bytes, mode);
    if (response == NULL) {
        mem_exhausted();
    }
    return response;
}

static enum MHD_Result refuse(const struct server *server, struct MHD_Connection *client, int status)
{
    const struct refusal *refusal = refusals;
    while (refusal->status != (unsigned)status) {
        refusal++;
    }
    struct MHD_Response *response =
        new_response(strlen(refusal->page), (void *)(uintptr_t)refusal->page, MHD_RESPMEM_PERSISTENT);
    add_header(server, response, "Content-Type", "text/html; charset=utf-8");
    add_header(server, response, "X-Content-Type-Options", "nosniff");
    add_header(server, response, "Cache-Control", "no-store");
    add_header(server, response, "Connection", "close");
    return queue(client, refusal->status, response);
}

static enum MHD_Result send_response(const struct server *server, struct MHD_Connection *client,
                                     struct response *answer)
{
    size_t len = answer->body.len;
    struct MHD_Response *response = new_response(len, buf_steal(&answer->body), MHD_RESPMEM_MUST_FREE);
    for (size_t i = 0; i < answer->headers_len; i++) {
        add_header(server, response, answer->headers[i].name, answer->headers[i].value);
    }
    if (atomic_load_explicit(&server->stopping, memory_order_relaxed)) {
        add_header(server, response, "Connection", "close");
    }
    return queue(client, (unsigned)answer->status, response);
}

static enum MHD_Result answer(struct worker *worker, struct MHD_Connection *client, struct transfer *transfer,
                              const char *method)
{
    char *path_end = transfer->target + strcspn(transfer->target, "?");
    const char *query = *path_end == '?' ? path_end + 1 : path_end;
    *path_end = '\0';
    struct request request = {
        .method = method_parse(method),
        .path = transfer->target,
        .query = query,
        .headers = transfer->headers,
        .headers_len = transfer->headers_len,
        .body = buf_string(&transfer->body),
        .body_len = transfer->body.len,
        .client = transfer->connection->client,
    };
    struct response response;
    response_init(&response);
    app_handle(worker->app, &request, &response);
    enum MHD_Result queued = send_response(worker->server, client, &response);
    response_release(&response);
    return queued;
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

static enum MHD_Result take_head(const struct worker *worker, struct MHD_Connection *client, struct transfer *transfer,
                                 const char *method, const char *version)
{
    const struct server_options *options = &worker->server->options;
    MHD_get_connection_values_n(client, MHD_HEADER_KIND, collect_header, transfer);
    const struct guard_request head = {
        .method = method,
        .target = transfer->target,
        .version = version,
        .headers = transfer->headers,
        .headers_len = transfer->headers_len,
        .exact = head_is_exact(client, transfer, method, version),
        .body_max = options->body_max,
    };
    struct guard_verdict verdict = guard_check(&head);
    if (verdict.status != 0) {
        log_write(options->log, LOG_DEBUG, NULL, "refused with %d: %s (%s)", verdict.status, verdict.reason,
                  transfer->connection->client);
        reaped_serve(&transfer->connection->reaped);
        return refuse(worker->server, client, verdict.status);
    }
    unsigned seconds = (unsigned)(guard_body_len(&head) / BODY_BYTES_PER_SECOND);
    reaped_expect(&transfer->connection->reaped, options->body_ms + seconds * 1000);
    return MHD_YES;
}

/* libmicrohttpd takes no answer in the middle of a body, so one sent in chunks that turns out too long is read to its
 * end, or to its deadline. */
static enum MHD_Result take_body(const struct worker *worker, struct transfer *transfer, const char *bytes, size_t *len)
{
    if (*len > worker->server->options.body_max - transfer->body.len) {
        transfer->too_long = true;
    }
    if (!transfer->too_long) {
        buf_append(&transfer->body, bytes, *len);
    }
    *len = 0;
    return MHD_YES;
}

/* libmicrohttpd calls once with the head, once for each piece of the body, and once at its end. An answer to the first
 * call closes the connection, which is right for refusals only. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *client, const char *url, const char *method,
                                  const char *version, const char *body, size_t *body_len, void **request_context)
{
    (void)url;
    struct worker *worker = context;
    struct transfer *transfer = *request_context;
    if (!transfer->begun) {
        transfer->begun = true;
        return take_head(worker, client, transfer, method, version);
    }
    if (*body_len > 0) {
        return take_body(worker, transfer, body, body_len);
    }
    reaped_serve(&transfer->connection->reaped);
    if (transfer->too_long) {
        return refuse(worker->server, client, 413);
    }
    return answer(worker, client, transfer, method);
}

static void transfer_end(struct connection *connection)
{
    if (connection->transfer != NULL) {
        buf_release(&connection->transfer->body);
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
static unsigned allowed_connections(unsigned wanted)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return wanted;
    }
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    getrlimit(RLIMIT_NOFILE, &files);
    rlim_t most = files.rlim_cur > 2 * FILES_APART ? files.rlim_cur - FILES_APART : FILES_APART;
    return most < wanted ? (unsigned)most : wanted;
}

static struct server_options with_defaults(const struct server_options *given)
{
    struct server_options options = *given;
    options.threads = or_default(given->threads, 1);
    options.body_max = given->body_max == 0 ? 1024 * 1024 : given->body_max;
    options.connections_max = allowed_connections(or_default(given->connections_max, 8192));
    options.head_ms = or_default(given->head_ms, 10000);
    options.body_ms = or_default(given->body_ms, 30000);
    options.idle_ms = or_default(given->idle_ms, 30000);
    options.stop_ms = or_default(given->stop_ms, 10000);
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
    worker->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_USE_ITC | MHD_USE_ERROR_LOG,
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

/* Also of a server that did not start in whole. */
static void halt(struct server *server)
{
    const struct server_options *options = &server->options;
    atomic_store(&server->stopping, true);
    for (size_t i = 0; i < options->threads; i++) {
        if (server->workers[i].daemon != NULL) {
            MHD_quiesce_daemon(server->workers[i].daemon);
        }
    }
    listen_close(server->sockets, options->threads, server->address);
    server->listening = false;
    if (!reaper_drain(&server->reaper, STOP_GRACE_MS, options->stop_ms)) {
        log_write(options->log, LOG_WARN, NULL, "connections cut short: they took longer than %u ms to finish",
                  options->stop_ms);
    }
    for (size_t i = 0; i < options->threads; i++) {
        MHD_stop_daemon(server->workers[i].daemon);
    }
    reaper_release(&server->reaper);
    server->running = false;
}

static bool start(struct server *server, struct app **apps)
{
    if (!reaper_init(&server->reaper)) {
        return false;
    }
    server->running = true;
    for (size_t i = 0; i < server->options.threads; i++) {
        if (!start_worker(server, i, apps[i])) {
            halt(server);
            return false;
        }
    }
    return true;
}

struct server *server_open(const struct server_options *options, char *error, size_t error_len)
{
    unsigned threads = or_default(options->threads, 1);
    struct server *server = mem_alloc(sizeof *server + threads * sizeof server->workers[0]);
    server->options = with_defaults(options);
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

bool server_start(struct server *server, struct app **apps, char *error, size_t error_len)
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
