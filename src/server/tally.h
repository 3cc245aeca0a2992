/* The numbers of one event loop: answers by route and status, how long they took, and what finished pages saved.
 *
 * Threads: one adds, without a lock; any may write them out. */
#ifndef TALLY_H
#define TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "warta/app/route.h"
#include "warta/base/buf.h"

/* Who gave an answer: a finished page, the pipeline in a lane, or the server by itself. */
enum served { SERVED_KEPT, SERVED_FAST, SERVED_SLOW, SERVED_HASH, SERVED_REFUSED, SERVED_KINDS };

/* What finished pages had to do with it. */
enum kept { KEPT_NOT, KEPT_MISS, KEPT_HIT, KEPT_KINDS };

struct answered {
    const struct route *route; /* NULL: no row fits */
    int status;
    enum served served;
    enum kept kept;
    uint64_t bytes, taken_ns;
};

struct tally;

struct tally *tally_create(void);
void tally_destroy(struct tally *tally); /* accepts NULL */

void tally_add(struct tally *tally, const struct answered *answered);

/* Appends the sums of some tallies. */
void tally_write(struct tally *const *tallies, size_t len, struct buf *out);

#endif
