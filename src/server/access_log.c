#include "access_log.h"

#include <string.h>

#include "stream.h"
#include "warta/base/clock.h"

/* Only what the guard let through is shown; what it refused may hold anything, a token too. */
static const char *shown_target(const struct stream *stream)
{
    const struct request *request = &stream->request;
    struct buf *target = &stream->loop->target;
    if (request->path == NULL)
        return "-";
    if (!stream->matched && *request->query == '\0')
        return request->path;
    buf_truncate(target, 0);
    if (stream->matched)
        match_log_target(&stream->match, request, target);
    else
        buf_format(target, "%s?%s", request->path, request->query);
    return buf_string(target);
}

/* Most often what is known of the connection. */
static const char *shown_client(const struct stream *stream, char shown[static CLIENT_CAP])
{
    char address[CLIENT_CAP];
    const struct server *server = stream->server;
    struct connection *connection = stream->connection;
    enum log_clients clients = server->options.log->clients;
    if (stream->request.path != NULL && request_header(&stream->request, "X-Forwarded-For") != NULL) {
        client_address(&stream->request, server->site.trusted_proxies, address);
        client_shown(address, clients, shown);
        return shown;
    }
    if (*connection->shown == '\0')
        client_shown(*connection->client == '\0' ? "127.0.0.1" : connection->client, clients, connection->shown);
    return connection->shown;
}

static void write_line(struct stream *stream, enum log_level level, int status, uint64_t bytes, int64_t taken_ns)
{
    static const char *const kept[] = {[KEPT_NOT] = "-", [KEPT_MISS] = "miss", [KEPT_HIT] = "hit"};
    const struct log *log = stream->server->options.log;
    enum log_format format = log->format;
    struct buf *line = &stream->loop->line;
    char client[CLIENT_CAP];
    buf_truncate(line, 0);
    log_line_begin(log, format, line, level, stream->id);
    log_line_word(format, line, "method", stream->request.path == NULL ? "-" : method_name(stream->request.method));
    log_line_word(format, line, "target", shown_target(stream));
    log_line_number(format, line, "status", (uint64_t)status);
    log_line_text(format, line, "route", stream->route == NULL ? "-" : stream->route->pattern);
    log_line_number(format, line, "bytes", bytes);
    log_line_ms(format, line, "ms", taken_ns);
    log_line_ms(format, line, "page_ms", stream->made_ns);
    log_line_text(format, line, "client", shown_client(stream, client));
    log_line_text(format, line, "cache", kept[stream->kept]);
    if (stream->reason != NULL)
        log_line_text(format, line, "reason", stream->reason);
    log_line_end(format, line);
    log_buffer_add(&stream->loop->log_lines, line->data, line->len);
}

/* That the server refuses what it has no room for is no fault, and a flood of it must not hide those that are. */
static enum log_level level_of(const struct stream *stream, int status)
{
    if (status >= 500 && stream->reason == NULL)
        return LOG_ERROR;
    bool probed = stream->route != NULL && (stream->route->flags & ROUTE_PROBE) != 0;
    return probed && status < 400 ? LOG_DEBUG : LOG_INFO;
}

static enum served served_by(const struct stream *stream)
{
    if (stream->reason != NULL)
        return SERVED_REFUSED;
    if (stream->kept == KEPT_HIT)
        return SERVED_KEPT;
    if (stream->route == NULL || stream->route->lane == LANE_READ)
        return SERVED_READ;
    return stream->route->lane == LANE_HASH ? SERVED_HASH : SERVED_STAFF;
}

void access_log_add(struct stream *stream, int status, uint64_t bytes)
{
    enum log_level level = level_of(stream, status);
    uint64_t sent = stream->request.method == METHOD_HEAD || status == 304 ? 0 : bytes;
    int64_t taken_ns = clock_ns() - stream->begun_ns;
    const struct answered answered = {
        .route = stream->route,
        .status = status,
        .served = served_by(stream),
        .kept = stream->kept,
        .bytes = sent,
        .taken_ns = (uint64_t)taken_ns,
    };
    metrics_add(stream->loop->metrics, &answered);
    if (level >= stream->server->options.log->level)
        write_line(stream, level, status, sent, taken_ns);
}
