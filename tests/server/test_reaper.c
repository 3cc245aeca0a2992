#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "warta/server/reaper.h"

enum { SOON_MS = 10, PATIENCE_MS = 60000 };

struct ticks {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int count;
};

static void tick(void *context)
{
    struct ticks *ticks = context;
    pthread_mutex_lock(&ticks->mutex);
    ticks->count++;
    pthread_cond_broadcast(&ticks->changed);
    pthread_mutex_unlock(&ticks->mutex);
}

/* Until the reaper has looked at all connections that often. */
static void await_looks(struct ticks *ticks, int looks)
{
    pthread_mutex_lock(&ticks->mutex);
    for (int until = ticks->count + looks; ticks->count < until;)
        pthread_cond_wait(&ticks->changed, &ticks->mutex);
    pthread_mutex_unlock(&ticks->mutex);
}

static bool has_ended(int peer, int within_ms)
{
    struct pollfd waiting = {.fd = peer, .events = POLLIN};
    return poll(&waiting, 1, within_ms) == 1;
}

/* A deadline does not pass while it stands still, and does when it goes on. */
static void a_pause(void **state)
{
    (void)state;
    struct ticks ticks = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
    struct reaper reaper;
    struct reaped reaped;
    int sockets[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    assert_true(reaper_init(&reaper, tick, &ticks));
    reaper_add(&reaper, &reaped, sockets[0], PATIENCE_MS);
    reaped_begin(&reaped);
    reaped_go_on(&reaped);
    reaped_expect(&reaped, SOON_MS);
    reaped_pause(&reaped);
    await_looks(&ticks, 2);
    assert_false(has_ended(sockets[1], 0));
    reaped_go_on(&reaped);
    assert_true(has_ended(sockets[1], PATIENCE_MS));
    reaper_remove(&reaper, &reaped);
    reaper_release(&reaper);
    close(sockets[0]);
    close(sockets[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_pause)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
