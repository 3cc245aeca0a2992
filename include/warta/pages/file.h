/* What pages that show files share.
 *
 * Threads: those of the exchange. */
#ifndef WARTA_PAGES_FILE_H
#define WARTA_PAGES_FILE_H

#include "warta/pages/page.h"

/* The address of a file with "id" and "name": the one for readers, who only get what a public item carries; on a page
 * of staff the one that shows them every file, as it is now (*arena*). */
const char *file_href(struct exchange *x, const json_t *file);

/* The address for whoever has a preview link with that token, as long as the link works (*arena*). */
const char *file_shared_href(struct exchange *x, const char *token, const json_t *file);

/* The address for readers with its origin, as feeds and twins give it (*arena*). */
const char *file_absolute(struct exchange *x, const json_t *file);

#endif
