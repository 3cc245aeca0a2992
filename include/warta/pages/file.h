/* What pages that show files share.
 *
 * Threads: those of the exchange. */
#ifndef WARTA_PAGES_FILE_H
#define WARTA_PAGES_FILE_H

#include "warta/pages/page.h"

/* The address of a file with "id" and "name" for readers, who only get what a public item carries (*arena*). */
const char *file_href(struct exchange *x, const json_t *file);

/* Its address for staff, who see all and the newest at once (*arena*). */
const char *file_staff_href(struct exchange *x, const json_t *file);

#endif
