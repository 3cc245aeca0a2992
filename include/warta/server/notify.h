/* What the service manager is told: that the server is ready, stops, or is still alive.
 *
 * The protocol is sd_notify(3)'s, under "Notes: the protocol": one datagram of NAME=value lines to the unix socket that
 * NOTIFY_SOCKET names, by a path or, behind an '@', by an abstract name. Where there is none, nothing is told.
 *
 * Threads: one at a time. */
#ifndef WARTA_SERVER_NOTIFY_H
#define WARTA_SERVER_NOTIFY_H

struct notify {
    int fd; /* -1 without a service manager */
};

/* Connects, so that telling needs no rights later on. */
void notify_init(struct notify *notify);
void notify_release(struct notify *notify);

/* "READY=1", or several such lines. A fault is passed over: whoever listens is gone. */
void notify_send(const struct notify *notify, const char *state);

/* Within how many milliseconds the manager expects each WATCHDOG=1 (sd_watchdog_enabled(3)); 0 if it does not. */
unsigned notify_watchdog_ms(void);

#endif
