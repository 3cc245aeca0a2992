#include <stdio.h>

#include "warta/commands/command.h"

static const struct usage version_usage = {.command = "version", .arguments = ""};

static int version_run(const struct config *config)
{
    (void)config;
    puts("warta " WARTA_VERSION);
    return 0;
}

const struct command command_version = {"print the version", &version_usage, version_run};
