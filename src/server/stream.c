#include "stream.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "access_log.h"
#include "warta/base/clock.h"
#include "warta/base/mem.h"
#include "warta/http/client.h"
#include "warta/http/conditional.h"
#include "warta/http/form_data.h"
#include "warta/newsroom/login_gate.h"

enum {
    BODY_BYTES_PER_SECOND = 64 * 1024,
    STREAMS_SHARE = 4, /* of all connections, one client may have that part at work or reading */
    STREAMS_MIN = 64,
    RETRY_AFTER_S = 5
};

/* --- its beginning --- */

static char *put_hex(char *at, uint32_t value)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        *at++ = "0123456789abcdef"[value >> shift & 15];
    return at;
}

struct stream *stream_create(struct loop *loop, struct connection *connection, struct MHD_Connection *client,
                             const char *target)
{
    size_t len = strnlen(target, GUARD_TARGET_MAX + 1);
    struct stream *stream = mem_resize(NULL, sizeof *stream + len + 1);
    memset(stream, 0, offsetof(struct stream, response));
    memcpy(stream->target, target, len);
    stream->target[len] = '\0';
    stream->target_len = len;
    stream->loop = loop;
    stream->server = loop->server;
    stream->connection = connection;
    stream->client = client;
    response_init(&stream->response);
    char *at = put_hex(stream->id, loop->run);
    *at++ = '-';
    *put_hex(at, loop->requests++) = '\0';
    stream->begun_ns = clock_ns();
    return stream;
}

/* --- what is sent --- */

/* All answers go out here, one for each request. */
static enum MHD_Result send_answer(struct stream *stream, int status, struct MHD_Response *answer, uint64_t bytes)
{
    assert(stream->state != STREAM_SENT);
    stream->state = STREAM_SENT;
    deadline_set(stream->connection->deadline, DEADLINE_SENDING, clock_coarse_ms());
    enum MHD_Result queued = MHD_queue_response(stream->client, (unsigned)status, answer);
    access_log_add(stream, status, bytes);
    return queued;
}

static bool is_last(const struct stream *stream)
{
    return stream->reason != NULL ||
           (stream->has_body && (stream->response.status == 400 || stream->response.status == 413)) ||
           atomic_load_explicit(&stream->server->stopping, memory_order_relaxed);
}

static enum MHD_Result send_response(struct stream *stream)
{
    struct response *response = &stream->response;
    int status = response->status;
    uint64_t bytes = response->file.fd >= 0 ? (uint64_t)response->file.len : response->body.len;
    struct MHD_Response *answer = reply_of_response(response, stream->server->options.log, is_last(stream));
    enum MHD_Result queued = send_answer(stream, status, answer, bytes);
    MHD_destroy_response(answer);
    return queued;
}

static enum MHD_Result send_reply(struct stream *stream, struct reply *reply)
{
    int status;
    struct MHD_Response *answer =
        reply_choose(reply, stream->server->options.log, &stream->request, stream->server->site.clock(), &status);
    return send_answer(stream, status, answer, reply->form->len);
}

/* A page that was found is taken into the loop's table, if it is asked for by its own address. */
static enum MHD_Result send_page(struct stream *stream, struct page *page)
{
    struct loop *loop = stream->loop;
    const char *key = stream->asker.key, *query = stream->request.query;
    enum encoding encoding = stream->asker.encoding;
    size_t path_len = strlen(stream->request.path);
    bool canonical = strncmp(key, stream->request.path, path_len) == 0 &&
                     strcmp(key[path_len] == '?' ? key + path_len + 1 : key + path_len, query) == 0;
    struct reply reply;
    reply_init(&reply, stream->server->options.log, page, encoding, stream->route, is_last(stream));
    enum MHD_Result queued = send_reply(stream, &reply);
    if (canonical && stream->kept == KEPT_HIT && !reply.last)
        replies_put(loop->replies, stream->target, stream->target_len, encoding, &reply);
    else
        reply_release(&reply);
    return queued;
}

/* Refuses in words of the server's own, and closes the connection behind them. `reason` is for the log, without any of the
 * client's text. */
static void word_refusal(struct stream *stream, int status, unsigned wait_s, const char *reason)
{
    char minutes[80];
    const char *words = "";
    switch (status) {
    case 400:
        words = "We couldn't understand the request.";
        break;
    case 413:
        words = stream->server->limits;
        break;
    case 414:
        words = "The address is too long.";
        break;
    case 429:
        snprintf(minutes, sizeof minutes, "Too many attempts. Try again in %u minute%s.", (wait_s + 59) / 60,
                 wait_s > 60 ? "s" : "");
        words = minutes;
        break;
    case 431:
        words = "The request has too many headers.";
        break;
    case 503:
        words = "The server is busy. Nothing was changed. Try again in a few seconds.";
        break;
    case 505:
        words = "This version of HTTP isn't supported.";
        break;
    default:
        assert(false);
    }
    stream->reason = reason;
    reply_words(&stream->response, status, words, wait_s);
}

