#include "warta/server/cache.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/app/app.h"
#include "warta/base/compress.h"
#include "warta/base/mem.h"

/* At these levels the listing takes half a millisecond and is within a few per cent of the smallest. */
enum { GZIP_LEVEL = 6, BROTLI_QUALITY = 5, WORTH_COMPRESSING = 256 };
enum { BUCKETS = 4096, SMALL_SHARE = 10 /* one byte in ten is for newcomers */ };

static_assert(PAGE_ETAG_CAP == 2 * crypto_shorthash_BYTES + sizeof "\"\"", "fits exactly");

enum queue_name { QUEUE_NONE, QUEUE_SMALL, QUEUE_MAIN, QUEUES };

/* What the cache has under a key: a page, and those who wait for it or for another form of it. */
struct entry {
    struct entry *next_in_bucket;
    struct entry *newer, *older; /* in its queue */
    enum queue_name queue;       /* none: there is no page yet */
    struct page *page;
    size_t bytes; /* as counted */
    bool making;
    struct cache_asker *waiting;
    uint64_t hash;
    char key[];
};

struct queue {
    struct entry *newest, *oldest;
    size_t len, bytes;
};

struct cache {
    size_t max;
    void (*resume)(struct cache_asker *asker);

    /* Read by every request. */
    _Atomic uint64_t epoch;
    _Atomic int64_t until_unix; /* when it ends by itself */
    _Atomic int64_t since_unix, generation;

    pthread_mutex_t mutex; /* guards all that follows */
    struct content content;
    struct queue queues[QUEUES];
    struct entry *buckets[BUCKETS];
};

/* --- the epoch --- */

/* An item whose time has come ends the epoch at once; what comes next is learnt by the next cache_follow. */
uint64_t cache_epoch(struct cache *cache, int64_t now_unix)
{
    int64_t until = atomic_load_explicit(&cache->until_unix, memory_order_relaxed);
    if (now_unix >= until && atomic_compare_exchange_strong(&cache->until_unix, &until, INT64_MAX)) {
        atomic_store(&cache->since_unix, now_unix);
        atomic_fetch_add(&cache->epoch, 1);
    }
    return atomic_load_explicit(&cache->epoch, memory_order_acquire);
}

/* Commits are followed by several threads, so one that was read before another may come behind it. */
void cache_follow(struct cache *cache, const struct content *content, int64_t now_unix)
{
    pthread_mutex_lock(&cache->mutex);
    bool moved = content->generation > cache->content.generation ||
                 (content->generation == cache->content.generation && content->next_unix != cache->content.next_unix);
    if (moved) {
        cache->content = *content;
        atomic_store(&cache->generation, content->generation);
        atomic_store(&cache->since_unix, now_unix);
        atomic_store(&cache->until_unix, content->next_unix);
        atomic_fetch_add(&cache->epoch, 1);
    }
    pthread_mutex_unlock(&cache->mutex);
}

/* --- pages --- */

struct page *page_keep(struct page *page)
{
    atomic_fetch_add_explicit(&page->references, 1, memory_order_relaxed);
    return page;
}

void page_drop(struct page *page)
{
    if (page == NULL || atomic_fetch_sub_explicit(&page->references, 1, memory_order_acq_rel) > 1)
        return;
    for (enum encoding encoding = ENCODING_IDENTITY; encoding < ENCODINGS; encoding++)
        buf_release(&page->compressed[encoding]);
    response_release(&page->response);
    free(page);
}

/* SipHash-2-4 (Aumasson, Bernstein) under a key that all runs share, so that a browser's copy outlives a restart. Only
 * somebody who writes both pages could make two of one tag, and gains nothing by it. */
static void write_etag(struct page_form *form)
{
    static const unsigned char key[crypto_shorthash_KEYBYTES] = "warta page's tag";
    unsigned char hash[crypto_shorthash_BYTES];
    char digits[2 * sizeof hash + 1];
    crypto_shorthash(hash, (const unsigned char *)form->bytes, form->len, key);
    sodium_bin2hex(digits, sizeof digits, hash, sizeof hash);
    snprintf(form->etag, sizeof form->etag, "\"%s\"", digits);
}

static void compress(struct page *page, enum encoding encoding)
{
    const struct buf *body = &page->response.body;
    struct buf *made = &page->compressed[encoding];
    if (page->response.compressed || body->len < WORTH_COMPRESSING)
        return;
    if (encoding == ENCODING_GZIP)
        compress_gzip(body->data, body->len, GZIP_LEVEL, made);
    else
        compress_brotli(body->data, body->len, BROTLI_QUALITY, made);
    buf_shrink(made);
}

