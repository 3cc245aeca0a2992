/* A client of /healthz, for the server's watch over itself and for `warta healthcheck`.
 *
 * Threads: any. */
#ifndef WARTA_SERVER_HEALTH_CLIENT_H
#define WARTA_SERVER_HEALTH_CLIENT_H

#include <stdint.h>

/* Asks on a connection (*borrowed*), which can be asked again. The status of the answer (200: it is alive); 0 if none has
 * come until `until_ms` (clock_ms), or one that is not HTTP/1.1. */
int health_ask(int fd, int64_t until_ms);

#endif
