#include "warta/server/page.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/asset.h"
#include "warta/base/compress.h"
#include "warta/base/mem.h"

/* At these levels the listing takes half a millisecond and is within a few per cent of the smallest. */
enum { GZIP_LEVEL = 6, BROTLI_QUALITY = 5, HASH_BYTES = 8, WORTH_COMPRESSING = 256 };

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

static void form_init(struct page_form *form, enum encoding encoding, const char *bytes, size_t len)
{
    unsigned char hash[HASH_BYTES < crypto_generichash_BYTES_MIN ? crypto_generichash_BYTES_MIN : HASH_BYTES];
    char digits[2 * HASH_BYTES + 1];
    *form = (struct page_form){.encoding = encoding, .bytes = bytes, .len = len};
    crypto_generichash(hash, sizeof hash, (const unsigned char *)bytes, len, NULL, 0);
    sodium_bin2hex(digits, sizeof digits, hash, HASH_BYTES);
    form->etag[0] = '"';
    memcpy(form->etag + 1, digits, 2 * HASH_BYTES);
    form->etag[1 + 2 * HASH_BYTES] = '"';
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
    struct buf *body = &page->response.body;
    if (body->data != NULL) {
        body->capacity = body->len + 1;
        body->data = mem_resize(body->data, body->capacity);
    }
    pthread_mutex_init(&page->mutex, NULL);
    form_init(&page->forms[ENCODING_IDENTITY], ENCODING_IDENTITY, buf_string(body), body->len);
    atomic_init(&page->made[ENCODING_IDENTITY], true);
    count(page, sizeof *page + body->len);
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

/* What the asset has, or what compressing makes; nothing where that is no smaller. */
static void form_make(struct page *page, enum encoding encoding)
{
    const struct page_form *identity = &page->forms[ENCODING_IDENTITY];
    const struct asset *asset = page->response.asset;
    struct buf *made = &page->compressed[encoding];
    struct page_form *form = &page->forms[encoding];
    bool is_gzip = encoding == ENCODING_GZIP;
    const char *bytes = asset == NULL ? NULL : is_gzip ? asset->gzip : asset->brotli;
    size_t len = asset == NULL ? 0 : is_gzip ? asset->gzip_len : asset->brotli_len;
    if (asset == NULL && identity->len >= WORTH_COMPRESSING) {
        if (is_gzip)
            compress_gzip(identity->bytes, identity->len, GZIP_LEVEL, made);
        else
            compress_brotli(identity->bytes, identity->len, BROTLI_QUALITY, made);
        len = made->len;
        made->data = mem_resize(made->data, len + 1);
        bytes = made->data;
    }
    if (bytes != NULL && len < identity->len)
        form_init(form, encoding, bytes, len);
    else
        *form = *identity;
    count(page, made->len);
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
