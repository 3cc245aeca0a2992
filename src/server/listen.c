#include "warta/server/listen.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { HOST_CAP = 256, PORT_CAP = 6 };

#define UNIX_PREFIX "unix:"
#define SOCKET_FLAGS (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)

static bool is_path(const char *where)
{
    return strncmp(where, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0;
}

/* Always false, with what failed and what to do in `error`. */
static bool fail(const char *where, char *error, size_t error_len)
{
    switch (errno) {
    case EADDRINUSE:
        snprintf(error, error_len, "%s is in use: stop the other program or choose another with --listen", where);
        break;
    case EACCES:
    case EPERM:
        snprintf(error, error_len, "%s may not be used by this user: choose another with --listen", where);
        break;
    case EADDRNOTAVAIL:
        snprintf(error, error_len, "%s is not an address of this machine: choose another with --listen", where);
        break;
    default:
        snprintf(error, error_len, "cannot listen on %s: %s: choose another with --listen", where, strerror(errno));
    }
    return false;
}

/* Leaves errno as it was. */
static void close_all(const int *sockets, size_t count)
{
    int cause = errno;
    for (size_t i = 0; i < count; i++)
        close(sockets[i]);
    errno = cause;
}

static bool set_option(int socket, int level, int name, int value)
{
    return setsockopt(socket, level, name, &value, sizeof value) == 0;
}

/* The first socket claims the port alone, which fails if anyone has it; only then is it opened to the others. */
static int open_port(const struct sockaddr *address, socklen_t address_len, bool first)
{
    int fd = socket(address->sa_family, SOCKET_FLAGS, 0);
    if (fd < 0)
        return -1;
    bool bound = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
                 (first || set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) && bind(fd, address, address_len) == 0 &&
                 (!first || set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) && listen(fd, SOMAXCONN) == 0;
    if (!bound)
        close_all(&fd, 1);
    return bound ? fd : -1;
}

static bool open_ports(const struct addrinfo *found, int *sockets, size_t count, struct sockaddr_storage *real)
{
    socklen_t real_len = found->ai_addrlen;
    memcpy(real, found->ai_addr, real_len);
    for (size_t i = 0; i < count; i++) {
        sockets[i] = open_port((const struct sockaddr *)real, real_len, i == 0);
        if (sockets[i] < 0) {
            close_all(sockets, i);
            return false;
        }
        getsockname(sockets[i], (struct sockaddr *)real, &real_len);
    }
    return true;
}

static void write_address(const struct sockaddr_storage *real, char address[static LISTEN_ADDRESS_CAP])
{
    char host[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE] = "", port[PORT_CAP] = "";
    getnameinfo((const struct sockaddr *)real, sizeof *real, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(address, LISTEN_ADDRESS_CAP, real->ss_family == AF_INET6 ? "http://[%s]:%s" : "http://%s:%s", host, port);
}

/* "host:port" or "[host]:port" in parts. */
static bool split_port(const char *where, char host[static HOST_CAP], char port[static PORT_CAP])
{
    const char *colon = strrchr(where, ':');
    if (colon == NULL || colon == where)
        return false;
    bool bracketed = where[0] == '[' && colon[-1] == ']';
    size_t host_len = (size_t)(colon - where) - (bracketed ? 2 : 0);
    size_t digits = strspn(colon + 1, "0123456789");
    if (host_len == 0 || host_len >= HOST_CAP || digits == 0 || digits > 5 || colon[1 + digits] != '\0')
        return false;
    memcpy(host, where + (bracketed ? 1 : 0), host_len);
    host[host_len] = '\0';
    memcpy(port, colon + 1, digits + 1);
    return bracketed || strchr(host, ':') == NULL;
}

/* The first address of "host:port" (*owned*, for freeaddrinfo); NULL with a reason in `error`. */
static struct addrinfo *find_address(const char *where, char *error, size_t error_len)
{
    char host[HOST_CAP], port[PORT_CAP];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found;
    if (split_port(where, host, port) && strtoul(port, NULL, 10) <= UINT16_MAX &&
        getaddrinfo(host, port, &hints, &found) == 0) {
        return found;
    }
    snprintf(error, error_len, "%s is not an address: use --listen 127.0.0.1:8080, [::1]:8080 or unix:/path", where);
    return NULL;
}

static bool listen_port(const char *where, int *sockets, size_t count, char address[static LISTEN_ADDRESS_CAP],
                        char *error, size_t error_len)
{
    struct addrinfo *found = find_address(where, error, error_len);
    struct sockaddr_storage real;
    if (found == NULL)
        return false;
    bool opened = open_ports(found, sockets, count, &real);
    freeaddrinfo(found);
    if (!opened)
        return fail(where, error, error_len);
    write_address(&real, address);
    return true;
}

/* Removes a socket that nobody listens on any more. */
static void remove_stale(const struct sockaddr_un *name)
{
    struct stat status;
    int fd = socket(AF_UNIX, SOCKET_FLAGS, 0);
    bool is_stale = stat(name->sun_path, &status) == 0 && S_ISSOCK(status.st_mode) &&
                    connect(fd, (const struct sockaddr *)name, sizeof *name) < 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    if (is_stale)
        unlink(name->sun_path);
}

static int open_path(const struct sockaddr_un *name)
{
    remove_stale(name);
    int fd = socket(AF_UNIX, SOCKET_FLAGS, 0);
    bool opened = fd >= 0 && bind(fd, (const struct sockaddr *)name, sizeof *name) == 0 &&
                  chmod(name->sun_path, 0666) == 0 && listen(fd, SOMAXCONN) == 0;
    if (!opened && fd >= 0)
        close_all(&fd, 1);
    return opened ? fd : -1;
}

static bool name_path(const char *where, struct sockaddr_un *name, char *error, size_t error_len)
{
    const char *path = where + strlen(UNIX_PREFIX);
    *name = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (path[0] == '\0' || strlen(path) >= sizeof name->sun_path) {
        snprintf(error, error_len, "a unix socket's path has 1 to %zu bytes: choose another with --listen",
                 sizeof name->sun_path - 1);
        return false;
    }
    memcpy(name->sun_path, path, strlen(path) + 1);
    return true;
}

static bool listen_path(const char *where, int *sockets, size_t count, char address[static LISTEN_ADDRESS_CAP],
                        char *error, size_t error_len)
{
    struct sockaddr_un name;
    if (!name_path(where, &name, error, error_len))
        return false;
    for (size_t i = 0; i < count; i++) {
        sockets[i] = i == 0 ? open_path(&name) : fcntl(sockets[0], F_DUPFD_CLOEXEC, 0);
        if (sockets[i] < 0) {
            close_all(sockets, i);
            return fail(where, error, error_len);
        }
    }
    snprintf(address, LISTEN_ADDRESS_CAP, "%s", where);
    return true;
}

bool listen_open(const char *where, int *sockets, size_t count, char address[static LISTEN_ADDRESS_CAP], char *error,
                 size_t error_len)
{
    if (is_path(where))
        return listen_path(where, sockets, count, address, error, error_len);
    return listen_port(where, sockets, count, address, error, error_len);
}

size_t listen_handed_over(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *count = getenv("LISTEN_FDS");
    if (pid == NULL || count == NULL || strtol(pid, NULL, 10) != getpid())
        return 0;
    size_t len = strtoul(count, NULL, 10);
    for (size_t i = 0; i < len; i++) {
        if (fcntl(LISTEN_FIRST + (int)i, F_SETFD, FD_CLOEXEC) != 0)
            return i;
    }
    return len;
}

/* The address of a socket that listens; false if it does not. */
static bool name_socket(int fd, char address[static LISTEN_ADDRESS_CAP])
{
    struct sockaddr_storage real = {.ss_family = AF_UNSPEC};
    socklen_t real_len = sizeof real, int_len = sizeof(int);
    int listens = 0, type = 0;
    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &int_len);
    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &int_len);
    if (!listens || type != SOCK_STREAM || getsockname(fd, (struct sockaddr *)&real, &real_len) != 0)
        return false;
    if (real.ss_family == AF_UNIX) {
        const struct sockaddr_un *name = (const struct sockaddr_un *)(const void *)&real;
        snprintf(address, LISTEN_ADDRESS_CAP, UNIX_PREFIX "%.*s", (int)sizeof name->sun_path, name->sun_path);
        return true;
    }
    write_address(&real, address);
    return real.ss_family == AF_INET || real.ss_family == AF_INET6;
}

