#include "warta/server/notify.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify_init(struct notify *notify)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    notify->fd = -1;
    size_t len = name == NULL ? 0 : strlen(name);
    if (len < 2 || len > sizeof address.sun_path - 1 || (name[0] != '/' && name[0] != '@'))
        return;
    memcpy(address.sun_path, name, len);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (notify->fd >= 0 && connect(notify->fd, (const struct sockaddr *)&address, address_len) != 0)
        notify_release(notify);
}

void notify_release(struct notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}

void notify_send(const struct notify *notify, const char *state)
{
    if (notify->fd >= 0)
        send(notify->fd, state, strlen(state), MSG_NOSIGNAL);
}

unsigned notify_watchdog_ms(void)
{
    const char *period_us = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    if (period_us == NULL || (pid != NULL && strtol(pid, NULL, 10) != getpid()))
        return 0;
    unsigned long long period_ms = strtoull(period_us, NULL, 10) / 1000;
    return period_ms < UINT_MAX ? (unsigned)period_ms : UINT_MAX;
}
