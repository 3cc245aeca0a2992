/* Listening sockets.
 *
 * Threads: any. */
#ifndef WARTA_SERVER_LISTEN_H
#define WARTA_SERVER_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

enum { LISTEN_ADDRESS_CAP = 128 };

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

/* Closes them, and removes the path of a unix socket. */
void listen_close(const int *sockets, size_t count, const char *address);

#endif
