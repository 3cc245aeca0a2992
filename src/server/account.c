#include "account.h"

#include <string.h>
#include <time.h>

#include "warta/http/client.h"
#include "worker.h"

int64_t account_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static char *put_hex(char *at, uint32_t value)
{
    for (int shift = 28; shift >= 0; shift -= 4) {
        *at++ = "0123456789abcdef"[value >> shift & 15];
    }
    return at;
}

void account_begin(struct worker *worker, struct transfer *transfer)
{
    char *at = put_hex(transfer->id, worker->run);
    *at++ = '-';
    *put_hex(at, worker->requests++) = '\0';
    transfer->begun_ns = account_now_ns();
}

/* Only what the guard let through is shown; what it refused may hold anything, a token too. */
static const char *shown_target(struct worker *worker, const struct transfer *transfer)
{
    const struct request *request = &transfer->request;
    if (request->path == NULL) {
        return "-";
    }
    buf_truncate(&worker->target, 0);
    if (transfer->route == NULL || transfer->route->lane != LANE_FAST) {
        app_log_target(worker->app, request, &worker->target);
        return buf_string(&worker->target);
    }
    if (*request->query == '\0') {
        return request->path;
    }
    buf_text(&worker->target, request->path);
    buf_char(&worker->target, '?');
    buf_text(&worker->target, request->query);
    return buf_string(&worker->target);
}

/* Most often what is known of the connection, until the log is to show it otherwise. */
static const char *shown_client(const struct worker *worker, const struct transfer *transfer,
                                char shown[static CLIENT_CAP])
{
    char address[CLIENT_CAP];
    struct connection *connection = transfer->connection;
    enum log_clients clients = worker->server->options.log->clients;
    if (transfer->request.path != NULL && request_header(&transfer->request, "X-Forwarded-For") != NULL) {
        app_client(worker->app, &transfer->request, address);
        client_shown(address, clients, shown);
        return shown;
    }
    if (*connection->shown == '\0' || connection->shown_as != clients) {
        client_shown(*connection->client == '\0' ? "127.0.0.1" : connection->client, clients, connection->shown);
        connection->shown_as = clients;
    }
    return connection->shown;
}

static void write_line(struct worker *worker, const struct transfer *transfer, enum log_level level, int status,
                       uint64_t bytes, int64_t taken_ns)
{
    static const char *const kept[] = {[KEPT_NOT] = "-", [KEPT_MISS] = "miss", [KEPT_HIT] = "hit"};
    const struct log *log = worker->server->options.log;
    enum log_format format = log->format;
    struct buf *line = &worker->line;
    char client[CLIENT_CAP];
    buf_truncate(line, 0);
    log_line_begin(log, format, line, level, transfer->id);
    log_line_word(format, line, "method", transfer->request.path == NULL ? "-" : method_name(transfer->request.method));
    log_line_word(format, line, "target", shown_target(worker, transfer));
    log_line_number(format, line, "status", (uint64_t)status);
    log_line_text(format, line, "route", transfer->route == NULL ? "-" : transfer->route->pattern);
    log_line_number(format, line, "bytes", bytes);
    log_line_ms(format, line, "ms", taken_ns);
    log_line_ms(format, line, "page_ms", transfer->made_ns);
    log_line_text(format, line, "client", shown_client(worker, transfer, client));
    log_line_text(format, line, "cache", kept[transfer->kept]);
    if (transfer->reason != NULL) {
        log_line_text(format, line, "reason", transfer->reason);
    }
    log_line_end(format, line);
    log_buffer_add(&worker->log_lines, line->data, line->len);
}

/* That the server refuses what it has no room for is no fault, and a flood of it must not hide those that are. */
static enum log_level level_of(const struct transfer *transfer, int status)
{
    if (status >= 500 && transfer->reason == NULL) {
        return LOG_ERROR;
    }
    bool probed = transfer->route != NULL && transfer->route->probe;
    return probed && status < 400 ? LOG_DEBUG : LOG_INFO;
}

static enum served served_by(const struct transfer *transfer)
{
    static const enum served lanes[] = {
        [LANE_FAST] = SERVED_FAST, [LANE_SLOW] = SERVED_SLOW, [LANE_HASH] = SERVED_HASH};
    if (transfer->reason != NULL) {
        return SERVED_REFUSED;
    }
    return transfer->kept == KEPT_HIT ? SERVED_KEPT : lanes[transfer->lane];
}

void account_end(struct worker *worker, struct transfer *transfer, int status, uint64_t bytes)
{
    enum log_level level = level_of(transfer, status);
    uint64_t sent = transfer->request.method == METHOD_HEAD ? 0 : bytes;
    int64_t taken_ns = account_now_ns() - transfer->begun_ns;
    const struct answered answered = {
        .route = transfer->route,
        .status = status,
        .served = served_by(transfer),
        .kept = transfer->kept,
        .bytes = sent,
        .taken_ns = (uint64_t)taken_ns,
    };
    tally_add(worker->tally, &answered);
    if (level >= worker->server->options.log->level) {
        write_line(worker, transfer, level, status, sent, taken_ns);
    }
}
