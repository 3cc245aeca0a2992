/* The site that a server serves, which takes changed settings while it does.
 *
 * Threads: main's only; the apps' threads go on meanwhile. */
#ifndef WARTA_COMMANDS_LIVE_SITE_H
#define WARTA_COMMANDS_LIVE_SITE_H

#include "warta/app/app.h"
#include "warta/commands/site.h"

struct live_site {
    struct log *log;                      /* borrowed */
    const char *address;                  /* borrowed */
    const struct metrics_source *metrics; /* borrowed */
    const struct config *config;          /* in force */
    struct config *reloaded;              /* owned; NULL while the settings of the start are in force */
    struct site_setup *first;             /* owned; kept to the end, as apps want it */
    struct site_setup *setup;             /* owned, the one in force; the first until there is another */
    struct refused_reload *refused;       /* owned; NULL if the last reload was taken */
};

/* Everything is borrowed. False with one line in `error`, as site_setup_init; release it in either case. */
bool live_site_init(struct live_site *live, const struct config *config, struct log *log, const char *address,
                    const struct metrics_source *metrics, char *error, size_t error_len);

/* Reads the settings again and has the log and all apps use them, each from its next request on. What a page is made
 * of belongs here too: it is made new, and if anything is wrong with it all stays as it is, and the doctor's page
 * says so. False with one line in `error`. */
bool live_site_reload(struct live_site *live, struct app **apps, size_t apps_len, char *error, size_t error_len);

/* No app may use it any more. */
void live_site_release(struct live_site *live);

#endif
