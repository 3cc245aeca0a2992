/* The settings that commands share: what a site is, where it is kept and how it is served.
 *
 * Each is a flag, a WARTA_ variable or a line of the --config file (warta/base/config.h). What a language, a time zone
 * or an address may be is checked by the modules that use them.
 *
 * Threads: any. */
#ifndef WARTA_COMMANDS_SETTINGS_H
#define WARTA_COMMANDS_SETTINGS_H

#include "warta/base/config.h"

/* Ends with a row without a name. */
extern const struct setting settings_shared[];

#endif
