#include "warta/server/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "warta/base/mem.h"

enum { BUCKETS = 4096, SMALL_SHARE = 10 /* one part in ten is for newcomers */ };

enum place { PLACE_PENDING, PLACE_SMALL, PLACE_MAIN, PLACES };

struct entry {
    struct entry *next_in_bucket;
    struct entry *newer, *older; /* in its queue */
    enum place place;
    uint64_t epoch;
    struct page *page; /* NULL while it is made */
    uint64_t hash;
    char target[];
};

struct queue {
    struct entry *newest, *oldest;
    size_t len;
};

struct cache {
    size_t max;
    atomic_size_t bytes; /* of all pages that live, also of those only still being sent */

    /* Read by every request, written when something changed or is looked for. */
    _Atomic uint64_t epoch;
    _Atomic int64_t until_unix; /* when it ends by itself */
    _Atomic int64_t checked_ms;
    _Atomic uint64_t hints, hints_seen;

    pthread_mutex_t epoch_mutex; /* one asks the database at a time */
    struct content content;
    bool known; /* the content was read at least once */
    int64_t since_unix;

    pthread_mutex_t mutex; /* guards all that follows */
    pthread_cond_t filled;
    struct queue queues[PLACES];
    struct entry *buckets[BUCKETS];
};

/* --- the epoch ----------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Without a lock: each of the values is right by itself, and what they are compared with only moves on. */
static bool is_current(struct cache *cache, const struct app *app)
{
    return atomic_load_explicit(&cache->hints, memory_order_acquire) ==
               atomic_load_explicit(&cache->hints_seen, memory_order_relaxed) &&
           now_ms() - atomic_load_explicit(&cache->checked_ms, memory_order_relaxed) < CACHE_RECHECK_MS &&
           app_now(app) < atomic_load_explicit(&cache->until_unix, memory_order_relaxed);
}

static void begin_epoch(struct cache *cache, const struct app *app, struct content content)
{
    cache->content = content;
    cache->known = true;
    cache->since_unix = app_now(app);
    atomic_store(&cache->until_unix, content.next_unix);
    atomic_fetch_add(&cache->epoch, 1);
}

/* With the epoch's mutex. The hints are read before the database is, so that one given meanwhile is not lost. */
static void ask(struct cache *cache, struct app *app)
{
    struct content content;
    uint64_t hints = atomic_load(&cache->hints);
    int64_t asked_ms = now_ms();
    if (app_content(app, &content) && (!cache->known || content.generation != cache->content.generation ||
                                       content.next_unix != cache->content.next_unix)) {
        begin_epoch(cache, app, content);
    }
    atomic_store(&cache->checked_ms, asked_ms);
    atomic_store(&cache->hints_seen, hints);
}

uint64_t cache_epoch(struct cache *cache, struct app *app)
{
    if (!is_current(cache, app)) {
        pthread_mutex_lock(&cache->epoch_mutex);
        if (!is_current(cache, app)) {
            ask(cache, app);
        }
        pthread_mutex_unlock(&cache->epoch_mutex);
    }
    return atomic_load_explicit(&cache->epoch, memory_order_acquire);
}

void cache_recheck(struct cache *cache)
{
    atomic_fetch_add(&cache->hints, 1);
}

/* A date with whole seconds cannot tell apart what was made in the second of a change: such a page goes without
 * (RFC 9110, 8.8.2.2). */
struct page *cache_page(struct cache *cache, struct app *app, struct response *response)
{
    pthread_mutex_lock(&cache->epoch_mutex);
    int64_t since_unix = cache->since_unix;
    pthread_mutex_unlock(&cache->epoch_mutex);
    return page_create(response, since_unix < app_now(app) ? since_unix : 0, &cache->bytes);
}

/* --- entries: all with the mutex ----------------------------------------------------------------- */

/* FNV-1a (Fowler, Noll, Vo), 64 bits */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325U;
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3U;
    }
    return hash;
}

static struct entry **entry_find(struct cache *cache, uint64_t hash, const char *target)
{
    struct entry **at = &cache->buckets[hash % BUCKETS];
    while (*at != NULL && ((*at)->hash != hash || strcmp((*at)->target, target) != 0)) {
        at = &(*at)->next_in_bucket;
    }
    return at;
}

static void queue_take(struct cache *cache, struct entry *entry)
{
    struct queue *queue = &cache->queues[entry->place];
    *(entry->newer != NULL ? &entry->newer->older : &queue->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &queue->oldest) = entry->newer;
    queue->len--;
}

static void queue_put(struct cache *cache, struct entry *entry, enum place place)
{
    struct queue *queue = &cache->queues[place];
    entry->place = place;
    entry->newer = NULL;
    entry->older = queue->newest;
    *(queue->newest != NULL ? &queue->newest->newer : &queue->oldest) = entry;
    queue->newest = entry;
    queue->len++;
}

