#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "warta/commands/command.h"
#include "warta/commands/settings.h"
#include "warta/server/listen.h"

static const struct usage healthcheck_usage = {
    .command = "healthcheck",
    .arguments = "",
    .shared = settings_shared,
    .details =
        "It is the one on the address of --listen. Ends with 0 if it says within 5 seconds that it is alive, else "
        "with 1.",
};

enum { ERROR_CAP = 512, LIMIT_MS = 5000, STATUS_CAP = sizeof "HTTP/1.1 200" };

/* The start of the answer, "HTTP/1.1 200"; less if no more came. */
static void ask(int fd, char status[static STATUS_CAP])
{
    static const char question[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    size_t len = 0;
    ssize_t got = send(fd, question, sizeof question - 1, MSG_NOSIGNAL);
    while (got > 0 && len < STATUS_CAP - 1) {
        got = recv(fd, status + len, STATUS_CAP - 1 - len, 0);
        len += got > 0 ? (size_t)got : 0;
    }
    status[len] = '\0';
}

static int healthcheck_run(const struct config *config)
{
    char error[ERROR_CAP], status[STATUS_CAP];
    const char *where = config_text(config, "listen");
    int fd = listen_connect(where, LIMIT_MS, error, sizeof error);
    if (fd < 0)
        return command_fail("%s", error);
    ask(fd, status);
    close(fd);
    if (strncmp(status, "HTTP/1.1 ", strlen("HTTP/1.1 ")) != 0)
        return command_fail("%s took the connection but does not answer", where);
    if (strcmp(status, "HTTP/1.1 200") != 0)
        return command_fail("%s answers %s: is it a warta server?", where, status + strlen("HTTP/1.1 "));
    printf("%s is alive\n", where);
    return 0;
}

const struct command command_healthcheck = {"ask a running server whether it is alive", &healthcheck_usage,
                                            healthcheck_run};
