#include <stdio.h>
#include <unistd.h>

#include "warta/base/clock.h"
#include "warta/commands/command.h"
#include "warta/commands/settings.h"
#include "warta/server/health_client.h"
#include "warta/server/listen.h"

static const struct usage healthcheck_usage = {
    .command = "healthcheck",
    .arguments = "",
    .shared = settings_shared,
    .details =
        "It is the one on the address of --listen. Ends with 0 if it says within 5 seconds that it is alive, else "
        "with 1.",
};

enum { ERROR_CAP = 512, LIMIT_MS = 5000 };

static int healthcheck_run(const struct config *config)
{
    char error[ERROR_CAP];
    const char *where = config_text(config, "listen");
    int fd = listen_connect(where, LIMIT_MS, error, sizeof error);
    if (fd < 0)
        return command_fail("%s", error);
    int status = health_ask(fd, clock_ms() + LIMIT_MS);
    close(fd);
    if (status == 0)
        return command_fail("%s took the connection but does not answer", where);
    if (status != 200)
        return command_fail("%s answers %d: is it a warta server?", where, status);
    printf("%s is alive\n", where);
    return 0;
}

const struct command command_healthcheck = {"ask a running server whether it is alive", &healthcheck_usage,
                                            healthcheck_run};
