#include "warta/commands/command.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "warta/base/log.h"
#include "warta/base/nearest.h"

enum { EXIT_USAGE = 2, LINE_CAP = 4096 };

/* Controls become '?', a byte at a time: what is quoted may come from anywhere, and must neither break the line nor
 * steer the terminal. */
static void make_printable(char *line)
{
    for (char *at = line; *at != '\0'; at++) {
        unsigned char second = (unsigned char)at[1];
        bool two_bytes = *at == '\xc2' && second >= 0x80 && second <= 0x9f;
        if (two_bytes)
            *at++ = '?';
        if (two_bytes || iscntrl((unsigned char)*at))
            *at = '?';
    }
}

int command_fail(const char *format, ...)
{
    char line[LINE_CAP];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    make_printable(line);
    fprintf(stderr, "%swarta: %s\n", log_leads_to_journal(STDERR_FILENO) ? LOG_JOURNAL_ERROR : "", line);
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

/* Else the first file or socket that is opened would take the place of a closed standard error, and get the log. */
static void open_standard_files(void)
{
    int fd = STDIN_FILENO;
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = fcntl(fd, F_GETFD) >= 0 ? fd + 1 : open("/dev/null", O_RDWR);
}

int command_main(const struct command *const *commands, size_t commands_len, int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : NULL;
    open_standard_files();
    if (verb != NULL && (strcmp(verb, "help") == 0 || strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0))
        return help(commands, commands_len);
    if (verb != NULL && strcmp(verb, "--version") == 0)
        verb = "version";
    struct nearest nearest;
    nearest_init(&nearest, verb == NULL ? "" : verb);
    for (size_t i = 0; verb != NULL && i < commands_len; i++) {
        nearest_offer(&nearest, commands[i]->usage->command);
        if (strcmp(verb, commands[i]->usage->command) == 0)
            return run(commands[i], (size_t)argc - 2, (const char *const *)(argv + 2));
    }
    if (verb == NULL)
        command_fail("a verb is missing: warta --help names them");
    else if (*nearest.name != '\0')
        command_fail("\"%s\" is not a verb, did you mean %s?", verb, nearest.name);
    else
        command_fail("\"%s\" is not a verb: warta --help names them", verb);
    return EXIT_USAGE;
}
