#include "warta/commands/command.h"

static const struct command *const commands[] = {
    &command_serve,   &command_import, &command_export,      &command_user,    &command_backup,
    &command_restore, &command_check,  &command_healthcheck, &command_version,
};

int main(int argc, char **argv)
{
    return command_main(commands, sizeof commands / sizeof *commands, argc, argv);
}
