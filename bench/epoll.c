/* The least a server can do: answers "GET /N" with file N of the command line, byte for byte, and reads nothing of a request
 * but its digits. What it costs is what the kernel costs, so it is the limit that others are measured against.
 *
 *     epoll THREADS FILE...     prints its port on 127.0.0.1; ends with its standard input */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, ANSWERS_MAX = 64, READ_CAP = 4096 };

struct answer {
    char *bytes;
    size_t len;
};

struct loop {
    int listener;
    const struct answer *answers;
    size_t answers_len;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static struct answer read_answer(const char *path)
{
    struct answer answer = {0};
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        die(path);
    answer.len = (size_t)ftell(file);
    rewind(file);
    answer.bytes = malloc(answer.len + 1);
    if (answer.bytes == NULL || fread(answer.bytes, 1, answer.len, file) != answer.len)
        die(path);
    fclose(file);
    return answer;
}

static int listen_on(struct sockaddr_in *address)
{
    int on = 1;
    socklen_t len = sizeof *address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)address, len) != 0 || listen(fd, SOMAXCONN) != 0)
        die("listen");
    getsockname(fd, (struct sockaddr *)address, &len);
    return fd;
}

static bool send_whole(int fd, const struct answer *answer)
{
    for (size_t sent = 0; sent < answer->len;) {
        ssize_t len = send(fd, answer->bytes + sent, answer->len - sent, MSG_NOSIGNAL);
        if (len < 0 && errno != EAGAIN)
            return false;
        if (len < 0)
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        else
            sent += (size_t)len;
    }
    return true;
}

/* A request comes whole, as it does on loopback from a client that waits for its answer. */
static bool serve(const struct loop *loop, int fd)
{
    char request[READ_CAP];
    ssize_t len = recv(fd, request, sizeof request - 1, 0);
    if (len < 0)
        return errno == EAGAIN;
    request[len] = '\0';
    if (strncmp(request, "GET /", 5) != 0)
        return false;
    size_t number = strtoul(request + 5, NULL, 10);
    return number < loop->answers_len && send_whole(fd, &loop->answers[number]);
}

static void take_connections(int poller, int listener)
{
    int on = 1;
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
    }
}

static void *run(void *context)
{
    const struct loop *loop = context;
    struct epoll_event events[EVENTS];
    int poller = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(poller, EPOLL_CTL_ADD, loop->listener,
              &(struct epoll_event){.events = EPOLLIN, .data.fd = loop->listener});
    for (;;) {
        int count = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == loop->listener)
                take_connections(poller, loop->listener);
            else if (!serve(loop, events[i].data.fd))
                close(events[i].data.fd);
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static struct answer answers[ANSWERS_MAX];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    long threads = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
    int answers_len = argc - 2;
    if (threads < 1 || answers_len > ANSWERS_MAX) {
        fprintf(stderr, "usage: epoll THREADS FILE...\n");
        return 2;
    }
    for (int i = 0; i < answers_len; i++)
        answers[i] = read_answer(argv[i + 2]);
    for (long i = 0; i < threads; i++) {
        pthread_t thread;
        struct loop *loop = malloc(sizeof *loop);
        if (loop == NULL)
            die("memory");
        *loop = (struct loop){listen_on(&address), answers, (size_t)answers_len};
        if (pthread_create(&thread, NULL, run, loop) != 0)
            die("threads");
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    return 0;
}
