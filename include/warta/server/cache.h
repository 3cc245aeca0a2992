/* Finished pages: what readers are sent, in each content coding, kept for all who ask for the same.
 *
 * A page is kept under its key (match.h), so that the order of parameters, or ones that mean nothing, make no new page.
 * It holds for one epoch: a generation of the content, until the next item that waits for its time. The lane that committed
 * moves the epoch on before it answers (cache_follow); a timer does so for commits of other processes.
 *
 * A page that is missing is made once. Whoever asks first is told to make it, in a lane, and to hand it in by cache_fill;
 * others who ask are noted and resumed then. Nobody is given a page of an epoch before the one they asked in.
 *
 * Pages are bounded in bytes, by S3-FIFO (Yang et al., SOSP 2023): a new page enters a small queue, which may hold a tenth of
 * the bytes, and moves on to the main one if it is asked for again. A flood of odd pages, however large, stays in the small
 * queue and pushes out nothing that is read.
 *
 * Threads: any. */
#ifndef WARTA_SERVER_CACHE_H
#define WARTA_SERVER_CACHE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/http/accept.h"
#include "warta/http/conditional.h"
#include "warta/http/message.h"

struct content;

enum { PAGE_ETAG_CAP = 19 };

/* One form of a page. `encoding` is identity where compression would not make it smaller. */
struct page_form {
    enum encoding encoding;
    const char *bytes;
    size_t len;
    char etag[PAGE_ETAG_CAP]; /* strong (RFC 9110, 8.8.3): a hash of the bytes */
};

/* A finished page. All but `used` is constant by the time that cache_get returns it. */
struct page {
    atomic_uint references;
    atomic_bool used; /* asked for since it was last looked at for eviction */
    uint64_t epoch;
    char modified[HTTP_DATE_CAP]; /* Last-Modified; "" where it is not known */
    int64_t modified_unix;        /* 0 likewise */
    const struct header *headers;
    size_t headers_len;

    /* The cache's. */
    struct response response;
    struct buf compressed[ENCODINGS];
    struct page_form forms[ENCODINGS];
    atomic_bool made[ENCODINGS];
};

/* Somebody who asks for a page; embedded in what is suspended meanwhile. */
struct cache_asker {
    uint64_t epoch; /* in which they asked */
    const char *key;
    enum encoding encoding;
    bool alone;               /* the page turned out to be one that is not kept: they have to make it for themselves */
    struct cache_asker *next; /* the cache's */
};

enum cache_found {
    CACHE_HIT,  /* the page is there */
    CACHE_MAKE, /* the asker has to make it, and must call cache_fill */
    CACHE_WAIT  /* another makes it; the asker is given to `resume` then, perhaps before cache_get has returned */
};

struct cache;

/* Keeps pages of `max` bytes in total; 0 keeps none, and then nobody may ask. `resume` is called with each asker who
 * waited, on the thread that filled, with no lock held. */
struct cache *cache_create(size_t max, void (*resume)(struct cache_asker *asker));

/* Nobody may be waiting. Accepts NULL. */
void cache_destroy(struct cache *cache);

/* The epoch at this moment of the site's clock. */
uint64_t cache_epoch(struct cache *cache, int64_t now_unix);

/* What readers see now, by a store: another epoch begins if it differs. */
void cache_follow(struct cache *cache, const struct content *content, int64_t now_unix);

/* On a hit, `*page` is a reference that the caller owns, with the form of the asker's encoding made. */
enum cache_found cache_get(struct cache *cache, struct cache_asker *asker, struct page **page);

/* For an asker who has to make the page: a page under that key that lacks only the asker's encoding, as a reference that
 * the caller owns; NULL if there is none and the whole has to be made. */
struct page *cache_part(struct cache *cache, const struct cache_asker *asker);

/* A page of a response, whose content it takes, with its form in that encoding; the caller owns the reference. `epoch` was
 * read before the response was made. */
struct page *cache_page(struct cache *cache, struct response *response, enum encoding encoding, uint64_t epoch,
                        int64_t now_unix);

/* Makes the form, if it is not made: compresses, so not on an event loop's thread. One thread at a time for one page. */
void page_make_form(struct page *page, enum encoding encoding);

/* Hands in what became of an asker who had to make it: a page with the asker's form, or NULL if none is to be kept. */
void cache_fill(struct cache *cache, struct cache_asker *asker, struct page *page);

/* Lets a reference go. Accepts NULL. */
void page_drop(struct page *page);
struct page *page_keep(struct page *page);

struct cache_stats {
    size_t bytes, pages;
};
struct cache_stats cache_stats(struct cache *cache);

#endif
