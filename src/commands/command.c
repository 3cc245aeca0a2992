#include "warta/commands/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

int command_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("warta: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return 1;
}

static int help(const struct command *const *commands, size_t commands_len)
{
    puts("usage: warta VERB [flags] [arguments]\n");
    for (size_t i = 0; i < commands_len; i++)
        printf("  %-10s %s\n", commands[i]->usage->command, commands[i]->summary);
    puts("\nwarta VERB --help tells the flags and settings of each.");
    return 0;
}

static int help_command(const struct command *command)
{
    struct buf out = BUF_EMPTY;
    config_help(command->usage, &out);
    printf("%s: %s\n\n%s", command->usage->command, command->summary, buf_string(&out));
    buf_release(&out);
    return 0;
}

static int run(const struct command *command, size_t words_len, const char *const *words)
{
    struct config config;
    char error[CONFIG_ERROR_CAP];
    int code = EXIT_USAGE;
    if (config_wants_help(words_len, words))
        return help_command(command);
    if (config_init(&config, command->usage, words_len, words, (const char *const *)environ, error))
        code = command->run(&config);
    else
        command_fail("%s", error);
    config_release(&config);
    return code;
}

int command_main(const struct command *const *commands, size_t commands_len, int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : NULL;
    if (verb != NULL && (strcmp(verb, "help") == 0 || strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0))
        return help(commands, commands_len);
    for (size_t i = 0; verb != NULL && i < commands_len; i++) {
        if (strcmp(verb, commands[i]->usage->command) == 0)
            return run(commands[i], (size_t)argc - 2, (const char *const *)(argv + 2));
    }
    if (verb == NULL)
        command_fail("a verb is missing: warta --help names them");
    else
        command_fail("\"%s\" is not a verb: warta --help names them", verb);
    return EXIT_USAGE;
}
