#include "heartbeat.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_CAP = 4096 };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void heartbeat_end(struct heartbeat *heartbeat)
{
    if (heartbeat->fd >= 0) {
        close(heartbeat->fd);
    }
    heartbeat->fd = -1;
}

/* False with errno. The client has no address. */
static bool connect_pair(struct heartbeat *heartbeat)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        return false;
    }
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

/* Reads the head of an answer, which is all there is to one to HEAD. */
static bool read_answer(int fd, int64_t until_ms, char answer[static ANSWER_CAP])
{
    size_t len = 0;
    answer[0] = '\0';
    while (len < ANSWER_CAP - 1 && strstr(answer, "\r\n\r\n") == NULL) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left_ms = until_ms - now_ms();
        if (left_ms <= 0 || poll(&wait, 1, (int)left_ms) < 1) {
            return false;
        }
        ssize_t got = recv(fd, answer + len, ANSWER_CAP - 1 - len, 0);
        if (got <= 0) {
            return false;
        }
        len += (size_t)got;
        answer[len] = '\0';
    }
    return true;
}

static bool ask_once(const struct heartbeat *heartbeat, int64_t until_ms)
{
    static const char question[] = "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    static const char good[] = "HTTP/1.1 200 ";
    char answer[ANSWER_CAP];
    return send(heartbeat->fd, question, sizeof question - 1, MSG_NOSIGNAL) == (ssize_t)sizeof question - 1 &&
           read_answer(heartbeat->fd, until_ms, answer) && strncmp(answer, good, sizeof good - 1) == 0;
}

static bool ask(struct heartbeat *heartbeat, int64_t until_ms)
{
    if (heartbeat->fd >= 0 && ask_once(heartbeat, until_ms)) {
        return true;
    }
    heartbeat_end(heartbeat); /* an idle one may have been closed */
    if (now_ms() >= until_ms) {
        return false;
    }
    if (!connect_pair(heartbeat)) {
        return errno == ENFILE;
    }
    bool answered = ask_once(heartbeat, until_ms);
    if (!answered) {
        heartbeat_end(heartbeat);
    }
    return answered;
}

bool heartbeat_ask(struct heartbeat *heartbeat, unsigned within_ms)
{
    bool alive = ask(heartbeat, now_ms() + within_ms);
    if (!alive) {
        log_write(heartbeat->log, LOG_ERROR, NULL, "an event loop has not answered within %u ms", within_ms);
    }
    return alive;
}
