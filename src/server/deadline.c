#include "warta/server/deadline.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/sockios.h>

#include "warta/base/clock.h"
#include "warta/base/mem.h"

enum { SWEEP_EVERY_MS = 1000, DRAIN_EVERY_MS = 50, SENDING_UNSEEN_MS = 3000 };

/* The numbers of struct tcp_info up to the one that is needed; glibc's own declaration ends before it. */
struct acknowledged {
    unsigned char begin[120]; /* linux/tcp.h: tcpi_bytes_acked follows tcpi_max_pacing_rate */
    uint64_t bytes_acked;
};

struct candidate {
    struct deadline *deadline;
    int64_t due;
    int64_t rank; /* the lowest goes first */
};

static enum deadline_state state_of(int64_t due)
{
    return (enum deadline_state)(due % 8);
}

/* Ends a connection whose deadline is still the one that was looked at. A second shutdown of a socket does nothing. */
static void end(struct deadlines *deadlines, struct deadline *deadline, int64_t due)
{
    pthread_mutex_lock(&deadlines->mutex);
    if (atomic_load_explicit(&deadline->due, memory_order_relaxed) == due)
        shutdown((int)(deadline - deadlines->slots), SHUT_RDWR);
    pthread_mutex_unlock(&deadlines->mutex);
}

/* The client's side has ended and all that it sent was read. True on the second look only, so that what was read last
 * has been acted upon. */
static bool is_gone(struct deadline *deadline, int socket)
{
    char byte;
    bool ended_before = deadline->ended;
    deadline->ended = recvfrom(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT, NULL, NULL) == 0;
    return ended_before && deadline->ended;
}

/* Bytes that the client has acknowledged; of a unix socket, which does not count them, how few it has still to take. */
static int64_t progress_of(int socket)
{
    struct acknowledged info;
    socklen_t len = sizeof info;
    int waiting = 0;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 && len == sizeof info)
        return (int64_t)info.bytes_acked;
    return ioctl(socket, SIOCOUTQ, &waiting) == 0 ? -(int64_t)waiting * DEADLINE_PROGRESS : 0;
}

/* Whether the client of an answer has taken too little for too long. */
static bool is_stalled(struct deadline *deadline, int socket, int64_t due, int64_t now)
{
    if (now - due / 8 < SENDING_UNSEEN_MS)
        return false;
    int64_t progress = progress_of(socket);
    if (deadline->sending_since != due || llabs(progress - deadline->progress) >= DEADLINE_PROGRESS) {
        deadline->sending_since = due;
        deadline->progress = progress;
        deadline->progress_ms = now;
    }
    return now - deadline->progress_ms > DEADLINE_STALL_MS;
}

static bool is_late(const struct deadlines *deadlines, struct deadline *deadline, int socket, int64_t due, int64_t now)
{
    int64_t idle_end = atomic_load_explicit(&deadlines->idle_end_ms, memory_order_relaxed);
    bool late = due / 8 <= now;
    switch (state_of(due)) {
    case DEADLINE_FRESH:
        return late || idle_end <= now - DEADLINE_FRESH_MS || is_gone(deadline, socket);
    case DEADLINE_IDLE:
        return late || idle_end <= now || is_gone(deadline, socket);
    case DEADLINE_OWED:
        return late || is_gone(deadline, socket);
    case DEADLINE_SENDING:
        return is_stalled(deadline, socket, due, now);
    case DEADLINE_NONE:
    case DEADLINE_WORKING:
        break;
    }
    return false;
}

static int by_rank(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;
    return (left->rank > right->rank) - (left->rank < right->rank);
}

/* Those who wait for the server, or have just come, stay. */
static size_t collect(const struct deadlines *deadlines, int highest, struct candidate *candidates, int64_t now)
{
    size_t len = 0;
    for (int socket = 0; socket <= highest; socket++) {
        struct deadline *deadline = &deadlines->slots[socket];
        int64_t due = atomic_load_explicit(&deadline->due, memory_order_relaxed);
        if (state_of(due) == DEADLINE_IDLE)
            candidates[len++] = (struct candidate){deadline, due, due / 8 - INT32_MAX};
        else if (state_of(due) == DEADLINE_SENDING && now - due / 8 >= SENDING_UNSEEN_MS)
            candidates[len++] = (struct candidate){deadline, due, due / 8};
    }
    return len;
}

