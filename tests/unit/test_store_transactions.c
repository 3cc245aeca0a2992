#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <time.h>

#include "store_site.h"

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* --- transactions --- */

static void test_commit_and_rollback(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    struct store *reader = open_store(*state, STORE_READ);
    assert_true(store_begin(store));
    assert_json(value_of(store, ITEM_INSERT, item_params("x")), json_integer(3));
    assert_int_equal(item_count(reader), 2);
    assert_true(store_commit(store));
    assert_int_equal(item_count(reader), 3);

    assert_true(store_begin(store));
    assert_json(value_of(store, ITEM_INSERT, item_params("y")), json_integer(4));
    assert_int_equal(item_count(store), 4);
    store_rollback(store);
    assert_int_equal(item_count(store), 3);

    assert_true(store_begin(store));
    assert_json(value_of(store, ITEM_INSERT, item_params("z")), json_integer(4));
    store_destroy(store);
    assert_int_equal(item_count(reader), 3);
    store_destroy(reader);
}

/* Whatever the engine made of a failure, the rest of the transaction must not be kept without it. */
static void test_failed_transaction_keeps_nothing(void **state)
{
    struct site *site = *state;
    struct store *store = open_store(site, STORE_WRITE);
    static const int failing[] = {ITEM_INSERT, ITEM_OR_ROLLBACK, ITEM_GET};
    for (size_t i = 0; i < sizeof failing / sizeof *failing; i++) {
        char text[TEXT_CAP];
        off_t at = lseek(site->log.fd, 0, SEEK_END);
        json_t *params = failing[i] == ITEM_INSERT        ? item_params("one")
                         : failing[i] == ITEM_OR_ROLLBACK ? json_pack("{s:s}", "slug", "one")
                                                          : NULL;
        assert_true(store_begin(store));
        assert_true(exec(store, ITEM_INSERT, item_params("before"), NULL));
        assert_false(exec(store, failing[i], params, NULL));
        assert_false(exec(store, ITEM_INSERT, item_params("after"), NULL));
        assert_null(store_rows(store, sql_of(ITEM_LIST), NULL));
        if (i == 1)
            store_rollback(store);
        else
            assert_false(store_commit(store));
        assert_int_equal(lines_in(log_since(site, &at, text)), 1);
        assert_int_equal(item_count(store), 2);
    }
    assert_true(store_begin(store));
    assert_true(exec(store, ITEM_INSERT, item_params("later"), NULL));
    assert_true(store_commit(store));
    assert_int_equal(item_count(store), 3);
    store_destroy(store);
}

/* A deferred reference is checked by the commit itself, with a transaction and without. */
static void test_commit_fails(void **state)
{
    struct site *site = *state;
    struct store *store = open_store(site, STORE_WRITE);
    char text[TEXT_CAP];
    off_t at = 0;
    assert_null(value_of(store, LATE_INSERT, json_pack("{s:i}", "item_id", 99)));
    assert_holds(log_since(site, &at, text), " late_insert: FOREIGN KEY constraint failed");
    assert_int_equal(lines_in(text), 1);

    assert_true(store_begin(store));
    assert_json(value_of(store, LATE_INSERT, json_pack("{s:i}", "item_id", 99)), json_integer(1));
    assert_false(store_commit(store));
    assert_holds(log_since(site, &at, text), " commit: FOREIGN KEY constraint failed");
    assert_int_equal(lines_in(text), 1);

    assert_json(store_value(store, sql_of(LATE_COUNT), NULL), json_integer(0));
    assert_true(store_begin(store));
    assert_json(value_of(store, LATE_INSERT, json_pack("{s:i}", "item_id", 1)), json_integer(1));
    assert_true(store_commit(store));
    store_destroy(store);
}

struct holder {
    struct store *store;
    pthread_barrier_t begun;
    long hold_ms;
};

