#include "hot.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "answer.h"
#include "warta/base/mem.h"

enum { SETS = 128, WAYS = 4 };

/* --- finished responses -------------------------------------------------------------------------- */

static void drop_page(void *page)
{
    page_drop(page);
}

/* A response that is still being sent when it is let go keeps its page. */
static struct MHD_Response *response_of(struct page *page, const char *bytes, size_t len)
{
    /* libmicrohttpd does not write there, but its declaration does not say so. */
    void *data;
    memcpy(&data, &bytes, sizeof data);
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback_cls(len, data, drop_page, page_keep(page));
    if (response == NULL) {
        mem_exhausted();
    }
    return response;
}

/* What a 304 repeats of the headers that a 200 would have (RFC 9110, 15.4.5). */
static bool is_repeated(const char *name)
{
    return strcmp(name, "Cache-Control") == 0 || strcmp(name, "CDN-Cache-Control") == 0;
}

static void add_headers(const struct finished *finished, const struct log *log, struct MHD_Response *response,
                        bool whole)
{
    size_t len;
    int64_t modified_unix;
    const struct header *headers = page_headers(finished->page, &len);
    const char *modified = page_modified(finished->page, &modified_unix);
    for (size_t i = 0; i < len; i++) {
        if (whole || is_repeated(headers[i].name)) {
            answer_header(log, response, headers[i].name, headers[i].value);
        }
    }
    answer_header(log, response, "ETag", finished->form->etag);
    answer_header(log, response, "Vary", "Accept-Encoding");
    if (whole && modified_unix > 0) {
        answer_header(log, response, "Last-Modified", modified);
    }
    if (whole && finished->form->encoding != ENCODING_IDENTITY) {
        answer_header(log, response, "Content-Encoding", encoding_name(finished->form->encoding));
    }
    if (finished->last) {
        answer_header(log, response, "Connection", "close");
    }
}

void finished_init(struct finished *finished, const struct log *log, struct page *page, enum encoding encoding,
                   const struct route *route, bool last)
{
    *finished =
        (struct finished){.page = page_keep(page), .form = page_form(page, encoding), .route = route, .last = last};
    finished->whole = response_of(page, finished->form->bytes, finished->form->len);
    add_headers(finished, log, finished->whole, true);
}

void finished_release(struct finished *finished)
{
    if (finished->page == NULL) {
        return;
    }
    MHD_destroy_response(finished->whole);
    if (finished->unchanged != NULL) {
        MHD_destroy_response(finished->unchanged);
    }
    page_drop(finished->page);
    *finished = (struct finished){0};
}

/* A Date of our own spares libmicrohttpd from writing one for each response. It may be changed on one that is being sent:
 * its head was written when it was queued, by this thread. */
static void date(struct MHD_Response *response, const struct log *log, int64_t *dated_unix)
{
    char text[HTTP_DATE_CAP];
    int64_t now_unix = time(NULL);
    if (*dated_unix != now_unix) {
        *dated_unix = now_unix;
        http_date_format(now_unix, text);
        answer_header(log, response, MHD_HTTP_HEADER_DATE, text);
    }
}

enum MHD_Result finished_send(struct finished *finished, const struct log *log, struct MHD_Connection *client,
                              const struct request *request, int *status)
{
    int64_t modified_unix;
    page_modified(finished->page, &modified_unix);
    if (!request_has(request, finished->form->etag, modified_unix)) {
        date(finished->whole, log, &finished->dated_unix);
        *status = MHD_HTTP_OK;
        return MHD_queue_response(client, MHD_HTTP_OK, finished->whole);
    }
    *status = MHD_HTTP_NOT_MODIFIED;
    if (finished->unchanged == NULL) {
        /* libmicrohttpd leaves the body out, and its Content-Length has to be that of the page (RFC 9110, 8.6). */
        finished->unchanged = response_of(finished->page, finished->form->bytes, finished->form->len);
        add_headers(finished, log, finished->unchanged, false);
    }
    date(finished->unchanged, log, &finished->unchanged_dated_unix);
    return MHD_queue_response(client, MHD_HTTP_NOT_MODIFIED, finished->unchanged);
}

/* --- the table: a few ways for each hash ----------------------------------------------------------- */

struct slot {
    struct finished finished; /* its page is NULL: empty */
    enum encoding encoding;
    size_t target_len;
    char *target; /* owned */
};

struct hot {
    uint64_t epoch;
    unsigned turn; /* which way gives way next */
    struct slot slots[SETS][WAYS];
};

struct hot *hot_create(void)
{
    return mem_alloc(sizeof(struct hot));
}

static void slot_clear(struct slot *slot)
{
    finished_release(&slot->finished);
    free(slot->target);
    *slot = (struct slot){0};
}

static void hot_clear(struct hot *hot)
{
    for (size_t i = 0; i < SETS; i++) {
        for (size_t j = 0; j < WAYS; j++) {
            slot_clear(&hot->slots[i][j]);
        }
    }
}

void hot_destroy(struct hot *hot)
{
    if (hot != NULL) {
        hot_clear(hot);
        free(hot);
    }
}

/* FNV-1a (Fowler, Noll, Vo), 32 bits */
static struct slot *set_of(struct hot *hot, const char *target, size_t target_len, enum encoding encoding)
{
    uint32_t hash = 0x811c9dc5U ^ (uint32_t)encoding;
    for (size_t i = 0; i < target_len; i++) {
        hash = (hash ^ (unsigned char)target[i]) * 0x01000193U;
    }
    return hot->slots[(hash ^ hash >> 16) % SETS];
}

struct finished *hot_find(struct hot *hot, uint64_t epoch, const char *target, size_t target_len,
                          enum encoding encoding)
{
    if (hot->epoch != epoch) {
        hot_clear(hot);
        hot->epoch = epoch;
    }
    struct slot *set = set_of(hot, target, target_len, encoding);
    for (struct slot *slot = set; slot < set + WAYS; slot++) {
        if (slot->target_len == target_len && slot->encoding == encoding && slot->finished.page != NULL &&
            memcmp(slot->target, target, target_len) == 0) {
            page_use(slot->finished.page);
            return &slot->finished;
        }
    }
    return NULL;
}

void hot_put(struct hot *hot, const char *target, size_t target_len, enum encoding encoding,
             const struct finished *finished)
{
    struct slot *set = set_of(hot, target, target_len, encoding);
    struct slot *slot = set;
    while (slot < set + WAYS && slot->finished.page != NULL) {
        slot++;
    }
    if (slot == set + WAYS) {
        slot = set + hot->turn++ % WAYS;
    }
    slot_clear(slot);
    *slot = (struct slot){
        .finished = *finished,
        .encoding = encoding,
        .target_len = target_len,
        .target = mem_copy(target, target_len),
    };
}