static void entry_remove(struct cache *cache, struct entry *entry)
{
    *entry_find(cache, entry->hash, entry->target) = entry->next_in_bucket;
    queue_take(cache, entry);
    page_drop(entry->page);
    free(entry);
}

static struct entry *entry_add(struct cache *cache, uint64_t epoch, uint64_t hash, const char *target)
{
    size_t len = strlen(target);
    struct entry *entry = mem_alloc(sizeof *entry + len + 1);
    memcpy(entry->target, target, len + 1);
    entry->hash = hash;
    entry->epoch = epoch;
    entry->next_in_bucket = cache->buckets[hash % BUCKETS];
    cache->buckets[hash % BUCKETS] = entry;
    queue_put(cache, entry, PLACE_PENDING);
    return entry;
}

/* The oldest of its queue goes, unless it was asked for. */
static void evict_one(struct cache *cache)
{
    size_t small = cache->queues[PLACE_SMALL].len, main = cache->queues[PLACE_MAIN].len;
    bool from_small = main == 0 || small * SMALL_SHARE > small + main;
    struct entry *entry = cache->queues[from_small ? PLACE_SMALL : PLACE_MAIN].oldest;
    bool outdated = entry->epoch != atomic_load_explicit(&cache->epoch, memory_order_relaxed);
    if (!outdated && page_forget_use(entry->page)) {
        queue_take(cache, entry);
        queue_put(cache, entry, PLACE_MAIN);
    } else {
        entry_remove(cache, entry);
    }
}

static void evict(struct cache *cache)
{
    while (atomic_load(&cache->bytes) > cache->max &&
           cache->queues[PLACE_SMALL].len + cache->queues[PLACE_MAIN].len > 0) {
        evict_one(cache);
    }
}

/* --- pages --------------------------------------------------------------------------------------- */

struct page *cache_get(struct cache *cache, uint64_t epoch, const char *target)
{
    if (cache->max == 0) {
        return NULL;
    }
    uint64_t hash = hash_of(target);
    struct page *page = NULL;
    pthread_mutex_lock(&cache->mutex);
    struct entry *entry = *entry_find(cache, hash, target);
    while (entry != NULL && entry->place == PLACE_PENDING) {
        pthread_cond_wait(&cache->filled, &cache->mutex);
        entry = *entry_find(cache, hash, target);
    }
    if (entry != NULL && entry->epoch < epoch) {
        entry_remove(cache, entry);
        entry = NULL;
    }
    if (entry != NULL) {
        page = page_keep(entry->page);
        page_use(page);
    } else {
        entry_add(cache, epoch, hash, target);
    }
    pthread_mutex_unlock(&cache->mutex);
    return page;
}

void cache_fill(struct cache *cache, uint64_t epoch, const char *target, struct page *page)
{
    if (cache->max == 0) {
        return;
    }
    pthread_mutex_lock(&cache->mutex);
    struct entry *entry = *entry_find(cache, hash_of(target), target);
    if (page == NULL) {
        entry_remove(cache, entry);
    } else {
        queue_take(cache, entry);
        entry->page = page_keep(page);
        entry->epoch = epoch;
        queue_put(cache, entry, PLACE_SMALL);
        evict(cache);
    }
    pthread_cond_broadcast(&cache->filled);
    pthread_mutex_unlock(&cache->mutex);
}

/* --- lifecycle ----------------------------------------------------------------------------------- */

struct cache *cache_create(size_t max)
{
    struct cache *cache = mem_alloc(sizeof *cache);
    cache->max = max;
    atomic_init(&cache->checked_ms, -CACHE_RECHECK_MS);
    pthread_mutex_init(&cache->epoch_mutex, NULL);
    pthread_mutex_init(&cache->mutex, NULL);
    pthread_cond_init(&cache->filled, NULL);
    return cache;
}

void cache_destroy(struct cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (enum place place = PLACE_PENDING; place < PLACES; place++) {
        while (cache->queues[place].oldest != NULL) {
            entry_remove(cache, cache->queues[place].oldest);
        }
    }
    pthread_cond_destroy(&cache->filled);
    pthread_mutex_destroy(&cache->mutex);
    pthread_mutex_destroy(&cache->epoch_mutex);
    free(cache);
}

struct cache_stats cache_stats(struct cache *cache)
{
    pthread_mutex_lock(&cache->mutex);
    struct cache_stats stats = {
        .bytes = atomic_load(&cache->bytes),
        .pages = cache->queues[PLACE_SMALL].len + cache->queues[PLACE_MAIN].len,
    };
    pthread_mutex_unlock(&cache->mutex);
    return stats;
}
