#include "reply.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/mem.h"

enum { SETS = 128, WAYS = 4 };

static void add_header(const struct log *log, struct MHD_Response *response, const char *name, const char *value)
{
    if (MHD_add_response_header(response, name, value) != MHD_YES)
        log_write(log, LOG_ERROR, NULL, "the header %s could not be sent", name);
}

/* --- of a response --- */

struct MHD_Response *reply_of_response(struct response *response, const struct log *log, bool last)
{
    struct MHD_Response *made;
    size_t len = response->body.len;
    if (response->file.fd >= 0) {
        made = MHD_create_response_from_fd_at_offset64((uint64_t)response->file.len, response->file.fd,
                                                       (uint64_t)response->file.offset);
        response->file.fd = -1; /* closed with what was made of it */
    } else {
        made = MHD_create_response_from_buffer(len, buf_steal(&response->body), MHD_RESPMEM_MUST_FREE);
    }
    if (made == NULL)
        mem_exhausted();
    for (size_t i = 0; i < response->headers_len; i++)
        add_header(log, made, response->headers[i].name, response->headers[i].value);
    if (last)
        add_header(log, made, "Connection", "close");
    return made;
}

void reply_words(struct response *response, int status, const char *words, unsigned retry_after_s)
{
    char seconds[16];
    response->status = status;
    response_header(response, "Content-Type", "text/html; charset=utf-8");
    response_header(response, "X-Content-Type-Options", "nosniff");
    response_header(response, "Cache-Control", "no-store");
    if (retry_after_s > 0) {
        snprintf(seconds, sizeof seconds, "%u", retry_after_s);
        response_header(response, "Retry-After", seconds);
    }
    buf_format(&response->body,
               "<!doctype html>\n<html lang=\"en\">\n<meta name=\"viewport\" content=\"width=device-width\">\n"
               "<title>%d %s</title>\n<h1>%d %s</h1>\n<p>%s</p>\n</html>\n",
               status, status_reason(status), status, status_reason(status), words);
}

/* --- of a finished page --- */

static void drop_page(void *page)
{
    page_drop(page);
}

/* A response that is still being sent when it is let go keeps its page. */
static struct MHD_Response *of_page(const struct reply *reply)
{
    /* libmicrohttpd does not write there, but its declaration does not say so. */
    void *data;
    memcpy(&data, &reply->form->bytes, sizeof data);
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        reply->form->len, data, drop_page, page_keep(reply->page));
    if (response == NULL)
        mem_exhausted();
    return response;
}

/* What a 304 repeats of the headers that a 200 would have (RFC 9110, 15.4.5). */
static bool is_repeated(const char *name)
{
    return strcmp(name, "Cache-Control") == 0 || strcmp(name, "CDN-Cache-Control") == 0;
}

static void add_headers(const struct reply *reply, const struct log *log, struct MHD_Response *response, bool whole)
{
    const struct page *page = reply->page;
    for (size_t i = 0; i < page->headers_len; i++)
        if (whole || is_repeated(page->headers[i].name))
            add_header(log, response, page->headers[i].name, page->headers[i].value);
    add_header(log, response, "ETag", reply->form->etag);
    add_header(log, response, "Vary", "Accept-Encoding");
    if (whole && page->modified_unix > 0)
        add_header(log, response, "Last-Modified", page->modified);
    if (whole && reply->form->encoding != ENCODING_IDENTITY)
        add_header(log, response, "Content-Encoding", encoding_name(reply->form->encoding));
    if (reply->last)
        add_header(log, response, "Connection", "close");
}

void reply_init(struct reply *reply, const struct log *log, struct page *page, enum encoding encoding,
                const struct route *route, bool last)
{
    *reply = (struct reply){.page = page, .form = &page->forms[encoding], .route = route, .last = last};
    reply->whole = of_page(reply);
    add_headers(reply, log, reply->whole, true);
}

void reply_release(struct reply *reply)
{
    if (reply->page == NULL)
        return;
    MHD_destroy_response(reply->whole);
    if (reply->unchanged != NULL)
        MHD_destroy_response(reply->unchanged);
    page_drop(reply->page);
    *reply = (struct reply){0};
}

