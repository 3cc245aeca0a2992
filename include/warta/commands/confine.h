/* What a server keeps of the file system once it runs (warta/base/sandbox.h).
 *
 * Threads: main's, before it starts others. */
#ifndef WARTA_COMMANDS_CONFINE_H
#define WARTA_COMMANDS_CONFINE_H

#include "warta/base/config.h"
#include "warta/base/log.h"

/* Enters the sandbox that the settings ask for, and logs what is in force. `folder` is the database's, where uploads wait
 * too. */
void confine(const struct config *config, const char *folder, const struct log *log);

#endif
