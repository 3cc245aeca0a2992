/* The body of a request as it comes in: raw bytes, gathered in memory by a thread that must not wait, and stored in one
 * unnamed file by one that may. What it means, the pipeline finds out.
 *
 * All that clients can make the server keep is counted in the spool, from the first byte of each body on, in memory and on
 * the disk: in all, and by client, each of whom may have a quarter. Who sends without being logged in has nothing on the
 * disk: of their body, the beginning is kept.
 *
 * Where there is no room, what has come so far is kept, as forms begin with what was typed, and the rest is passed over.
 *
 * Threads: a body belongs to one at a time; a spool is shared. */
#ifndef WARTA_SERVER_BODY_H
#define WARTA_SERVER_BODY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/base/buf.h"
#include "warta/http/message.h"

enum { BODY_GATHERED_MAX = 48 * 1024, SPOOL_CLIENTS = 1024 };

/* Bytes that are kept, in one place. Clients whose hashes fall together share. */
struct spool_room {
    size_t max;
    atomic_size_t len, of_client[SPOOL_CLIENTS];
};

struct spool {
    const char *folder; /* borrowed; on a disk, or else files are in memory after all */
    struct spool_room memory, disk;
};

struct body {
    struct spool *spool;
    uint64_t client;
    size_t max, text_max; /* bytes as sent; bytes that are kept where they are not stored */
    size_t len;           /* as sent */
    int status;           /* what to refuse the request with; 0 while all is well */
    bool text_only;       /* nothing is stored */
    bool dropped;         /* nothing is kept */
    bool cut;             /* only the beginning is kept */
    bool no_room;         /* for want of room */
    int fault;            /* an errno, where there was no room on the disk; 0 if it was a bound of the spool */
    struct buf gathered;
    int fd; /* 0: nothing is stored */
    size_t stored;
    void *mapped; /* the file, once it is whole; NULL */
};

/* Takes at most `max` bytes. `client` is a hash of the client's network. */
void body_init(struct body *body, struct spool *spool, uint64_t client, size_t max, size_t text_max);

/* Waits for the disk if the body is stored. Nothing that body_finish gave is valid any more; `status` stays. For a body that
 * is all zero there is nothing to do. */
void body_release(struct body *body);

/* From now on `text_max` bytes are kept, in memory. */
void body_keep_text(struct body *body);

/* From now on nothing is kept, as nobody wants it; `max` stands. */
void body_drop(struct body *body);

/* Gathers what has come; never waits. To be called only while nothing is due. */
void body_take(struct body *body, const char *bytes, size_t len);

/* Whether body_store has to be called before more is taken: BODY_GATHERED_MAX bytes have been gathered. */
bool body_is_due(const struct body *body);

/* Stores what has been gathered. Waits for the disk. */
void body_store(struct body *body);

bool body_is_stored(const struct body *body);

/* All has been sent: 0, with the body in `request` (*borrowed* until body_release); or what to refuse the request with: 413,
 * or 503 for want of room. Waits for the disk if the body is stored. */
int body_finish(struct body *body, struct request *request);

#endif
