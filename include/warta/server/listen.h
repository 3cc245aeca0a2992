/* Listening sockets.
 *
 * Threads: any. */
#ifndef WARTA_SERVER_LISTEN_H
#define WARTA_SERVER_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { LISTEN_ADDRESS_CAP = 128, LISTEN_FIRST = 3 };

/* Opens `count` sockets that listen on `where` ("127.0.0.1:8080", "[::1]:8080", "unix:/path"; port 0 is a free one),
 * non-blocking and closed on exec; `address` is what they really listen on ("http://127.0.0.1:43211", "unix:/path").
 * The kernel spreads connections over the sockets of one port (SO_REUSEPORT); those of a unix path are one socket under
 * several descriptors. That a port is in use is found out all the same, even when its sockets would share it.
 *
 * A unix socket is made with mode 0666: as with a loopback port, every local user may connect who can reach its folder.
 * One left behind by a server that is gone is replaced.
 *
 * False, with one line in `error` that says what and what to do, and nothing is left open. */
bool listen_open(const char *where, int *sockets, size_t count, char address[static LISTEN_ADDRESS_CAP], char *error,
                 size_t error_len);

/* How many listening sockets the service manager has handed to this process; they are the descriptors from
 * LISTEN_FIRST on (sd_listen_fds(3)), and closed on exec from then on. */
size_t listen_handed_over(void);

/* As listen_open, for sockets that listen already (`given`, *borrowed*; no more than `count`): `sockets` are further
 * descriptors of these, in turn, so that several event loops share a socket. The kernel then wakes all loops that are
 * idle for a connection, and one of them gets it; that costs some processor time for each connection, and none for the
 * requests on it. (Sockets of their own, as listen_open makes, cannot be had beside it: SO_REUSEPORT must be set on all
 * of a port's sockets, by the same user, and what waits in one is lost when that one closes. What waits in a shared one
 * is taken by whoever serves next.) `address` is the first one's. False, with one line in `error`, if one is no
 * listening stream socket. */
bool listen_adopt(const int *given, size_t given_len, int *sockets, size_t count,
                  char address[static LISTEN_ADDRESS_CAP], char *error, size_t error_len);

/* Closes them. `address` is of sockets that listen_open made, whose unix socket's path is removed; NULL for others. */
void listen_close(const int *sockets, size_t count, const char *address);

/* A client's address in words: an IPv4 client of an IPv6 socket is named by its IPv4 address, one of a unix socket not at
 * all (""). */
void listen_client(const struct sockaddr *address, char name[static INET6_ADDRSTRLEN]);

/* Connects, as a client, to what listens on `where` (as listen_open takes it), with that limit on each wait. -1, with
 * one line in `error`, if nothing answers. */
int listen_connect(const char *where, unsigned limit_ms, char *error, size_t error_len);

#endif
