#include "worker.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "account.h"
#include "answer.h"
#include "warta/base/mem.h"
#include "warta/server/multipart.h"

enum {
    QUERY_PARTS_MAX = 128, /* libmicrohttpd notes each part there, and hangs where some 200 do not fit */
    BODY_BYTES_PER_SECOND = 64 * 1024,
    READ_PAST = 4 /* how many times the largest body that is taken is read to its end before it is refused */
};

/* --- answers ------------------------------------------------------------------------------------- */

static enum MHD_Result queue(struct worker *worker, struct transfer *transfer, bool last)
{
    struct response *response = &transfer->response;
    int status = response->status;
    bool streams = response->stream.read != NULL;
    uint64_t bytes = streams ? (uint64_t)response->stream.len : response->body.len;
    enum MHD_Result queued = answer_send(worker->server->options.log, transfer->client, response, last);
    account_end(worker, transfer, status, bytes);
    return queued;
}

enum MHD_Result transfer_refuse(struct worker *worker, struct transfer *transfer, int status, const char *reason)
{
    const char *words = "";
    switch (status) {
    case 400:
        words = "The request is malformed and was not looked at.";
        break;
    case 406:
        words = "The page can be had as it is, or compressed with gzip or br, and the request takes none of these.";
        break;
    case 413:
        words = worker->server->limits;
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
    transfer->reason = reason;
    answer_words(&transfer->response, status, words);
    return queue(worker, transfer, true);
}

enum MHD_Result transfer_send(struct worker *worker, struct transfer *transfer)
{
    body_release(&transfer->body); /* a reader may take its time; files went in the lane */
    return queue(worker, transfer, atomic_load_explicit(&worker->server->stopping, memory_order_relaxed));
}

void transfer_make(struct transfer *transfer, struct app *app, const struct request *request)
{
    int64_t begun_ns = account_now_ns();
    app_handle(app, request, &transfer->response);
    transfer->made_ns = account_now_ns() - begun_ns;
}

/* The body has come. False if the request has to be refused for it. */
static bool finish_body(struct transfer *transfer)
{
    struct body *body = &transfer->body;
    const struct server *server = transfer->server;
    int status = body_end(body);
    if (body->files_lost) {
        log_write(server->options.log, LOG_ERROR, NULL, "no room for an upload in %s: %s", server->spool.folder,
                  body->fault == 0 ? "too many at once" : strerror(body->fault));
    }
    if (status == 0) {
        transfer->request.body = buf_string(&body->text);
        transfer->request.body_len = body->text.len;
        transfer->request.uploads_lost = body->files_lost;
        transfer->request.uploads = body_uploads(body, &transfer->request.uploads_len);
    }
    return status == 0;
}

static enum MHD_Result refuse_body(struct worker *worker, struct transfer *transfer)
{
    int status = transfer->body.status;
    return transfer_refuse(worker, transfer, status,
                           status == 503 ? "no room for the body" : "the body is malformed, or longer than is taken");
}

/* On a thread of a lane. What a form changed is seen by whoever has its answer. Once it is resumed, the connection's own
 * thread may be through with the transfer. */
static void handle(void *context, struct app *app)
{
    struct transfer *transfer = context;
    if (finish_body(transfer)) {
        transfer_make(transfer, app, &transfer->request);
        assert(transfer->response.stream.read == NULL);
    }
    body_release(&transfer->body);
    if (transfer->request.method == METHOD_POST) {
        cache_recheck(transfer->server->cache);
    }
    transfer->handled = true;
    MHD_resume_connection(transfer->client);
}

/* Suspended first, as the lane may be done before lane_pool_submit returns. A suspended connection may be given an
 * answer, which goes out when it is resumed. */
static enum MHD_Result hand_over(struct worker *worker, struct transfer *transfer)
{
    size_t lane = transfer->lane == LANE_SLOW && body_has_files(&transfer->body) ? LANE_UPLOAD : transfer->lane;
    transfer->job = (struct lane_job){.run = handle, .context = transfer};
    MHD_suspend_connection(transfer->client);
    if (lane_pool_submit(worker->server->lanes[lane], &transfer->job)) {
        return MHD_YES;
    }
    enum MHD_Result queued = transfer_refuse(worker, transfer, 503, "too many requests wait already");
    MHD_resume_connection(transfer->client);
    return queued;
}

/* The request is whole. */
static enum MHD_Result answer(struct worker *worker, struct transfer *transfer)
{
    if (transfer->body.status != 0) {
        return refuse_body(worker, transfer);
    }
    if (transfer->lane != LANE_FAST) {
        return hand_over(worker, transfer);
    }
    if (!finish_body(transfer)) {
        return refuse_body(worker, transfer);
    }
    transfer_make(transfer, worker->app, &transfer->request);
    return transfer_send(worker, transfer);
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

/* The only place where the target is to be had as sent. What it returns comes back as the handler's context. */
void *transfer_begin(void *context, const char *target, struct MHD_Connection *client)
{
    size_t len = strnlen(target, GUARD_TARGET_MAX + 1);
    struct transfer *transfer = mem_resize(NULL, sizeof *transfer + len + 1);
    memset(transfer, 0, offsetof(struct transfer, headers));
    memcpy(transfer->target, target, len);
    transfer->target[len] = '\0';
    transfer->target_len = len;
    transfer->server = context;
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

static enum MHD_Result refuse_head(struct worker *worker, struct transfer *transfer, int status, const char *reason)
{
    reaped_serve(&transfer->connection->reaped);
    return transfer_refuse(worker, transfer, status, reason);
}

static void fill_request(struct transfer *transfer, const char *method)
{
    char *path_end = transfer->target + strcspn(transfer->target, "?");
    const char *query = *path_end == '?' ? path_end + 1 : path_end;
    *path_end = '\0';
    transfer->request = (struct request){
        .id = transfer->id,
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

/* A client that sends at once would not see an answer before its body has been read: what is left unread when a connection
 * is closed resets it (RFC 9112, 9.6). */
static bool sends_at_once(const struct transfer *transfer)
{
    const char *expected = request_header(&transfer->request, "Expect");
    return expected == NULL || strcasecmp(expected, "100-continue") != 0;
}

/* The request goes through the pipeline. */
static enum MHD_Result begin_lane(struct worker *worker, struct transfer *transfer, size_t body_len)
{
    transfer->route = app_route(worker->app, &transfer->request);
    transfer->lane = transfer->route == NULL ? LANE_FAST : transfer->route->lane;
    begin_body(worker->server, transfer);
    if (transfer->body.status != 0) {
        return refuse_head(worker, transfer, transfer->body.status, "a multipart form without a boundary");
    }
    if (body_len > transfer->body.max) {
        transfer->body.status = 413;
        if (!sends_at_once(transfer)) {
            return refuse_head(worker, transfer, 413, "the body is longer than is taken there");
        }
    }
    unsigned seconds = (unsigned)(body_len / BODY_BYTES_PER_SECOND);
    reaped_expect(&transfer->connection->reaped, worker->server->options.body_ms + seconds * 1000);
    return MHD_YES;
}

static enum MHD_Result take_head(struct worker *worker, struct transfer *transfer, const char *method,
                                 const char *version)
{
    account_begin(worker, transfer);
    MHD_get_connection_values_n(transfer->client, MHD_HEADER_KIND, collect_header, transfer);
    const struct guard_request head = {
        .method = method,
        .target = transfer->target,
        .version = version,
        .headers = transfer->headers,
        .headers_len = transfer->headers_len,
        .exact = head_is_exact(transfer->client, transfer, method, version),
        .body_max = READ_PAST * worker->server->options.upload_body_max,
    };
    struct guard_verdict verdict = guard_check(&head);
    if (verdict.status != 0) {
        return refuse_head(worker, transfer, verdict.status, verdict.reason);
    }
    fill_request(transfer, method);
    bool reads = transfer->request.method == METHOD_GET || transfer->request.method == METHOD_HEAD;
    transfer->plain = reads && !guard_has_body(&head);
    return transfer->plain ? MHD_YES : begin_lane(worker, transfer, guard_body_len(&head));
}

/* A plain request that no finished page answers takes the way of the others. */
static enum MHD_Result answer_plain(struct worker *worker, struct transfer *transfer)
{
    enum MHD_Result queued;
    if (plain_answer(worker, transfer, &queued)) {
        return queued;
    }
    begin_lane(worker, transfer, 0);
    return answer(worker, transfer);
}

/* On the spool lane, while the connection is suspended. */
static void store(void *context, struct app *none)
{
    (void)none;
    struct transfer *transfer = context;
    body_store(&transfer->body);
    MHD_resume_connection(transfer->client);
}

/* Takes in a piece of the body: how many bytes of it. The others come again once the connection is resumed. */
static size_t take_piece(struct transfer *transfer, const char *bytes, size_t len)
{
    struct reaped *reaped = &transfer->connection->reaped;
    if (!body_is_due(&transfer->body)) {
        reaped_go_on(reaped);
        body_take(&transfer->body, bytes, len);
        return len;
    }
    reaped_pause(reaped);
    transfer->job = (struct lane_job){.run = store, .context = transfer};
    MHD_suspend_connection(transfer->client);
    if (!lane_pool_submit(transfer->server->lanes[LANE_SPOOL], &transfer->job)) {
        store(transfer, NULL); /* it has stopped: nothing that matters waits behind us */
    }
    return 0;
}

/* libmicrohttpd calls once with the head, once for each piece of the body, and once at its end; and once more when a
 * suspended connection was resumed. An answer to the first call closes the connection, which is right for refusals
 * only. It takes no answer in the middle of a body, so one that is too long is read to its end, or to its deadline. */
enum MHD_Result transfer_step(void *context, struct MHD_Connection *client, const char *url, const char *method,
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
        *len -= take_piece(transfer, bytes, *len);
        return MHD_YES;
    }
    reaped_serve(&transfer->connection->reaped);
    if (transfer->handled) {
        return transfer->body.status == 0 ? transfer_send(worker, transfer) : refuse_body(worker, transfer);
    }
    return transfer->plain ? answer_plain(worker, transfer) : answer(worker, transfer);
}

static void release(void *context, struct app *none)
{
    (void)none;
    struct transfer *transfer = context;
    body_release(&transfer->body);
    response_release(&transfer->response);
    free(transfer);
}

/* The files of a client that went away are given up where that may wait for the disk. */
void transfer_end(struct connection *connection)
{
    struct transfer *transfer = connection->transfer;
    connection->transfer = NULL;
    if (transfer == NULL) {
        return;
    }
    transfer->job = (struct lane_job){.run = release, .context = transfer};
    if (!body_has_files(&transfer->body) || !lane_pool_submit(transfer->server->lanes[LANE_SPOOL], &transfer->job)) {
        release(transfer, NULL);
    }
}

void transfer_completed(void *context, struct MHD_Connection *client, void **request_context,
                        enum MHD_RequestTerminationCode how)
{
    (void)client;
    (void)how;
    const struct server *server = context;
    struct transfer *transfer = *request_context;
    reaped_rest(&transfer->connection->reaped, server->options.idle_ms);
    transfer_end(transfer->connection);
}
