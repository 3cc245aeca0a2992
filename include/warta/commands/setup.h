/* The first admin of a new site.
 *
 * Threads: main's only. */
#ifndef WARTA_COMMANDS_SETUP_H
#define WARTA_COMMANDS_SETUP_H

#include "warta/pages/page.h"

/* Where there is no user yet, makes a link for the first one and prints it. A fault is logged, as the site can be read
 * all the same. */
void setup_announce(const struct site *site, const char *database);

#endif
