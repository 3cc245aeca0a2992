/* Whether a database can be worked with: what load balancers and operators ask.
 *
 * The server looks every few seconds, so that a question costs the disk nothing.
 *
 * Threads: any; one at a time refreshes. */
#ifndef WARTA_STORE_READY_H
#define WARTA_STORE_READY_H

#include <stdbool.h>

#include "warta/store/store.h"

enum {
    READINESS_ROOM = 1 << 20, /* bytes that have to fit on the disk */
    READINESS_CAP = 256
};

struct readiness;

/* Not ready until it is refreshed. `log` is borrowed. */
struct readiness *readiness_create(const struct log *log);
void readiness_destroy(struct readiness *readiness);

/* Looks whether the database can be read, is of this program's version and may be written, and whether its disk takes
 * another READINESS_ROOM bytes, which are given back. Who holds the write lock does not matter. May wait for the disk. `store`
 * is the calling thread's. A change is logged. */
void readiness_refresh(struct readiness *readiness, struct store *store);

/* As it was found last: false, with `words` on what is wrong, if it is not ready. Waits for nothing. */
bool readiness_get(struct readiness *readiness, char words[static READINESS_CAP]);

#endif