/* A Date of our own spares libmicrohttpd from writing one for each response. It may be changed on one that is being sent:
 * its head was written when it was queued, by this thread. */
static void date(struct MHD_Response *response, const struct log *log, int64_t now_unix, int64_t *dated_unix)
{
    char text[HTTP_DATE_CAP];
    if (*dated_unix == now_unix)
        return;
    *dated_unix = now_unix;
    http_date_format(now_unix, text);
    add_header(log, response, MHD_HTTP_HEADER_DATE, text);
}

struct MHD_Response *reply_choose(struct reply *reply, const struct log *log, const struct request *request,
                                  int64_t now_unix, int *status)
{
    if (!request_has(request, reply->form->etag, reply->page->modified_unix)) {
        date(reply->whole, log, now_unix, &reply->whole_date_unix);
        *status = MHD_HTTP_OK;
        return reply->whole;
    }
    if (reply->unchanged == NULL) {
        /* libmicrohttpd leaves the body out, and its Content-Length has to be that of the page (RFC 9110, 8.6). */
        reply->unchanged = of_page(reply);
        add_headers(reply, log, reply->unchanged, false);
    }
    date(reply->unchanged, log, now_unix, &reply->unchanged_date_unix);
    *status = MHD_HTTP_NOT_MODIFIED;
    return reply->unchanged;
}

/* --- the table: a few ways for each hash --- */

struct slot {
    struct reply reply; /* its page is NULL: empty */
    enum encoding encoding;
    size_t target_len;
    char *target; /* owned */
};

struct replies {
    uint64_t epoch;
    unsigned turn; /* which way gives way next */
    struct slot slots[SETS][WAYS];
};

struct replies *replies_create(void)
{
    return mem_alloc(sizeof(struct replies));
}

static void slot_clear(struct slot *slot)
{
    reply_release(&slot->reply);
    free(slot->target);
    *slot = (struct slot){0};
}

static void clear(struct replies *replies)
{
    for (size_t i = 0; i < SETS * WAYS; i++)
        slot_clear(&replies->slots[i / WAYS][i % WAYS]);
}

void replies_destroy(struct replies *replies)
{
    if (replies != NULL)
        clear(replies);
    free(replies);
}

/* FNV-1a (Fowler, Noll, Vo), 32 bits */
static struct slot *set_of(struct replies *replies, const char *target, size_t target_len, enum encoding encoding)
{
    uint32_t hash = 0x811c9dc5U ^ (uint32_t)encoding;
    for (size_t i = 0; i < target_len; i++)
        hash = (hash ^ (unsigned char)target[i]) * 0x01000193U;
    return replies->slots[(hash ^ hash >> 16) % SETS];
}

struct reply *replies_find(struct replies *replies, uint64_t epoch, const char *target, size_t target_len,
                           enum encoding encoding)
{
    if (replies->epoch != epoch) {
        clear(replies);
        replies->epoch = epoch;
    }
    struct slot *set = set_of(replies, target, target_len, encoding);
    for (struct slot *slot = set; slot < set + WAYS; slot++) {
        if (slot->target_len != target_len || slot->encoding != encoding || slot->reply.page == NULL ||
            memcmp(slot->target, target, target_len) != 0)
            continue;
        /* Written only when it changes, so that cores do not contend for it. */
        if (!atomic_load_explicit(&slot->reply.page->used, memory_order_relaxed))
            atomic_store_explicit(&slot->reply.page->used, true, memory_order_relaxed);
        return &slot->reply;
    }
    return NULL;
}

void replies_put(struct replies *replies, const char *target, size_t target_len, enum encoding encoding,
                 const struct reply *reply)
{
    struct slot *set = set_of(replies, target, target_len, encoding);
    struct slot *slot = set;
    while (slot < set + WAYS && slot->reply.page != NULL)
        slot++;
    if (slot == set + WAYS)
        slot = set + replies->turn++ % WAYS;
    slot_clear(slot);
    *slot = (struct slot){
        .reply = *reply, .encoding = encoding, .target_len = target_len, .target = mem_copy(target, target_len)};
}
