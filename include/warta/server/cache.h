/* The cache of finished pages, shared by all event loops.
 *
 * Pages are kept by their canonical target (app_keeps), so that the order of parameters, or ones that mean nothing,
 * make no new entry.
 *
 * They hold for one epoch: a generation of the content, until the next item that waits for its time. Commits of this
 * process are looked for at once where cache_recheck was called before their answer went out, so whoever posts sees
 * it by the very next request; those of other processes within CACHE_RECHECK_MS. To ask the database costs a few µs,
 * so it is asked no more often. While it cannot be asked, the pages hold on.
 *
 * A page that is missing is made once: the first who asks makes it, and others wait for that, which takes no longer
 * than making it themselves.
 *
 * Pages are bounded in bytes, by S3-FIFO (Yang et al., SOSP 2023): new pages queue in a small part, and those asked
 * for again while they were in it move on to the main one. A flood of odd queries, each asked for once, goes through
 * the small part and never pushes out what is read.
 *
 * Threads: any. */
#ifndef WARTA_SERVER_CACHE_H
#define WARTA_SERVER_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/app/app.h"
#include "warta/server/page.h"

enum { CACHE_RECHECK_MS = 50 };

struct cache;

/* Keeps pages of `max` bytes in total; 0 keeps none. */
struct cache *cache_create(size_t max);

/* Nobody may be waiting for a page. Pages that are still being sent live on, and count no more. Accepts NULL. */
void cache_destroy(struct cache *cache);

/* The epoch that it is now, by the calling thread's `app` where the database has to be asked. */
uint64_t cache_epoch(struct cache *cache, struct app *app);

/* The content may have changed: the next to call cache_epoch asks the database. */
void cache_recheck(struct cache *cache);

/* The page for a target (*owned*: page_drop), or NULL: the caller must then make it and call cache_fill. */
struct page *cache_get(struct cache *cache, uint64_t epoch, const char *target);

/* Hands in what became of a target that cache_get had no page for: its page (*borrowed*), or NULL if none is to be kept. */
void cache_fill(struct cache *cache, uint64_t epoch, const char *target, struct page *page);

/* A page of a response (page_create), made in the epoch that it is now. */
struct page *cache_page(struct cache *cache, struct app *app, struct response *response);

struct cache_stats {
    size_t bytes, pages;
};
struct cache_stats cache_stats(struct cache *cache);

#endif
