#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "stream.h"
#include "warta/base/clock.h"
#include "warta/base/mem.h"
#include "warta/http/client.h"

enum {
    READ_PAST = 4,    /* how many times the largest body that is taken is read to its end before it is refused */
    CLIENT_SHARE = 4, /* of all connections, a client who is no trusted proxy may have that part */
    LOG_LINE_CAP = 512
};

/* The loop of this thread, which recv needs, as nothing can be handed to it. Set once, by the thread itself. */
static _Thread_local struct loop *reading;

/* --- connections come and go --- */

static bool is_admitted(const struct server *server, const struct sockaddr *address)
{
    char client[INET6_ADDRSTRLEN];
    listen_client(address, client);
    unsigned max = server->options.connections_max / CLIENT_SHARE;
    return *client == '\0' || client_is_within(client, server->site.trusted_proxies) ||
           atomic_load(&server->connections[client_network_hash(client, server->key) % CLIENTS]) < (max > 0 ? max : 1);
}

static enum MHD_Result on_accept(void *server, const struct sockaddr *address, socklen_t len)
{
    (void)len;
    return is_admitted(server, address) ? MHD_YES : MHD_NO;
}

static void connection_begin(struct loop *loop, struct MHD_Connection *client, void **socket_context)
{
    struct server *server = loop->server;
    struct connection *connection = mem_alloc(sizeof *connection);
    listen_client(MHD_get_connection_info(client, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr, connection->client);
    connection->socket = MHD_get_connection_info(client, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    connection->peer = client_network_hash(connection->client, server->key);
    connection->deadline = deadline_add(&server->deadlines, connection->socket, server->options.head_ms);
    atomic_fetch_add(&server->connections[connection->peer % CLIENTS], 1);
    atomic_fetch_add_explicit(&server->connections_total, 1, memory_order_relaxed);
    server->by_socket[connection->socket] = connection;
    reading = loop;
    *socket_context = connection;
}

static void connection_end(struct server *server, struct connection *connection)
{
    server->by_socket[connection->socket] = NULL;
    atomic_fetch_sub(&server->connections[connection->peer % CLIENTS], 1);
    deadline_remove(&server->deadlines, connection->deadline);
    if (connection->stream != NULL)
        stream_end(connection->stream);
    free(connection);
}

static void on_connection(void *context, struct MHD_Connection *client, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct loop *loop = context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        connection_begin(loop, client, socket_context);
    else
        connection_end(loop->server, *socket_context);
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

/* --- what is read --- */

/* libmicrohttpd is told that the client has ended its side, and closes. */
static void refuse_wire(struct loop *loop, struct connection *connection)
{
    char discarded[4096];
    if (connection->stream == NULL)
        connection->stream = stream_create(loop, connection, NULL, "");
    stream_refuse_wire(connection->stream, connection->wire.status, connection->wire.reason);
    /* What is left unread when a connection is closed resets it (RFC 9112, 9.6). */
    shutdown(connection->socket, SHUT_WR);
    while (recvfrom(connection->socket, discarded, sizeof discarded, MSG_DONTWAIT, NULL, NULL) > 0)
        continue;
}

/* What may be handed on of what has come: all that has room, as libmicrohttpd takes a short read for the last one. An end, be it
 * the client's or one for something malformed, comes behind the answers to the requests before it, which libmicrohttpd would
 * give up. */
static ssize_t read_on(struct loop *loop, struct connection *connection, char *bytes, size_t len, int flags)
{
    struct wire *wire = &connection->wire;
    size_t kept = 0;
    for (bool drained = false; !connection->ended && kept < len && !(drained && kept > 0);) {
        ssize_t got = recvfrom(connection->socket, bytes + kept, len - kept, flags, NULL, NULL);
        if (got < 0)
            break;
        drained = (size_t)got < len - kept;
        kept += wire_read(wire, bytes + kept, (size_t)got);
        connection->ended = got == 0 || wire->reason != NULL;
    }
    bool owes = connection->completed < wire->requests;
    if (kept > 0 && (owes || wire->reason == NULL))
        return (ssize_t)kept;
    if (!connection->ended)
        return -1;
    if (owes) {
        errno = EAGAIN;
        return -1;
    }
    if (wire->reason != NULL)
        refuse_wire(loop, connection);
    return 0;
}

/* libmicrohttpd reads its sockets by recv(2) only, and the program's definition of it comes before libc's (ELF gABI, symbol
 * resolution): so the bytes are seen here first. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
ssize_t recv(int socket, void *bytes, size_t len, int flags)
{
    struct connection *known = reading == NULL ? NULL : reading->server->by_socket[socket];
    return known == NULL ? recvfrom(socket, bytes, len, flags, NULL, NULL) : read_on(reading, known, bytes, len, flags);
}

/* --- a request comes in --- */

/* Escapes stay as sent: the pipeline decodes them, once. */
static size_t keep_escapes(void *unused, struct MHD_Connection *client, char *text)
{
    (void)unused;
    (void)client;
    return strlen(text);
}

/* The only place where the target can be seen as sent. What it returns comes back as the handler's context. */
static void *on_request_line(void *context, const char *target, struct MHD_Connection *client)
{
    struct connection *connection = MHD_get_connection_info(client, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    struct stream *stream = stream_create(context, connection, client, target);
    connection->stream = stream;
    deadline_begin(connection->deadline);
    return stream;
}

static enum MHD_Result collect_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    struct stream *stream = context;
    if (stream->headers_len < GUARD_HEADERS_MAX)
        stream->headers[stream->headers_len] = (struct header){.name = name, .value = value};
    stream->headers_len++;
    return MHD_YES;
}

static void fill_request(struct stream *stream, const char *method)
{
    char *path_end = stream->target + strcspn(stream->target, "?");
    const char *query = *path_end == '?' ? path_end + 1 : path_end;
    *path_end = '\0';
    stream->request = (struct request){
        .id = stream->id,
        .method = method_parse(method),
        .path = stream->target,
        .query = query,
        .headers = stream->headers,
        .headers_len = stream->headers_len,
        .body = "",
        .client = stream->connection->client,
    };
}

static enum MHD_Result take_head(struct stream *stream, const char *method, const char *version)
{
    stream->begun_ns = clock_ns();
    MHD_get_connection_values(stream->client, MHD_HEADER_KIND, collect_header, stream);
    const struct guard_request head = {
        .method = method,
        .target = stream->target,
        .version = version,
        .headers = stream->headers,
        .headers_len = stream->headers_len,
        .body_max = READ_PAST * stream->server->options.upload_body_max,
    };
    struct guard_verdict verdict = guard_check(&head);
    if (verdict.status != 0)
        return stream_refuse(stream, verdict.status, 0, verdict.reason);
    fill_request(stream, method);
    stream->has_body = guard_has_body(&head);
    return stream_begin(stream, guard_body_len(&head));
}

/* libmicrohttpd calls once with the head, once for each piece of the body, and once at its end; and once more when a
 * suspended connection was resumed. An answer to the first call closes the connection, which is right for refusals only. It
 * takes no answer in the middle of a body, so one that is too long is read to its end, or to its deadline. */
static enum MHD_Result on_step(void *context, struct MHD_Connection *client, const char *url, const char *method,
                               const char *version, const char *bytes, size_t *len, void **request_context)
{
    (void)context;
    (void)client;
    (void)url;
    struct stream *stream = *request_context;
    if (!stream->handed_on) {
        stream->handed_on = true;
        return take_head(stream, method, version);
    }
    if (*len > 0) {
        *len -= stream_take(stream, bytes, *len);
        return MHD_YES;
    }
    return stream_answer(stream);
}

static void on_completed(void *context, struct MHD_Connection *client, void **request_context,
                         enum MHD_RequestTerminationCode how)
{
    (void)client;
    (void)how;
    const struct loop *loop = context;
    struct stream *stream = *request_context;
    struct connection *connection = stream->connection;
    deadline_set(connection->deadline, DEADLINE_IDLE, clock_coarse_ms() + loop->server->options.idle_ms);
    connection->stream = NULL;
    stream_end(stream);
    connection->completed++;
    /* For libmicrohttpd to look again: it waits for the socket to change, as this does even the second time. */
    if (connection->ended)
        shutdown(connection->socket, SHUT_RD);
}

/* --- the daemon --- */

/* There is no timeout of libmicrohttpd's: see deadline.h. Its option MHD_OPTION_STRICT_FOR_CLIENT only refuses what the
 * guard refuses, but in silence or twice. */
bool loop_start(struct loop *loop, int socket)
{
    struct server *server = loop->server;
    const struct server_options *options = &server->options;
    unsigned connections = options->connections_max / options->threads;
    loop->replies = replies_create();
    /* clang-format off */
    loop->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME |
                                        MHD_USE_ERROR_LOG,
                                    0, on_accept, server, on_step, loop,
                                    MHD_OPTION_EXTERNAL_LOGGER, on_log, server, /* must be the first option */
                                    MHD_OPTION_LISTEN_SOCKET, socket,
                                    MHD_OPTION_CONNECTION_LIMIT, connections + connections / LOOP_RESERVE + 1,
                                    MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->connection_memory,
                                    MHD_OPTION_CONNECTION_TIMEOUT, 0,
                                    MHD_OPTION_NOTIFY_CONNECTION, on_connection, loop,
                                    MHD_OPTION_URI_LOG_CALLBACK, on_request_line, loop,
                                    MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
                                    MHD_OPTION_NOTIFY_COMPLETED, on_completed, loop,
                                    MHD_OPTION_END);
    /* clang-format on */
    loop->heartbeat = (struct heartbeat){.fd = -1, .daemon = loop->daemon, .log = options->log};
    return loop->daemon != NULL;
}
