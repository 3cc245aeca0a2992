/* Which known name may have been meant by one that is not known: the nearest by Levenshtein's distance.
 * A name with more edits than half its letters is another word too.
 *
 * Threads: any. */
#ifndef WARTA_BASE_NEAREST_H
#define WARTA_BASE_NEAREST_H

#include <stddef.h>

enum { NEAREST_CAP = 64, NEAREST_EDITS = 3 /* what is further away is another word */ };

struct nearest {
    const char *wanted; /* borrowed */
    size_t distance;
    char name[NEAREST_CAP]; /* "" while none is near enough */
};

void nearest_init(struct nearest *nearest, const char *wanted);

/* A name that is known. Only one of less than NEAREST_CAP bytes can be the nearest. */
void nearest_offer(struct nearest *nearest, const char *name);

#endif