static void make_room(struct deadlines *deadlines, size_t count, int64_t now)
{
    int highest = atomic_load(&deadlines->highest);
    struct candidate *candidates = mem_alloc(((size_t)highest + 1) * sizeof *candidates);
    size_t len = collect(deadlines, highest, candidates, now), wanted = count - deadlines->connections_max;
    qsort(candidates, len, sizeof *candidates, by_rank);
    for (size_t i = 0; i < len && i < wanted; i++)
        end(deadlines, candidates[i].deadline, candidates[i].due);
    free(candidates);
}

static void sweep(struct deadlines *deadlines)
{
    int64_t now = clock_ms();
    int highest = atomic_load(&deadlines->highest);
    for (int socket = 0; socket <= highest; socket++) {
        struct deadline *deadline = &deadlines->slots[socket];
        int64_t due = atomic_load_explicit(&deadline->due, memory_order_relaxed);
        if (due != DEADLINE_NONE && is_late(deadlines, deadline, socket, due, now))
            end(deadlines, deadline, due);
    }
    size_t count = atomic_load(&deadlines->count);
    if (count > deadlines->connections_max)
        make_room(deadlines, count, now);
}

static void sleep_ms(unsigned ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

static void *run(void *argument)
{
    struct deadlines *deadlines = argument;
    int64_t swept_ms = clock_ms();
    while (!atomic_load(&deadlines->stopping)) {
        sleep_ms(DRAIN_EVERY_MS);
        if (!atomic_load(&deadlines->draining) && clock_ms() - swept_ms < SWEEP_EVERY_MS)
            continue;
        swept_ms = clock_ms();
        sweep(deadlines);
        deadlines->tick(deadlines->context);
    }
    return NULL;
}

/* Pages of the table that no descriptor has reached take no memory. */
bool deadlines_init(struct deadlines *deadlines, size_t files_max, size_t connections_max, void (*tick)(void *context),
                    void *context)
{
    void *slots = mmap(NULL, files_max * sizeof(struct deadline), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    *deadlines = (struct deadlines){.tick = tick,
                                    .context = context,
                                    .connections_max = connections_max,
                                    .idle_end_ms = INT64_MAX,
                                    .slots_len = files_max,
                                    .slots = slots};
    if (slots == MAP_FAILED)
        return false;
    pthread_mutex_init(&deadlines->mutex, NULL);
    if (pthread_create(&deadlines->thread, NULL, run, deadlines) == 0)
        return true;
    pthread_mutex_destroy(&deadlines->mutex);
    munmap(slots, files_max * sizeof(struct deadline));
    return false;
}

void deadlines_release(struct deadlines *deadlines)
{
    assert(atomic_load(&deadlines->count) == 0);
    atomic_store(&deadlines->stopping, true);
    pthread_join(deadlines->thread, NULL);
    pthread_mutex_destroy(&deadlines->mutex);
    munmap(deadlines->slots, deadlines->slots_len * sizeof(struct deadline));
}

struct deadline *deadline_add(struct deadlines *deadlines, int socket, unsigned within_ms)
{
    assert(socket >= 0 && (size_t)socket < deadlines->slots_len);
    struct deadline *deadline = &deadlines->slots[socket];
    int highest = atomic_load(&deadlines->highest);
    while (socket > highest && !atomic_compare_exchange_weak(&deadlines->highest, &highest, socket))
        continue;
    atomic_fetch_add(&deadlines->count, 1);
    deadline_set(deadline, DEADLINE_FRESH, clock_coarse_ms() + within_ms);
    return deadline;
}

void deadline_remove(struct deadlines *deadlines, struct deadline *deadline)
{
    pthread_mutex_lock(&deadlines->mutex);
    deadline_set(deadline, DEADLINE_NONE, 0);
    pthread_mutex_unlock(&deadlines->mutex);
    atomic_fetch_sub(&deadlines->count, 1);
}

bool deadlines_drain(struct deadlines *deadlines, unsigned grace_ms, unsigned limit_ms)
{
    int64_t now = clock_ms(), limit = now + limit_ms, empty_ms = 0;
    atomic_store(&deadlines->idle_end_ms, now + grace_ms);
    atomic_store(&deadlines->draining, true);
    for (; now < limit && empty_ms < DEADLINE_SETTLE_MS; now = clock_ms()) {
        sleep_ms(10);
        empty_ms = atomic_load(&deadlines->count) > 0 ? 0 : empty_ms + clock_ms() - now;
    }
    return atomic_load(&deadlines->count) == 0;
}
