#include "warta/server/health_client.h"

#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "warta/base/clock.h"

enum { ANSWER_CAP = 4096 };

/* An answer to HEAD is a head only. */
int health_ask(int fd, int64_t until_ms)
{
    static const char question[] = "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    static const char version[] = "HTTP/1.1 ";
    char answer[ANSWER_CAP] = "";
    size_t len = 0;
    ssize_t got = send(fd, question, sizeof question - 1, MSG_NOSIGNAL);
    while (got > 0 && strstr(answer, "\r\n\r\n") == NULL) {
        int64_t left_ms = until_ms - clock_ms();
        if (left_ms <= 0 || poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, (int)left_ms) < 1)
            return 0;
        got = recv(fd, answer + len, sizeof answer - 1 - len, 0);
        len += got > 0 ? (size_t)got : 0;
    }
    bool is_http = got > 0 && strncmp(answer, version, sizeof version - 1) == 0;
    return is_http ? (int)strtol(answer + sizeof version - 1, NULL, 10) : 0;
}
