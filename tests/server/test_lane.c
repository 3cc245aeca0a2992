#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "warta/server/lane.h"

enum { THREADS = 4, MANY = 2000, SENDERS = 4 };

/* Apps are only handed through. */
struct app {
    int jobs; /* only ever touched by its own thread */
};

static void make_apps(struct app *apps, struct app **list, size_t len)
{
    memset(apps, 0, len * sizeof *apps);
    for (size_t i = 0; i < len; i++)
        list[i] = &apps[i];
}

/* A job that waits at a gate, or does not, and notes when it ran. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool open;
    size_t entered, done; /* how many jobs have begun and ended */
};

struct work {
    struct lane_job job;
    struct gate *gate;
    size_t place; /* in the order of beginnings, from 1 */
};

static void gate_init(struct gate *gate, bool open)
{
    *gate = (struct gate){.open = open};
    pthread_mutex_init(&gate->mutex, NULL);
    pthread_cond_init(&gate->changed, NULL);
}

static void gate_release(struct gate *gate)
{
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->mutex);
}

static void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

static void wait_for_entered(struct gate *gate, size_t count)
{
    pthread_mutex_lock(&gate->mutex);
    while (gate->entered < count)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static void work_run(void *context, struct app *app)
{
    struct work *work = context;
    struct gate *gate = work->gate;
    app->jobs++;
    pthread_mutex_lock(&gate->mutex);
    work->place = ++gate->entered;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    gate->done++;
    pthread_mutex_unlock(&gate->mutex);
}

static bool submit(struct lane_pool *pool, struct work *work, struct gate *gate)
{
    *work = (struct work){.job = {.run = work_run, .context = work}, .gate = gate};
    return lane_pool_submit(pool, &work->job);
}

static void order(void **state)
{
    (void)state;
    struct app app, *list[1];
    struct gate gate;
    struct work works[20];
    make_apps(&app, list, 1);
    gate_init(&gate, false);
    struct lane_pool *pool = lane_pool_create(list, 1, 20, 20, 0);
    for (size_t i = 0; i < 20; i++)
        assert_true(submit(pool, &works[i], &gate));
    gate_open(&gate);
    lane_pool_destroy(pool);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(works[i].place, i + 1);
    assert_int_equal(app.jobs, 20);
    gate_release(&gate);
}

/* As many run at once as there are threads, as many wait as the queue takes, and not one more. */
static void bounds(void **state)
{
    (void)state;
    struct app apps[THREADS], *list[THREADS];
    struct gate gate;
    struct work works[THREADS + 3 + 1];
    make_apps(apps, list, THREADS);
    gate_init(&gate, false);
    struct lane_pool *pool = lane_pool_create(list, THREADS, 3, 3, 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_true(submit(pool, &works[i], &gate));
        wait_for_entered(&gate, i + 1);
    }
    for (size_t i = THREADS; i < THREADS + 3; i++)
        assert_true(submit(pool, &works[i], &gate));
    assert_false(submit(pool, &works[THREADS + 3], &gate));
    usleep(20000);
    assert_int_equal(gate.entered, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(apps[i].jobs, 1);
    gate_open(&gate);
    wait_for_entered(&gate, THREADS + 3);
    assert_true(submit(pool, &works[THREADS + 3], &gate));
    lane_pool_destroy(pool);
    assert_int_equal(gate.done, THREADS + 3 + 1);
    gate_release(&gate);
}

static void *open_soon(void *gate)
{
    usleep(20000);
    gate_open(gate);
    return NULL;
}

static void stop_runs_what_waits(void **state)
{
    (void)state;
    struct app app, *list[1];
    struct gate gate;
    struct work works[10], late;
    pthread_t opener;
    make_apps(&app, list, 1);
    gate_init(&gate, false);
    struct lane_pool *pool = lane_pool_create(list, 1, 10, 10, 0);
    for (size_t i = 0; i < 10; i++)
        assert_true(submit(pool, &works[i], &gate));
    assert_int_equal(pthread_create(&opener, NULL, open_soon, &gate), 0);
    lane_pool_stop(pool);
    assert_int_equal(gate.done, 10);
    assert_false(submit(pool, &late, &gate));
    lane_pool_stop(pool);
    lane_pool_destroy(pool);
    assert_int_equal(gate.done, 10);
    pthread_join(opener, NULL);
    gate_release(&gate);
}

static void nothing_to_do(void **state)
{
    (void)state;
    struct app apps[THREADS], *list[THREADS];
    make_apps(apps, list, THREADS);
    lane_pool_destroy(lane_pool_create(list, THREADS, 1, 1, 0));
    lane_pool_destroy(NULL);
}

struct sender {
    struct lane_pool *pool;
    struct gate *gate;
    atomic_bool *stopped;
    struct work works[MANY];
    size_t taken;
    pthread_t thread;
};

static void *send_many(void *context)
{
    struct sender *sender = context;
    while (sender->taken < MANY && !atomic_load(sender->stopped))
        sender->taken += submit(sender->pool, &sender->works[sender->taken], sender->gate);
    return NULL;
}

/* From several threads at once, while the lane stops: what was taken has run, what was not has not. */
static void many_senders(void **state)
{
    (void)state;
    static struct sender senders[SENDERS];
    struct app apps[THREADS], *list[THREADS];
    struct gate gate;
    atomic_bool stopped = false;
    size_t taken = 0, ran = 0;
    make_apps(apps, list, THREADS);
    gate_init(&gate, true);
    struct lane_pool *pool = lane_pool_create(list, THREADS, 8, 8, 0);
    for (size_t i = 0; i < SENDERS; i++) {
        senders[i].pool = pool;
        senders[i].gate = &gate;
        senders[i].stopped = &stopped;
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_many, &senders[i]), 0);
    }
    wait_for_entered(&gate, 100);
    lane_pool_stop(pool);
    atomic_store(&stopped, true);
    for (size_t i = 0; i < SENDERS; i++) {
        pthread_join(senders[i].thread, NULL);
        taken += senders[i].taken;
        for (size_t j = 0; j < MANY; j++)
            ran += senders[i].works[j].place > 0;
    }
    lane_pool_destroy(pool);
    assert_true(taken >= 100);
    assert_int_equal(ran, taken);
    assert_int_equal(gate.done, taken);
    gate_release(&gate);
}

static void note_priority(void *context, struct app *app)
{
    int *priority = context;
    (void)app;
    *priority = getpriority(PRIO_PROCESS, 0);
}

static void nice_ones_stand_back_alone(void **state)
{
    (void)state;
    struct app app, *list[1];
    int own = getpriority(PRIO_PROCESS, 0), priority = -1;
    int wanted = own < 19 ? own + 1 : 19;
    struct lane_job job = {.run = note_priority, .context = &priority};
    make_apps(&app, list, 1);
    struct lane_pool *pool = lane_pool_create(list, 1, 1, 1, 1);
    assert_true(lane_pool_submit(pool, &job));
    lane_pool_destroy(pool);
    assert_int_equal(priority, wanted);
    assert_int_equal(getpriority(PRIO_PROCESS, 0), own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),         cmocka_unit_test(bounds),       cmocka_unit_test(stop_runs_what_waits),
        cmocka_unit_test(nothing_to_do), cmocka_unit_test(many_senders), cmocka_unit_test(nice_ones_stand_back_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