void page_make_form(struct page *page, enum encoding encoding)
{
    const struct buf *body = &page->response.body, *made = &page->compressed[encoding];
    struct page_form *form = &page->forms[encoding];
    if (atomic_load_explicit(&page->made[encoding], memory_order_acquire))
        return;
    if (encoding != ENCODING_IDENTITY)
        compress(page, encoding);
    if (encoding != ENCODING_IDENTITY && made->data != NULL && made->len < body->len)
        *form = (struct page_form){.encoding = encoding, .bytes = made->data, .len = made->len};
    else
        *form = (struct page_form){.encoding = ENCODING_IDENTITY, .bytes = buf_string(body), .len = body->len};
    write_etag(form);
    atomic_store_explicit(&page->made[encoding], true, memory_order_release);
}

/* Of a page made of a content that has been followed, and not in the second of its change: a date with whole seconds cannot
 * tell apart what came before and after it (RFC 9110, 8.8.2.2). */
struct page *cache_page(struct cache *cache, struct response *response, enum encoding encoding, uint64_t epoch,
                        int64_t now_unix)
{
    struct page *page = mem_alloc(sizeof *page);
    int64_t since_unix = atomic_load(&cache->since_unix);
    bool dated = response->generation == atomic_load(&cache->generation) && since_unix < now_unix &&
                 epoch == atomic_load(&cache->epoch);
    atomic_init(&page->references, 1);
    page->epoch = epoch;
    if (dated && since_unix > 0) {
        page->modified_unix = since_unix;
        http_date_format(since_unix, page->modified);
    }
    page->response = *response;
    response_init(response);
    buf_shrink(&page->response.body); /* it stays for long */
    page->compressed[ENCODING_GZIP] = page->response.gzip;
    page->compressed[ENCODING_BROTLI] = page->response.brotli;
    page->response.gzip = page->response.brotli = BUF_EMPTY;
    page->headers = page->response.headers;
    page->headers_len = page->response.headers_len;
    page_make_form(page, encoding);
    return page;
}

static size_t page_bytes(const struct page *page)
{
    return sizeof *page + page->response.body.len + page->compressed[ENCODING_GZIP].len +
           page->compressed[ENCODING_BROTLI].len;
}

/* --- entries: all with the mutex --- */

/* FNV-1a (Fowler, Noll, Vo), 64 bits */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325U;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3U;
    return hash;
}

static struct entry **entry_find(struct cache *cache, uint64_t hash, const char *key)
{
    struct entry **at = &cache->buckets[hash % BUCKETS];
    while (*at != NULL && ((*at)->hash != hash || strcmp((*at)->key, key) != 0))
        at = &(*at)->next_in_bucket;
    return at;
}

static struct entry *entry_add(struct cache *cache, uint64_t hash, const char *key)
{
    size_t len = strlen(key);
    struct entry *entry = mem_alloc(sizeof *entry + len + 1);
    memcpy(entry->key, key, len + 1);
    entry->hash = hash;
    entry->next_in_bucket = cache->buckets[hash % BUCKETS];
    cache->buckets[hash % BUCKETS] = entry;
    return entry;
}

static void queue_take(struct cache *cache, struct entry *entry)
{
    struct queue *queue = &cache->queues[entry->queue];
    if (entry->queue == QUEUE_NONE)
        return;
    *(entry->newer != NULL ? &entry->newer->older : &queue->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &queue->oldest) = entry->newer;
    queue->len--;
    queue->bytes -= entry->bytes;
    entry->queue = QUEUE_NONE;
}

static void queue_put(struct cache *cache, struct entry *entry, enum queue_name name)
{
    struct queue *queue = &cache->queues[name];
    entry->queue = name;
    entry->bytes = sizeof *entry + page_bytes(entry->page);
    entry->newer = NULL;
    entry->older = queue->newest;
    *(queue->newest != NULL ? &queue->newest->newer : &queue->oldest) = entry;
    queue->newest = entry;
    queue->len++;
    queue->bytes += entry->bytes;
}

static void entry_empty(struct cache *cache, struct entry *entry)
{
    queue_take(cache, entry);
    page_drop(entry->page);
    entry->page = NULL;
}

/* The entry stays while somebody makes its page. */
static void entry_remove(struct cache *cache, struct entry *entry)
{
    entry_empty(cache, entry);
    if (entry->making)
        return;
    *entry_find(cache, entry->hash, entry->key) = entry->next_in_bucket;
    free(entry);
}

