#include <stdlib.h>
#include <string.h>

#include "hot.h"
#include "worker.h"

/* Whether the client asked by the one address that stands for the page. */
static bool is_canonical(const struct request *request, const char *target)
{
    size_t path_len = strlen(request->path);
    if (strncmp(target, request->path, path_len) != 0) {
        return false;
    }
    const char *query = target + path_len;
    return strcmp(*query == '?' ? query + 1 : query, request->query) == 0;
}

static void log_hit(const struct worker *worker, const struct request *request)
{
    const char *mark = *request->query == '\0' ? "" : "?";
    log_write(worker->server->options.log, LOG_INFO, NULL, "%s %s%s%s 200", method_name(request->method), request->path,
              mark, request->query);
}

/* Makes the page that `target` asks for (*owned*). NULL if none may be kept: the transfer's response is then the answer. */
static struct page *make_page(const struct worker *worker, struct transfer *transfer, uint64_t epoch, char *target)
{
    struct cache *cache = worker->server->cache;
    char *mark = strchr(target, '?');
    struct request request = transfer->request;
    request.method = METHOD_GET;
    request.path = target;
    request.query = mark == NULL ? "" : mark + 1;
    if (mark != NULL) {
        *mark = '\0';
    }
    app_handle(worker->app, &request, &transfer->response);
    if (mark != NULL) {
        *mark = '?';
    }
    bool whole = transfer->response.status == 200;
    struct page *page = whole ? cache_page(cache, worker->app, &transfer->response) : NULL;
    cache_fill(cache, epoch, target, page);
    return page;
}

static enum MHD_Result send_page(const struct worker *worker, struct transfer *transfer, struct page *page, bool last,
                                 bool keep)
{
    struct finished finished;
    const struct log *log = worker->server->options.log;
    enum encoding encoding = request_encoding(&transfer->request);
    if (encoding == ENCODINGS) {
        return transfer_refuse(worker->server, transfer->client, 406);
    }
    finished_init(&finished, log, page, encoding, last);
    enum MHD_Result queued = finished_send(&finished, log, transfer->client, &transfer->request);
    if (keep && !last) {
        hot_put(worker->hot, transfer->target, transfer->target_len, encoding, &finished);
    } else {
        finished_release(&finished);
    }
    return queued;
}

/* By the cache that all share; `*target` is the page's address. */
static enum MHD_Result answer_kept(const struct worker *worker, struct transfer *transfer, uint64_t epoch,
                                   struct buf *target, bool last)
{
    struct page *page = cache_get(worker->server->cache, epoch, buf_string(target));
    bool read_before = page != NULL;
    if (page == NULL) {
        page = make_page(worker, transfer, epoch, target->data);
    } else {
        log_hit(worker, &transfer->request);
    }
    if (page == NULL) {
        return transfer_send(worker->server, transfer);
    }
    bool keep = read_before && is_canonical(&transfer->request, buf_string(target));
    enum MHD_Result queued = send_page(worker, transfer, page, last, keep);
    page_drop(page);
    return queued;
}

bool plain_answer(const struct worker *worker, struct transfer *transfer, enum MHD_Result *queued)
{
    struct server *server = worker->server;
    enum encoding encoding = request_encoding(&transfer->request);
    uint64_t epoch = cache_epoch(server->cache, worker->app);
    bool last = atomic_load_explicit(&server->stopping, memory_order_relaxed);
    struct finished *hot = last ? NULL : hot_find(worker->hot, epoch, transfer->target, transfer->target_len, encoding);
    if (hot != NULL) {
        log_hit(worker, &transfer->request);
        *queued = finished_send(hot, server->options.log, transfer->client, &transfer->request);
        return true;
    }
    struct buf target = BUF_EMPTY;
    bool keeps = app_keeps(worker->app, &transfer->request, &target);
    if (keeps) {
        *queued = answer_kept(worker, transfer, epoch, &target, last);
    }
    buf_release(&target);
    return keeps;
}
