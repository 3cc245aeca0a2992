/* The guards of staff's pages: whose session it is, whether a form is our own, and who may see a page.
 *
 * A form is our own if the browser says that it came from this site (Origin, else Sec-Fetch-Site; Fetch standard,
 * 3.2 and Fetch Metadata, 2.2.3) where it says anything, and its `csrf` belongs to the visitor's cookie. Where the
 * session has ended, what was typed goes with the login form, and nothing is done.
 *
 * Who may come in follows from the row's access column, and whether a session and a token are asked for from that and the
 * method: a reader's page asks for neither, any POST for both. A row without an access lets nobody in.
 *
 * Threads: those of the exchange. */
#ifndef WARTA_APP_ACCESS_H
#define WARTA_APP_ACCESS_H

#include "warta/app/route.h"

/* Lets the request through to the row's page (200) or says what to answer; a body may then be there already. Reads the
 * form, finds the session and notes that it is in use. */
int access_check(struct exchange *x, const struct route *route);

/* Whether the request comes with the cookie of a live session. Nothing is written. */
bool access_knows(struct store *store, const struct site *site, const struct request *request, int64_t now_unix);

#endif