bool listen_adopt(const int *given, size_t given_len, int *sockets, size_t count,
                  char address[static LISTEN_ADDRESS_CAP], char *error, size_t error_len)
{
    char other[LISTEN_ADDRESS_CAP];
    assert(given_len > 0 && given_len <= count);
    for (size_t i = 0; i < given_len; i++) {
        if (!name_socket(given[i], i == 0 ? address : other)) {
            snprintf(
                error, error_len,
                "descriptor %d is not a listening stream socket: use ListenStream= and Accept=no in the socket unit",
                given[i]);
            return false;
        }
    }
    for (size_t i = 0; i < count; i++) {
        sockets[i] = fcntl(given[i % given_len], F_DUPFD_CLOEXEC, 0);
        if (sockets[i] < 0 || fcntl(sockets[i], F_SETFL, O_RDWR | O_NONBLOCK) != 0) {
            close_all(sockets, sockets[i] < 0 ? i : i + 1);
            return fail(address, error, error_len);
        }
    }
    return true;
}

void listen_close(const int *sockets, size_t count, const char *address)
{
    close_all(sockets, count);
    if (address != NULL && is_path(address))
        unlink(address + strlen(UNIX_PREFIX));
}

void listen_client(const struct sockaddr *address, char name[static INET6_ADDRSTRLEN])
{
    name[0] = '\0';
    if (address->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, name, INET6_ADDRSTRLEN);
    } else if (address->sa_family == AF_INET6) {
        const struct in6_addr *ip = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        bool mapped = IN6_IS_ADDR_V4MAPPED(ip);
        inet_ntop(mapped ? AF_INET : AF_INET6, ip->s6_addr + (mapped ? 12 : 0), name, INET6_ADDRSTRLEN);
    }
}

/* -1 with errno. */
static int connect_to(const struct sockaddr *address, socklen_t address_len, unsigned limit_ms)
{
    struct timeval limit = {.tv_sec = limit_ms / 1000, .tv_usec = (suseconds_t)(limit_ms % 1000) * 1000};
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit); /* connect(2) too */
    if (connect(fd, address, address_len) == 0)
        return fd;
    close_all(&fd, 1);
    return -1;
}

int listen_connect(const char *where, unsigned limit_ms, char *error, size_t error_len)
{
    int fd;
    if (is_path(where)) {
        struct sockaddr_un name;
        if (!name_path(where, &name, error, error_len))
            return -1;
        fd = connect_to((const struct sockaddr *)&name, sizeof name, limit_ms);
    } else {
        struct addrinfo *found = find_address(where, error, error_len);
        if (found == NULL)
            return -1;
        fd = connect_to(found->ai_addr, found->ai_addrlen, limit_ms);
        int cause = errno;
        freeaddrinfo(found);
        errno = cause;
    }
    if (fd < 0) {
        const char *reason = errno == EINPROGRESS ? "it takes no connection" : strerror(errno);
        snprintf(error, error_len, "nothing answers on %s: %s", where, reason);
    }
    return fd;
}
