#include <stdlib.h>
#include <string.h>

#include "account.h"
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

/* Makes the page that `target` asks for (*owned*). NULL if none may be kept: the transfer's response is then the answer. */
static struct page *make_page(struct worker *worker, struct transfer *transfer, uint64_t epoch, char *target)
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
    transfer_make(transfer, worker->app, &request);
    if (mark != NULL) {
        *mark = '?';
    }
    bool whole = transfer->response.status == 200;
    struct page *page = whole ? cache_page(cache, worker->app, &transfer->response) : NULL;
    cache_fill(cache, epoch, target, page);
    return page;
}

static enum MHD_Result send_finished(struct worker *worker, struct transfer *transfer, struct finished *finished)
{
    int status;
    enum MHD_Result queued =
        finished_send(finished, worker->server->options.log, transfer->client, &transfer->request, &status);
    account_end(worker, transfer, status, status == MHD_HTTP_OK ? finished->form->len : 0);
    return queued;
}

static enum MHD_Result send_page(struct worker *worker, struct transfer *transfer, struct page *page, bool last,
                                 bool keep)
{
    struct finished finished;
    enum encoding encoding = request_encoding(&transfer->request);
    if (encoding == ENCODINGS) {
        return transfer_refuse(worker, transfer, 406, "no coding of the page is taken");
    }
    finished_init(&finished, worker->server->options.log, page, encoding, transfer->route, last);
    enum MHD_Result queued = send_finished(worker, transfer, &finished);
    if (keep && !last) {
        hot_put(worker->hot, transfer->target, transfer->target_len, encoding, &finished);
    } else {
        finished_release(&finished);
    }
    return queued;
}

/* By the cache that all share; `*target` is the page's address. */
static enum MHD_Result answer_kept(struct worker *worker, struct transfer *transfer, uint64_t epoch, struct buf *target,
                                   bool last)
{
    struct page *page = cache_get(worker->server->cache, epoch, buf_string(target));
    bool read_before = page != NULL;
    transfer->kept = read_before ? KEPT_HIT : KEPT_MISS;
    if (page == NULL) {
        page = make_page(worker, transfer, epoch, target->data);
    }
    if (page == NULL) {
        return transfer_send(worker, transfer);
    }
    bool keep = read_before && is_canonical(&transfer->request, buf_string(target));
    enum MHD_Result queued = send_page(worker, transfer, page, last, keep);
    page_drop(page);
    return queued;
}

bool plain_answer(struct worker *worker, struct transfer *transfer, enum MHD_Result *queued)
{
    struct server *server = worker->server;
    enum encoding encoding = request_encoding(&transfer->request);
    uint64_t epoch = cache_epoch(server->cache, worker->app);
    bool last = atomic_load_explicit(&server->stopping, memory_order_relaxed);
    struct finished *hot = last ? NULL : hot_find(worker->hot, epoch, transfer->target, transfer->target_len, encoding);
    if (hot != NULL) {
        transfer->route = hot->route;
        transfer->kept = KEPT_HIT;
        *queued = send_finished(worker, transfer, hot);
        return true;
    }
    struct buf target = BUF_EMPTY;
    transfer->route = app_keeps(worker->app, &transfer->request, &target);
    if (transfer->route != NULL) {
        *queued = answer_kept(worker, transfer, epoch, &target, last);
    }
    buf_release(&target);
    return transfer->route != NULL;
}
