/* Heartbeats: whether an event loop answers.
 *
 * Each is a connection of our own to one loop, a socket pair that libmicrohttpd is given one end of, so that it reaches that
 * loop and no other. What is asked there takes the way of every request, through guard and app.
 *
 * Threads: one. */
#ifndef WARTA_SERVER_HEARTBEAT_H
#define WARTA_SERVER_HEARTBEAT_H

#include <microhttpd.h>
#include <stdbool.h>

#include "warta/base/log.h"

struct heartbeat {
    int fd;                    /* -1: not connected */
    struct MHD_Daemon *daemon; /* borrowed, as is the log */
    const struct log *log;
};

/* Whether /healthz is answered with 200 within that time. True also where the loop has no room for the connection: it
 * then has as many as it may, and each ends by its own deadline. False is logged. */
bool heartbeat_ask(struct heartbeat *heartbeat, unsigned within_ms);

/* Ends the connection. */
void heartbeat_end(struct heartbeat *heartbeat);

#endif
