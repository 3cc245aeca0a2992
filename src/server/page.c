#include "warta/server/page.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/compress.h"
#include "warta/base/mem.h"

/* At these levels the listing takes half a millisecond and is within a few per cent of the smallest. */
enum { GZIP_LEVEL = 6, BROTLI_QUALITY = 5, WORTH_COMPRESSING = 256 };

static_assert(PAGE_ETAG_CAP == 2 * crypto_shorthash_BYTES + sizeof "\"\"", "fits exactly");

struct page {
    atomic_uint references;
    atomic_bool used;
    atomic_size_t *total;
    size_t counted; /* bytes of this page in the total; under the mutex */
    int64_t modified_unix;
    char modified[HTTP_DATE_CAP];
    struct response response;
    pthread_mutex_t mutex; /* held while a form is made */
    atomic_bool made[ENCODINGS];
    struct page_form forms[ENCODINGS];
    struct buf compressed[ENCODINGS];
};

static void count(struct page *page, size_t bytes)
{
    page->counted += bytes;
    atomic_fetch_add_explicit(page->total, bytes, memory_order_relaxed);
}

/* SipHash-2-4 (Aumasson, Bernstein) under a key that all runs share: who has a page from before a restart has it
 * still. Nobody gains by two pages of one tag but who writes both, so that speed counts for more than being beyond
 * all forging. */
static void write_etag(struct page_form *form)
{
    static const unsigned char key[crypto_shorthash_KEYBYTES] = "warta page's tag";
    unsigned char hash[crypto_shorthash_BYTES];
    char digits[2 * sizeof hash + 1];
    crypto_shorthash(hash, (const unsigned char *)form->bytes, form->len, key);
    sodium_bin2hex(digits, sizeof digits, hash, sizeof hash);
    snprintf(form->etag, sizeof form->etag, "\"%s\"", digits);
}

struct page *page_create(struct response *response, int64_t modified_unix, atomic_size_t *total)
{
    struct page *page = mem_alloc(sizeof *page);
    atomic_init(&page->references, 1);
    page->total = total;
    page->modified_unix = modified_unix;
    if (modified_unix > 0)
        http_date_format(modified_unix, page->modified);
    page->response = *response;
    response_init(response);
    /* It stays for long, so what the buffer grew beyond its need is given back. */
    buf_shrink(&page->response.body);
    pthread_mutex_init(&page->mutex, NULL);
    page->compressed[ENCODING_GZIP] = page->response.gzip;
    page->compressed[ENCODING_BROTLI] = page->response.brotli;
    page->response.gzip = page->response.brotli = BUF_EMPTY;
    count(page, sizeof *page + page->response.body.len + page->compressed[ENCODING_GZIP].len +
                    page->compressed[ENCODING_BROTLI].len);
    return page;
}

struct page *page_keep(struct page *page)
{
    atomic_fetch_add_explicit(&page->references, 1, memory_order_relaxed);
    return page;
}

void page_drop(struct page *page)
{
    if (page == NULL || atomic_fetch_sub_explicit(&page->references, 1, memory_order_acq_rel) > 1)
        return;
    atomic_fetch_sub_explicit(page->total, page->counted, memory_order_relaxed);
    for (enum encoding encoding = ENCODING_IDENTITY; encoding < ENCODINGS; encoding++)
        buf_release(&page->compressed[encoding]);
    response_release(&page->response);
    pthread_mutex_destroy(&page->mutex);
    free(page);
}

/* What came with the response, or what compressing makes. */
static void compressed_form(struct page *page, enum encoding encoding, struct page_form *form)
{
    const struct buf *body = &page->response.body;
    struct buf *made = &page->compressed[encoding];
    if (!page->response.compressed && body->len >= WORTH_COMPRESSING) {
        if (encoding == ENCODING_GZIP)
            compress_gzip(body->data, body->len, GZIP_LEVEL, made);
        else
            compress_brotli(body->data, body->len, BROTLI_QUALITY, made);
        buf_shrink(made);
        count(page, made->len);
    }
    form->bytes = made->data;
    form->len = made->len;
}

static void form_make(struct page *page, enum encoding encoding)
{
    struct page_form *form = &page->forms[encoding];
    const struct buf *body = &page->response.body;
    *form = (struct page_form){.encoding = encoding};
    if (encoding != ENCODING_IDENTITY)
        compressed_form(page, encoding, form);
    if (form->bytes == NULL || form->len >= body->len)
        *form = (struct page_form){.encoding = ENCODING_IDENTITY, .bytes = buf_string(body), .len = body->len};
    write_etag(form);
}

const struct page_form *page_form(struct page *page, enum encoding encoding)
{
    if (atomic_load_explicit(&page->made[encoding], memory_order_acquire))
        return &page->forms[encoding];
    pthread_mutex_lock(&page->mutex);
    if (!atomic_load_explicit(&page->made[encoding], memory_order_relaxed)) {
        form_make(page, encoding);
        atomic_store_explicit(&page->made[encoding], true, memory_order_release);
    }
    pthread_mutex_unlock(&page->mutex);
    return &page->forms[encoding];
}

const struct header *page_headers(const struct page *page, size_t *len)
{
    *len = page->response.headers_len;
    return page->response.headers;
}

const char *page_modified(const struct page *page, int64_t *modified_unix)
{
    *modified_unix = page->modified_unix;
    return page->modified;
}

void page_use(struct page *page)
{
    if (!atomic_load_explicit(&page->used, memory_order_relaxed))
        atomic_store_explicit(&page->used, true, memory_order_relaxed);
}

bool page_forget_use(struct page *page)
{
    return atomic_exchange_explicit(&page->used, false, memory_order_relaxed);
}
