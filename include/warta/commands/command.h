/* The command line: `warta VERB [flags] [arguments]`.
 *
 * A command returns the exit code: 0 done, 1 failed, with one line on standard error that says what and what to do. Wrong
 * usage (2) is found before a command runs.
 *
 * Threads: main's only. */
#ifndef WARTA_COMMANDS_COMMAND_H
#define WARTA_COMMANDS_COMMAND_H

#include <stddef.h>

#include "warta/base/config.h"

struct command {
    const char *summary;
    const struct usage *usage;
    int (*run)(const struct config *config);
};

extern const struct command command_serve, command_import, command_export, command_user, command_backup,
    command_restore, command_check, command_healthcheck, command_version;

/* Runs the verb of the command line; returns the process's exit code. */
int command_main(const struct command *const *commands, size_t commands_len, int argc, char **argv);

/* "warta: " and the words as one line on standard error, with '?' for control characters; returns 1. */
int command_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