enum MHD_Result stream_refuse(struct stream *stream, int status, unsigned wait_s, const char *reason)
{
    word_refusal(stream, status, wait_s, reason);
    return send_response(stream);
}

/* Where libmicrohttpd is to see nothing of the request. A client that does not read this at once goes without. */
void stream_refuse_wire(struct stream *stream, int status, const char *reason)
{
    struct buf out = BUF_EMPTY;
    char date[HTTP_DATE_CAP];
    const struct response *response = &stream->response;
    if (stream->state == STREAM_SENT)
        return;
    stream->state = STREAM_SENT;
    word_refusal(stream, status, 0, reason);
    http_date_format(time(NULL), date);
    buf_format(&out, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: close\r\nContent-Length: %zu\r\n", status,
               status_reason(status), date, response->body.len);
    for (size_t i = 0; i < response->headers_len; i++)
        buf_format(&out, "%s: %s\r\n", response->headers[i].name, response->headers[i].value);
    buf_format(&out, "\r\n%s", buf_string(&response->body));
    send(stream->connection->socket, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    access_log_add(stream, status, response->body.len);
    buf_release(&out);
}

static enum MHD_Result refuse_busy(struct stream *stream, const char *reason)
{
    return stream_refuse(stream, 503, RETRY_AFTER_S, reason);
}

static enum MHD_Result refuse_body(struct stream *stream)
{
    int status = stream->body.status;
    if (status == 503)
        return refuse_busy(stream, "no room for the body");
    return stream_refuse(stream, status, 0, "the body is malformed, or longer than is taken");
}

/* --- on a lane's thread --- */

/* Once it is resumed, the connection's own thread may be through with the stream. */
static void resume(struct stream *stream)
{
    MHD_resume_connection(stream->client);
}

static void make(struct stream *stream, struct app *app)
{
    int64_t begun_ns = clock_ns();
    app_answer(app, &stream->request, &stream->match, &stream->response);
    stream->made_ns = clock_ns() - begun_ns;
}

/* What a form changed is seen by the next request of anybody who has its answer. */
static void run_request(void *context, struct app *app)
{
    struct stream *stream = context;
    struct server *server = stream->server;
    struct content content;
    if (stream->has_body && !stream->drops_body)
        stream->body.status = body_finish(&stream->body, &stream->request);
    if (stream->body.status == 0)
        make(stream, app);
    body_release(&stream->body);
    if (stream->request.method == METHOD_POST && app_content(app, &content))
        cache_follow(server->cache, &content, server->site.clock());
    stream->state = STREAM_MADE;
    resume(stream);
}

/* A page that was made whole is kept; what else came of it is the answer to this request alone. */
static void run_page(void *context, struct app *app)
{
    struct stream *stream = context;
    struct cache *cache = stream->server->cache;
    struct cache_asker *asker = &stream->asker;
    int64_t now_unix = stream->server->site.clock();
    uint64_t epoch = cache_epoch(cache, now_unix);
    stream->page = cache_part(cache, asker);
    if (stream->page != NULL) {
        page_make_form(stream->page, asker->encoding);
    } else {
        make(stream, app);
        if (stream->response.status == 200)
            stream->page = cache_page(cache, &stream->response, asker->encoding, epoch, now_unix);
    }
    cache_fill(cache, asker, stream->page);
    stream->state = STREAM_MADE;
    resume(stream);
}

/* Nothing of somebody who is not logged in is written to the disk: the beginning of their form is kept for the login. */
static void run_spool(void *context, struct app *app)
{
    struct stream *stream = context;
    if (!stream->known && !app_knows(app, &stream->request))
        body_keep_text(&stream->body);
    stream->known = true;
    body_store(&stream->body);
    resume(stream);
}

static void run_release(void *context, struct app *app)
{
    (void)app;
    struct stream *stream = context;
    body_release(&stream->body);
    free(stream);
}

/* --- to a lane --- */

/* Suspended first, as the lane may be done before lane_pool_submit returns. A suspended connection may be given an answer,
 * which goes out when it is resumed. */
static enum MHD_Result submit(struct stream *stream, size_t lane, void (*run)(void *context, struct app *app))
{
    bool suspended = stream->state == STREAM_WAITING && !stream->asker.alone;
    stream->job = (struct lane_job){.run = run, .context = stream, .client = stream->client_hash};
    stream->state = STREAM_MAKING;
    deadline_set(stream->connection->deadline, DEADLINE_WORKING, 0);
    if (!suspended)
        MHD_suspend_connection(stream->client);
    if (lane_pool_submit(stream->server->lanes[lane], &stream->job))
        return MHD_YES;
    if (run == run_page)
        cache_fill(stream->server->cache, &stream->asker, NULL);
    enum MHD_Result queued = refuse_busy(stream, "too many requests wait already");
    MHD_resume_connection(stream->client);
    return queued;
}

/* That it is answered at all is what is asked for. */
static enum MHD_Result send_alive(struct stream *stream)
{
    struct response *response = &stream->response;
    bool json = request_prefers_json(&stream->request);
    response_header(response, "Content-Type", json ? "application/json" : "text/plain; charset=utf-8");
    response_header(response, "X-Content-Type-Options", "nosniff");
    response_header(response, "Cache-Control", "no-store");
    buf_text(&response->body, json ? "{\"status\":\"alive\"}" : "alive\n");
    return send_response(stream);
}

/* How long logins from the client's network are refused. */
static unsigned login_wait_s(const struct stream *stream)
{
    char client[CLIENT_CAP];
    const struct server_site *site = &stream->server->site;
    client_address(&stream->request, site->trusted_proxies, client);
    return site->gate == NULL ? 0 : login_gate_wait_s(site->gate, client, site->clock());
}

/* The request is whole, and the pipeline has to answer it. */
static enum MHD_Result hand_over(struct stream *stream)
{
    size_t lane = stream->route == NULL ? LANE_READ : stream->route->lane;
    if (stream->body.status != 0)
        return refuse_body(stream);
    if (lane == LANE_LOOP)
        return send_alive(stream);
    unsigned wait_s = lane == LANE_HASH ? login_wait_s(stream) : 0;
    if (wait_s > 0)
        return stream_refuse(stream, 429, wait_s, "too many failed logins from that network");
    if (lane == LANE_STAFF && body_is_stored(&stream->body))
        lane = LANE_UPLOAD;
    return submit(stream, lane, run_request);
}

/* For a page that may be kept: it is there, or another stream makes it, or this one does. */
static enum MHD_Result ask(struct stream *stream)
{
    struct page *page;
    enum MHD_Result queued = MHD_YES;
    stream->state = STREAM_WAITING;
    deadline_set(stream->connection->deadline, DEADLINE_WORKING, 0);
    MHD_suspend_connection(stream->client);
    switch (cache_get(stream->server->cache, &stream->asker, &page)) {
    case CACHE_WAIT: /* and the stream belongs to who makes the page */
        break;
    case CACHE_MAKE:
        stream->kept = KEPT_MISS;
        queued = submit(stream, LANE_READ, run_page);
        break;
    case CACHE_HIT:
        stream->kept = KEPT_HIT;
        queued = send_page(stream, page);
        MHD_resume_connection(stream->client);
        break;
    }
    return queued;
}

/* --- the states --- */

/* What the route, the method and the kind of form allow. */
static enum MHD_Result begin_body(struct stream *stream, size_t body_len)
{
    const struct server_options *options = &stream->server->options;
    const struct route *route = stream->route;
    size_t text_max = route != NULL && route->lane == LANE_HASH ? 2 * options->body_max : options->body_max;
    bool uploads = route != NULL && route->lane == LANE_STAFF &&
                   form_data_is_multipart(request_header(&stream->request, "Content-Type"));
    size_t max = uploads ? options->upload_body_max : text_max;
    const char *expected = request_header(&stream->request, "Expect");
    bool waits = expected != NULL && strcasecmp(expected, "100-continue") == 0;
    stream->state = STREAM_BODY;
    stream->drops_body = route == NULL || stream->request.method != METHOD_POST;
    body_init(&stream->body, &stream->server->spool, stream->client_hash, max, text_max);
    if (stream->drops_body)
        body_drop(&stream->body);
    if (body_len > max)
        stream->body.status = 413;
    /* A client that sends at once would not see an answer before its body has been read: what is left unread when a
     * connection is closed resets it (RFC 9112, 9.6). */
    if (stream->body.status != 0 && waits)
        return stream_refuse(stream, 413, 0, "the body is longer than is taken there");
    int64_t within_ms = options->body_ms + (int64_t)(body_len / BODY_BYTES_PER_SECOND) * 1000;
    deadline_set(stream->connection->deadline, DEADLINE_OWED, clock_coarse_ms() + within_ms);
    return MHD_YES;
}

/* Matches the request, and counts it by its client. False if that client has too many streams. */
static bool match(struct stream *stream)
{
    struct server *server = stream->server;
    const struct request *request = &stream->request;
    char client[CLIENT_CAP];
    match_init(&stream->match, server->site.prefix, request);
    stream->matched = true;
    stream->route = stream->match.route;
    client_address(request, server->site.trusted_proxies, client);
    stream->client_hash = client_network_hash(client, server->key);
    unsigned max = server->options.connections_max / STREAMS_SHARE;
    unsigned others = atomic_fetch_add(&server->streams[stream->client_hash % CLIENTS], 1);
    return others < (max < STREAMS_MIN ? STREAMS_MIN : max) || client_is_within(client, server->site.trusted_proxies);
}

enum MHD_Result stream_begin(struct stream *stream, size_t body_len)
{
    if (!stream->has_body)
        return MHD_YES;
    if (!match(stream))
        return refuse_busy(stream, "too many requests of that client");
    return begin_body(stream, body_len);
}

size_t stream_take(struct stream *stream, const char *bytes, size_t len)
{
    struct deadline *deadline = stream->connection->deadline;
    if (stream->state == STREAM_SPOOLING) {
        stream->state = STREAM_BODY;
        deadline_set(deadline, DEADLINE_OWED, clock_coarse_ms() + stream->left_ms);
    }
    if (!body_is_due(&stream->body)) {
        body_take(&stream->body, bytes, len);
        return len;
    }
    int64_t left_ms = deadline_at_ms(deadline) - clock_coarse_ms();
    stream->left_ms = left_ms > 1 ? left_ms : 1;
    stream->state = STREAM_SPOOLING;
    stream->job = (struct lane_job){.run = run_spool, .context = stream, .client = stream->client_hash};
    deadline_set(deadline, DEADLINE_WORKING, 0);
    MHD_suspend_connection(stream->client);
    if (!lane_pool_submit(stream->server->lanes[LANE_SPOOL], &stream->job)) {
        stream->body.status = 503; /* too much waits for the disk: the rest is read past */
        MHD_resume_connection(stream->client);
    }
    return 0;
}

/* A route's finished page that is in the loop's table was matched when it was put there. */
static enum MHD_Result answer_plain(struct stream *stream)
{
    struct server *server = stream->server;
    bool reads = stream->request.method == METHOD_GET || stream->request.method == METHOD_HEAD;
    enum encoding encoding = request_encoding(&stream->request);
    uint64_t epoch = cache_epoch(server->cache, server->site.clock());
    struct reply *reply = NULL;
    if (reads && !is_last(stream))
        reply = replies_find(stream->loop->replies, epoch, stream->target, stream->target_len, encoding);
    if (reply != NULL) {
        stream->route = reply->route;
        stream->kept = KEPT_HIT;
        return send_reply(stream, reply);
    }
    if (!match(stream))
        return refuse_busy(stream, "too many requests of that client");
    stream->asker = (struct cache_asker){.epoch = epoch, .key = stream->match.key, .encoding = encoding};
    if (stream->match.key != NULL && server->options.cache_max > 0)
        return ask(stream);
    return hand_over(stream);
}

enum MHD_Result stream_answer(struct stream *stream)
{
    switch (stream->state) {
    case STREAM_HEAD:
        return answer_plain(stream);
    case STREAM_BODY:
    case STREAM_SPOOLING:
        return hand_over(stream);
    case STREAM_WAITING:
        return stream->asker.alone ? hand_over(stream) : ask(stream);
    case STREAM_MADE:
        if (stream->body.status != 0)
            return refuse_body(stream);
        if (stream->page == NULL)
            return send_response(stream);
        struct page *page = stream->page;
        stream->page = NULL;
        return send_page(stream, page);
    case STREAM_MAKING:
    case STREAM_SENT:
        break;
    }
    assert(false);
    return MHD_NO;
}

/* The spool file of a client that went away is given up where that may wait for the disk. */
void stream_end(struct stream *stream)
{
    struct server *server = stream->server;
    page_drop(stream->page);
    response_release(&stream->response);
    if (stream->matched) {
        match_release(&stream->match);
        atomic_fetch_sub(&server->streams[stream->client_hash % CLIENTS], 1);
    }
    stream->job = (struct lane_job){.run = run_release, .context = stream};
    if (!body_is_stored(&stream->body) || !lane_pool_submit(server->lanes[LANE_SPOOL], &stream->job))
        run_release(stream, NULL);
}
