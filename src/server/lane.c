#include "warta/server/lane.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "warta/base/clock.h"
#include "warta/base/mem.h"

struct lane_thread {
    struct lane_pool *pool;
    struct app *app;
    pthread_t thread;
    _Atomic int64_t began_ms; /* its job, on the monotonic clock; INT64_MAX between jobs */
};

struct lane_pool {
    pthread_mutex_t mutex; /* guards the queue and stopping */
    pthread_cond_t changed;
    struct lane_job *first; /* in the order in which they are to run */
    size_t waiting, waiting_max, client_max;
    uint64_t refused;
    int nice;
    bool stopping;
    size_t threads_len; /* running */
    struct lane_thread threads[];
};

/* Waits for a job; NULL once there will be none. */
static struct lane_job *take_job(struct lane_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    while (pool->first == NULL && !pool->stopping)
        pthread_cond_wait(&pool->changed, &pool->mutex);
    struct lane_job *job = pool->first;
    if (job != NULL) {
        pool->first = job->next;
        pool->waiting--;
    }
    pthread_mutex_unlock(&pool->mutex);
    return job;
}

static void *run(void *argument)
{
    struct lane_thread *thread = argument;
    /* On Linux, of the calling thread alone. */
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + thread->pool->nice);
    for (struct lane_job *job = take_job(thread->pool); job != NULL; job = take_job(thread->pool)) {
        atomic_store_explicit(&thread->began_ms, clock_ms(), memory_order_relaxed);
        job->run(job->context, thread->app);
        atomic_store_explicit(&thread->began_ms, INT64_MAX, memory_order_relaxed);
    }
    return NULL;
}

struct lane_pool *lane_pool_create(struct app **apps, size_t threads, size_t queue_max, size_t client_max, int nice)
{
    assert(threads > 0);
    struct lane_pool *pool = mem_alloc(sizeof *pool + threads * sizeof pool->threads[0]);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->changed, NULL);
    pool->waiting_max = queue_max;
    pool->client_max = client_max;
    pool->nice = nice;
    for (; pool->threads_len < threads; pool->threads_len++) {
        struct lane_thread *thread = &pool->threads[pool->threads_len];
        *thread = (struct lane_thread){.pool = pool, .app = apps[pool->threads_len], .began_ms = INT64_MAX};
        if (pthread_create(&thread->thread, NULL, run, thread) != 0) {
            lane_pool_destroy(pool);
            return NULL;
        }
    }
    return pool;
}

/* Fair queueing: a client's n-th waiting job goes behind the n-th ones of all others. Jobs are few, so a list will do. */
static bool queue(struct lane_pool *pool, struct lane_job *job)
{
    struct lane_job **at = &pool->first;
    job->round = 0;
    for (const struct lane_job *other = pool->first; other != NULL; other = other->next)
        job->round += job->client != 0 && other->client == job->client;
    if (pool->stopping || pool->waiting >= pool->waiting_max || job->round >= pool->client_max)
        return false;
    while (*at != NULL && (*at)->round <= job->round)
        at = &(*at)->next;
    job->next = *at;
    *at = job;
    pool->waiting++;
    return true;
}

bool lane_pool_submit(struct lane_pool *pool, struct lane_job *job)
{
    pthread_mutex_lock(&pool->mutex);
    bool queued = queue(pool, job);
    if (queued)
        pthread_cond_signal(&pool->changed);
    pool->refused += !queued;
    pthread_mutex_unlock(&pool->mutex);
    return queued;
}

struct lane_stats lane_pool_stats(struct lane_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    struct lane_stats stats = {.waiting = pool->waiting, .refused = pool->refused};
    pthread_mutex_unlock(&pool->mutex);
    return stats;
}

bool lane_pool_alive(const struct lane_pool *pool, unsigned limit_ms)
{
    int64_t now = clock_ms();
    for (size_t i = 0; i < pool->threads_len; i++) {
        int64_t began = atomic_load_explicit(&pool->threads[i].began_ms, memory_order_relaxed);
        if (began > now || now - began <= limit_ms)
            return true;
    }
    return false;
}

void lane_pool_stop(struct lane_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
    for (; pool->threads_len > 0; pool->threads_len--)
        pthread_join(pool->threads[pool->threads_len - 1].thread, NULL);
}

void lane_pool_destroy(struct lane_pool *pool)
{
    if (pool == NULL)
        return;
    lane_pool_stop(pool);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}