static void *hold_lock(void *data)
{
    struct holder *holder = data;
    bool ok = store_begin(holder->store) && exec(holder->store, ITEM_INSERT, item_params("held"), NULL);
    pthread_barrier_wait(&holder->begun);
    const struct timespec pause = {holder->hold_ms / 1000, holder->hold_ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
    ok = ok && store_commit(holder->store);
    return ok ? holder : NULL;
}

/* Begins beside a writer that holds the lock for so long; says whether that worked, and after how long. */
static bool begin_beside(struct site *site, long hold_ms, double *waited)
{
    struct store *store = open_store(site, STORE_WRITE);
    struct holder holder = {.store = open_store(site, STORE_WRITE), .hold_ms = hold_ms};
    pthread_t thread;
    void *held = NULL;
    pthread_barrier_init(&holder.begun, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, hold_lock, &holder), 0);
    pthread_barrier_wait(&holder.begun);
    double from = now_seconds();
    bool ok = store_begin(store);
    *waited = now_seconds() - from;
    if (ok)
        store_rollback(store);
    assert_int_equal(pthread_join(thread, &held), 0);
    assert_non_null(held);
    pthread_barrier_destroy(&holder.begun);
    store_destroy(holder.store);
    store_destroy(store);
    return ok;
}

static void test_begin_waits(void **state)
{
    double waited;
    assert_true(begin_beside(*state, 300, &waited));
    assert_true(waited > 0.2);
}

static void test_begin_gives_up(void **state)
{
    struct site *site = *state;
    char text[TEXT_CAP];
    off_t at = 0;
    double waited;
    assert_false(begin_beside(site, 6500, &waited));
    assert_true(waited > 4.5 && waited < 6.4);
    assert_holds(log_since(site, &at, text),
                 "begin: database is locked (another program holds it: close that first)\n");
    assert_int_equal(lines_in(text), 1);
}

/* --- readers beside a writer --- */

struct reading {
    struct site *site;
    volatile bool *done;
    size_t reads;
    bool ok;
};

/* Items come in pairs, so a reader that sees an odd number has seen half a transaction. */
static void *read_pairs(void *data)
{
    struct reading *reading = data;
    char error[TEXT_CAP];
    struct store *store = store_open_with(reading->site->database, STORE_READ, statements, STATEMENTS,
                                          &reading->site->log, error, sizeof error);
    reading->ok = store != NULL;
    while (reading->ok && !__atomic_load_n(reading->done, __ATOMIC_ACQUIRE)) {
        json_t *rows = store_rows(store, sql_of(ITEM_LIST), NULL);
        reading->ok = rows != NULL && json_array_size(rows) % 2 == 0;
        reading->reads++;
        json_decref(rows);
    }
    store_destroy(store);
    return NULL;
}

static void test_readers_beside_a_writer(void **state)
{
    enum { READERS = 3, PAIRS = 60 };
    struct store *store = open_store(*state, STORE_WRITE);
    struct reading readings[READERS];
    pthread_t threads[READERS];
    volatile bool done = false;
    for (size_t i = 0; i < READERS; i++) {
        readings[i] = (struct reading){.site = *state, .done = &done};
        assert_int_equal(pthread_create(&threads[i], NULL, read_pairs, &readings[i]), 0);
    }
    bool ok = true;
    for (int i = 0; ok && i < 2 * PAIRS; i += 2) {
        char slug[2][16];
        snprintf(slug[0], sizeof slug[0], "p%d", i);
        snprintf(slug[1], sizeof slug[1], "p%d", i + 1);
        ok = store_begin(store) && exec(store, ITEM_INSERT, item_params(slug[0]), NULL) &&
             exec(store, ITEM_INSERT, item_params(slug[1]), NULL) && store_commit(store);
    }
    __atomic_store_n(&done, true, __ATOMIC_RELEASE);
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(readings[i].ok);
        assert_true(readings[i].reads > 0);
    }
    assert_true(ok);
    assert_int_equal(item_count(store), 2 + 2 * PAIRS);
    store_destroy(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_commit_and_rollback, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failed_transaction_keeps_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_commit_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_begin_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_begin_gives_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_readers_beside_a_writer, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
