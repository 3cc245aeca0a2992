#include "warta/server/reaper.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { SWEEP_EVERY_MS = 1000 };

static int64_t now_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Cheap, and exact to a few milliseconds. */
static int64_t from_now_ms(unsigned within_ms)
{
    return now_ms(CLOCK_MONOTONIC_COARSE) + within_ms;
}

void reaped_rest(struct reaped *reaped, unsigned within_ms)
{
    atomic_store_explicit(&reaped->deadline_ms, -from_now_ms(within_ms), memory_order_relaxed);
}

void reaped_begin(struct reaped *reaped)
{
    atomic_store_explicit(&reaped->fresh, false, memory_order_relaxed);
    int64_t deadline = atomic_load_explicit(&reaped->deadline_ms, memory_order_relaxed);
    atomic_store_explicit(&reaped->deadline_ms, deadline < 0 ? -deadline : deadline, memory_order_relaxed);
}

void reaped_expect(struct reaped *reaped, unsigned within_ms)
{
    reaped->left_ms = 0;
    atomic_store_explicit(&reaped->deadline_ms, from_now_ms(within_ms), memory_order_relaxed);
}

void reaped_serve(struct reaped *reaped)
{
    atomic_store_explicit(&reaped->deadline_ms, INT64_MAX, memory_order_relaxed);
}

void reaped_pause(struct reaped *reaped)
{
    int64_t left_ms = atomic_load_explicit(&reaped->deadline_ms, memory_order_relaxed) - from_now_ms(0);
    reaped->left_ms = left_ms > 1 ? left_ms : 1;
    reaped_serve(reaped);
}

void reaped_go_on(struct reaped *reaped)
{
    if (reaped->left_ms > 0)
        reaped_expect(reaped, (unsigned)reaped->left_ms);
}

/* The client's side has ended and all that it sent was read. True on the second look only, so that what was read last
 * has been acted upon. */
static bool is_gone(struct reaped *reaped)
{
    char byte;
    bool ended_before = reaped->ended;
    reaped->ended = recv(reaped->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
    return ended_before && reaped->ended;
}

/* With the mutex held. A second shutdown of the same socket does nothing. */
static void sweep(struct reaper *reaper)
{
    int64_t now = now_ms(CLOCK_MONOTONIC);
    for (struct reaped *reaped = reaper->first; reaped != NULL; reaped = reaped->next) {
        int64_t deadline = atomic_load_explicit(&reaped->deadline_ms, memory_order_relaxed);
        if (deadline == INT64_MAX) {
            continue;
        }
        int64_t more_ms = atomic_load_explicit(&reaped->fresh, memory_order_relaxed) ? REAPER_FRESH_MS : 0;
        bool late = llabs(deadline) <= now || (deadline < 0 && reaper->idle_end_ms <= now - more_ms);
        if (late || is_gone(reaped)) {
            shutdown(reaped->socket, SHUT_RDWR);
        }
    }
}

/* With the mutex held. */
static void wait_until(struct reaper *reaper, int64_t until_ms)
{
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    pthread_cond_timedwait(&reaper->changed, &reaper->mutex, &until);
}

static void *run(void *argument)
{
    struct reaper *reaper = argument;
    pthread_mutex_lock(&reaper->mutex);
    while (!reaper->stopping) {
        wait_until(reaper, now_ms(CLOCK_MONOTONIC) + SWEEP_EVERY_MS);
        sweep(reaper);
        pthread_mutex_unlock(&reaper->mutex);
        reaper->tick(reaper->context);
        pthread_mutex_lock(&reaper->mutex);
    }
    pthread_mutex_unlock(&reaper->mutex);
    return NULL;
}

bool reaper_init(struct reaper *reaper, void (*tick)(void *context), void *context)
{
    *reaper = (struct reaper){.idle_end_ms = INT64_MAX, .tick = tick, .context = context};
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&reaper->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&reaper->mutex, NULL);
    if (pthread_create(&reaper->thread, NULL, run, reaper) != 0) {
        pthread_cond_destroy(&reaper->changed);
        pthread_mutex_destroy(&reaper->mutex);
        return false;
    }
    return true;
}

void reaper_release(struct reaper *reaper)
{
    pthread_mutex_lock(&reaper->mutex);
    assert(reaper->first == NULL);
    reaper->stopping = true;
    pthread_cond_broadcast(&reaper->changed);
    pthread_mutex_unlock(&reaper->mutex);
    pthread_join(reaper->thread, NULL);
    pthread_cond_destroy(&reaper->changed);
    pthread_mutex_destroy(&reaper->mutex);
}

void reaper_add(struct reaper *reaper, struct reaped *reaped, int socket, unsigned within_ms)
{
    reaped->socket = socket;
    reaped->ended = false;
    reaped->left_ms = 0;
    atomic_init(&reaped->fresh, true);
    reaped_rest(reaped, within_ms);
    pthread_mutex_lock(&reaper->mutex);
    reaped->previous = NULL;
    reaped->next = reaper->first;
    if (reaper->first != NULL) {
        reaper->first->previous = reaped;
    }
    reaper->first = reaped;
    pthread_mutex_unlock(&reaper->mutex);
}

void reaper_remove(struct reaper *reaper, struct reaped *reaped)
{
    pthread_mutex_lock(&reaper->mutex);
    if (reaped->previous != NULL) {
        reaped->previous->next = reaped->next;
    } else {
        reaper->first = reaped->next;
    }
    if (reaped->next != NULL) {
        reaped->next->previous = reaped->previous;
    }
    if (reaper->first == NULL && reaper->idle_end_ms != INT64_MAX) {
        pthread_cond_broadcast(&reaper->changed);
    }
    pthread_mutex_unlock(&reaper->mutex);
}

/* Whether there were none for so long. */
static bool stays_empty(struct reaper *reaper, int64_t limit_ms)
{
    int64_t until_ms = now_ms(CLOCK_MONOTONIC) + REAPER_SETTLE_MS;
    until_ms = until_ms < limit_ms ? until_ms : limit_ms;
    while (reaper->first == NULL && now_ms(CLOCK_MONOTONIC) < until_ms) {
        wait_until(reaper, until_ms);
    }
    return reaper->first == NULL;
}

bool reaper_drain(struct reaper *reaper, unsigned grace_ms, unsigned limit_ms)
{
    int64_t now = now_ms(CLOCK_MONOTONIC);
    bool gone = false;
    pthread_mutex_lock(&reaper->mutex);
    reaper->idle_end_ms = now + grace_ms;
    while (!gone && now_ms(CLOCK_MONOTONIC) < now + limit_ms) {
        if (reaper->first != NULL) {
            wait_until(reaper, now + limit_ms);
        }
        gone = reaper->first == NULL && stays_empty(reaper, now + limit_ms);
    }
    pthread_mutex_unlock(&reaper->mutex);
    return gone;
}
