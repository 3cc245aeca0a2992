/* The site as the settings describe it: what commands that show or write items stand on.
 *
 * Threads: made by main's thread; the struct site inside may then be shared. */
#ifndef WARTA_COMMANDS_SITE_H
#define WARTA_COMMANDS_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "warta/base/config.h"
#include "warta/base/log.h"
#include "warta/pages/page.h"

struct site_setup {
    struct log log;
    struct site site;
    struct view *view;
    json_t *settings;
    char lang[TEXT_LANG_CAP];
};

/* The log that the settings ask for, on standard error. */
struct log site_log(const struct config *config);

/* Builds the site; `config` is borrowed for its life. `address` is what the server listens on ("http://127.0.0.1:8080"): the
 * base address where none is set; NULL if there is no server. False, with one line in `error`, if the theme is wrong.
 * Release it in either case. */
bool site_setup_init(struct site_setup *setup, const struct config *config, const char *address, char *error,
                     size_t error_len);
void site_setup_release(struct site_setup *setup);

#endif