/* The oldest of its queue goes, unless it was asked for. */
static void evict_one(struct cache *cache)
{
    const struct queue *small = &cache->queues[QUEUE_SMALL], *main = &cache->queues[QUEUE_MAIN];
    bool from_small = main->len == 0 || (small->len > 0 && small->bytes > cache->max / SMALL_SHARE);
    struct entry *entry = from_small ? small->oldest : main->oldest;
    bool outdated = entry->page->epoch != atomic_load_explicit(&cache->epoch, memory_order_relaxed);
    if (!outdated && atomic_exchange_explicit(&entry->page->used, false, memory_order_relaxed)) {
        queue_take(cache, entry);
        queue_put(cache, entry, QUEUE_MAIN);
    } else {
        entry_remove(cache, entry);
    }
}

static void evict(struct cache *cache)
{
    const struct queue *small = &cache->queues[QUEUE_SMALL], *main = &cache->queues[QUEUE_MAIN];
    while (small->bytes + main->bytes > cache->max)
        evict_one(cache);
}

/* --- asking and filling --- */

static enum cache_found get(struct cache *cache, struct cache_asker *asker, struct page **page)
{
    uint64_t hash = hash_of(asker->key);
    struct entry *entry = *entry_find(cache, hash, asker->key);
    if (entry != NULL && entry->page != NULL && entry->page->epoch < asker->epoch && !entry->making)
        entry_empty(cache, entry);
    if (entry != NULL && entry->page != NULL && entry->page->epoch >= asker->epoch &&
        atomic_load_explicit(&entry->page->made[asker->encoding], memory_order_acquire)) {
        *page = page_keep(entry->page);
        atomic_store_explicit(&entry->page->used, true, memory_order_relaxed);
        return CACHE_HIT;
    }
    if (entry != NULL && entry->making) {
        asker->next = entry->waiting;
        entry->waiting = asker;
        return CACHE_WAIT;
    }
    if (entry == NULL)
        entry = entry_add(cache, hash, asker->key);
    entry->making = true;
    return CACHE_MAKE;
}

enum cache_found cache_get(struct cache *cache, struct cache_asker *asker, struct page **page)
{
    assert(cache->max > 0);
    pthread_mutex_lock(&cache->mutex);
    enum cache_found found = get(cache, asker, page);
    pthread_mutex_unlock(&cache->mutex);
    return found;
}

struct page *cache_part(struct cache *cache, const struct cache_asker *asker)
{
    pthread_mutex_lock(&cache->mutex);
    const struct entry *entry = *entry_find(cache, hash_of(asker->key), asker->key);
    assert(entry != NULL); /* it stays while its page is made */
    bool is_current = entry->page != NULL && entry->page->epoch >= asker->epoch;
    struct page *page = is_current ? page_keep(entry->page) : NULL;
    pthread_mutex_unlock(&cache->mutex);
    return page;
}

void cache_fill(struct cache *cache, struct cache_asker *asker, struct page *page)
{
    pthread_mutex_lock(&cache->mutex);
    struct entry *entry = *entry_find(cache, hash_of(asker->key), asker->key);
    assert(entry != NULL);
    struct cache_asker *waiting = entry->waiting;
    entry->waiting = NULL;
    entry->making = false;
    if (page == NULL) {
        entry_remove(cache, entry);
    } else {
        enum queue_name queue = page == entry->page && entry->queue == QUEUE_MAIN ? QUEUE_MAIN : QUEUE_SMALL;
        struct page *kept = page_keep(page);
        entry_empty(cache, entry);
        entry->page = kept;
        queue_put(cache, entry, queue);
        evict(cache);
    }
    pthread_mutex_unlock(&cache->mutex);
    while (waiting != NULL) {
        struct cache_asker *next = waiting->next;
        waiting->alone = page == NULL;
        cache->resume(waiting);
        waiting = next;
    }
}

/* --- lifecycle --- */

struct cache *cache_create(size_t max, void (*resume)(struct cache_asker *asker))
{
    struct cache *cache = mem_alloc(sizeof *cache);
    cache->max = max;
    cache->resume = resume;
    cache->content.generation = -1;
    atomic_init(&cache->until_unix, INT64_MAX);
    pthread_mutex_init(&cache->mutex, NULL);
    return cache;
}

void cache_destroy(struct cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        struct entry *next = cache->buckets[i];
        while (next != NULL) {
            struct entry *entry = next;
            next = entry->next_in_bucket;
            page_drop(entry->page);
            free(entry);
        }
    }
    pthread_mutex_destroy(&cache->mutex);
    free(cache);
}

struct cache_stats cache_stats(struct cache *cache)
{
    pthread_mutex_lock(&cache->mutex);
    const struct queue *small = &cache->queues[QUEUE_SMALL], *main = &cache->queues[QUEUE_MAIN];
    struct cache_stats stats = {.bytes = small->bytes + main->bytes, .pages = small->len + main->len};
    pthread_mutex_unlock(&cache->mutex);
    return stats;
}
