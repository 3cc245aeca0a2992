#include "heartbeat.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "warta/base/clock.h"
#include "warta/server/health_client.h"

void heartbeat_end(struct heartbeat *heartbeat)
{
    if (heartbeat->fd >= 0)
        close(heartbeat->fd);
    heartbeat->fd = -1;
}

/* False with errno. The client has no address. */
static bool connect_pair(struct heartbeat *heartbeat)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return false;
    heartbeat->fd = ends[0];
    if (MHD_add_connection(heartbeat->daemon, ends[1], &nobody, sizeof nobody) ==
        MHD_YES) { /* it closes its end in any case */
        return true;
    }
    int cause = errno;
    heartbeat_end(heartbeat);
    errno = cause;
    return false;
}

static bool ask(struct heartbeat *heartbeat, int64_t until_ms)
{
    if (heartbeat->fd >= 0 && health_ask(heartbeat->fd, until_ms) == 200)
        return true;
    heartbeat_end(heartbeat); /* an idle one may have been closed */
    if (clock_ms() >= until_ms)
        return false;
    if (!connect_pair(heartbeat))
        return errno == ENFILE;
    bool answered = health_ask(heartbeat->fd, until_ms) == 200;
    if (!answered)
        heartbeat_end(heartbeat);
    return answered;
}

bool heartbeat_ask(struct heartbeat *heartbeat, unsigned within_ms)
{
    bool alive = ask(heartbeat, clock_ms() + within_ms);
    if (!alive)
        log_write(heartbeat->log, LOG_ERROR, NULL, "an event loop has not answered within %u ms", within_ms);
    return alive;
}
