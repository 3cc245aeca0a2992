#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "harness/harness.h"
#include "warta/server/cache.h"

enum { MAX = 1 << 20, PAGE_LEN = 20000, FLOOD = 1000, ASKERS = 8, PATIENCE_MS = 10000 };

static _Atomic int64_t clock_unix = HARNESS_NOW_UNIX;

static int64_t told_clock(void)
{
    return clock_unix;
}

static int setup(void **state)
{
    struct harness *harness = calloc(1, sizeof *harness);
    harness_open(harness, "[{\"type\": \"news\", \"title\": \"First\", \"date\": \"2019-08-30\"}]", NULL);
    clock_unix = HARNESS_NOW_UNIX;
    harness->site.clock = told_clock;
    *state = harness;
    return 0;
}

static int teardown(void **state)
{
    harness_close(*state);
    free(*state);
    return 0;
}

static struct page *fill(struct cache *cache, struct app *app, uint64_t epoch, const char *target)
{
    struct response response;
    response_init(&response);
    for (size_t i = 0; i < PAGE_LEN / 10; i++)
        buf_text(&response.body, "ten bytes.");
    struct page *page = cache_page(cache, app, &response);
    cache_fill(cache, epoch, target, page);
    return page;
}

/* Asks as a server does. Whether the page was there. */
static bool ask(struct cache *cache, struct app *app, const char *target)
{
    uint64_t epoch = cache_epoch(cache, app);
    struct page *page = cache_get(cache, epoch, target);
    bool there = page != NULL;
    if (!there)
        page = fill(cache, app, epoch, target);
    page_drop(page);
    return there;
}

static void a_page_is_made_once(void **state)
{
    struct harness *harness = *state;
    struct cache *cache = cache_create(MAX);
    assert_false(ask(cache, harness->app, "/"));
    assert_true(ask(cache, harness->app, "/"));
    assert_false(ask(cache, harness->app, "/?type=news"));
    assert_true(ask(cache, harness->app, "/?type=news"));
    assert_int_equal(cache_stats(cache).pages, 2);
    assert_true(cache_stats(cache).bytes > 2 * PAGE_LEN);
    cache_destroy(cache);
}

static void a_cache_of_no_bytes_keeps_nothing(void **state)
{
    struct harness *harness = *state;
    struct cache *cache = cache_create(0);
    assert_false(ask(cache, harness->app, "/"));
    assert_false(ask(cache, harness->app, "/"));
    assert_int_equal(cache_stats(cache).pages, 0);
    assert_int_equal(cache_stats(cache).bytes, 0);
    cache_destroy(cache);
}

static void publish(struct harness *harness, const char *items)
{
    char *mistakes = harness_import(harness, items, NULL);
    assert_null(mistakes);
}

static void a_commit_is_seen_by_the_next_request(void **state)
{
    struct harness *harness = *state;
    struct cache *cache = cache_create(MAX);
    ask(cache, harness->app, "/");
    publish(harness, "[{\"type\": \"news\", \"title\": \"Second\"}]");
    cache_recheck(cache);
    assert_false(ask(cache, harness->app, "/"));
    assert_true(ask(cache, harness->app, "/"));
    cache_recheck(cache);
    assert_true(ask(cache, harness->app, "/"));
    cache_destroy(cache);
}

static void wait_ms(long ms)
{
    const struct timespec wait = {.tv_nsec = ms * 1000000};
    nanosleep(&wait, NULL);
}

static void a_commit_that_nobody_tells_of_is_seen_too(void **state)
{
    struct harness *harness = *state;
    struct cache *cache = cache_create(MAX);
    ask(cache, harness->app, "/");
    publish(harness, "[{\"type\": \"news\", \"title\": \"Second\"}]");
    int waited_ms = 0;
    for (; ask(cache, harness->app, "/") && waited_ms < PATIENCE_MS; waited_ms += 10)
        wait_ms(10);
    assert_true(waited_ms < PATIENCE_MS);
    cache_destroy(cache);
}

static void what_readers_cannot_see_changes_nothing(void **state)
{
    struct harness *harness = *state;
    struct cache *cache = cache_create(MAX);
    ask(cache, harness->app, "/");
    publish(harness, "[{\"type\": \"news\", \"title\": \"Draft\", \"status\": \"draft\"}]");
    struct harness_session session = harness_login(harness, "Dara", "editor");
    const struct harness_message message = {.target = "/admin", .session = &session};
    struct response response = harness_send(harness, &message);
    assert_int_equal(response.status, 200);
    response_release(&response);
    cache_recheck(cache);
    assert_true(ask(cache, harness->app, "/"));
    cache_destroy(cache);
}

static void an_item_appears_at_its_time(void **state)
{
    struct harness *harness = *state;
    struct cache *cache = cache_create(MAX);
    publish(harness, "[{\"type\": \"news\", \"title\": \"Later\", \"publish_at\": \"2026-11-23T12:01:00Z\"}]");
    ask(cache, harness->app, "/");
    clock_unix = HARNESS_NOW_UNIX + 59;
    assert_true(ask(cache, harness->app, "/"));
    clock_unix = HARNESS_NOW_UNIX + 60;
    assert_false(ask(cache, harness->app, "/"));
    assert_true(ask(cache, harness->app, "/"));
    cache_destroy(cache);
}

static void pages_hold_on_while_the_database_cannot_be_asked(void **state)
{
    struct harness *harness = *state;
    struct cache *cache = cache_create(MAX);
    ask(cache, harness->app, "/");
    free(harness_query(harness, "ALTER TABLE content RENAME TO gone"));
    cache_recheck(cache);
    assert_true(ask(cache, harness->app, "/"));
    free(harness_query(harness, "ALTER TABLE gone RENAME TO content"));
    cache_recheck(cache);
    assert_true(ask(cache, harness->app, "/"));
    cache_destroy(cache);
}

static void a_page_made_in_the_second_of_a_change_has_no_date(void **state)
{
    struct harness *harness = *state;
    struct cache *cache = cache_create(MAX);
    int64_t modified_unix;
    uint64_t epoch = cache_epoch(cache, harness->app);
    assert_null(cache_get(cache, epoch, "/"));
    struct page *page = fill(cache, harness->app, epoch, "/");
    page_modified(page, &modified_unix);
    assert_int_equal(modified_unix, 0);
    page_drop(page);
    clock_unix = HARNESS_NOW_UNIX + 5;
    assert_null(cache_get(cache, epoch, "/items.json"));
    page = fill(cache, harness->app, epoch, "/items.json");
    page_modified(page, &modified_unix);
    assert_int_equal(modified_unix, HARNESS_NOW_UNIX);
    page_drop(page);
    cache_destroy(cache);
}

/* Twice the pages that fit, each once, beside a few that are read all the time. */
static void a_flood_pushes_nothing_out_that_is_read(void **state)
{
    struct harness *harness = *state;
    struct cache *cache = cache_create(MAX);
    char target[32];
    for (size_t i = 0; i < 10; i++) {
        snprintf(target, sizeof target, "/hot/%zu", i);
        ask(cache, harness->app, target);
        ask(cache, harness->app, target);
    }
    for (size_t i = 0; i < FLOOD; i++) {
        snprintf(target, sizeof target, "/odd/%zu", i);
        assert_false(ask(cache, harness->app, target));
        snprintf(target, sizeof target, "/hot/%zu", i % 10);
        assert_true(ask(cache, harness->app, target));
        assert_true(cache_stats(cache).bytes <= MAX);
    }
    cache_destroy(cache);
}

/* One asks the same page as all the others, at the same time. */
struct asker {
    pthread_t thread;
    struct cache *cache;
    struct app *app;
    atomic_int *made;
};

static void *ask_once(void *argument)
{
    struct asker *asker = argument;
    uint64_t epoch = cache_epoch(asker->cache, asker->app);
    struct page *page = cache_get(asker->cache, epoch, "/");
    if (page == NULL) {
        atomic_fetch_add(asker->made, 1);
        wait_ms(50);
        page = fill(asker->cache, asker->app, epoch, "/");
    }
    page_drop(page);
    return NULL;
}

static void a_stampede_makes_one_page(void **state)
{
    struct harness *harness = *state;
    struct cache *cache = cache_create(MAX);
    struct asker askers[ASKERS];
    atomic_int made = 0;
    char error[256];
    for (size_t i = 0; i < ASKERS; i++) {
        struct app *app = app_create(&harness->site, harness->database, STORE_READ, error, sizeof error);
        askers[i] = (struct asker){.cache = cache, .app = app, .made = &made};
        assert_non_null(app);
    }
    for (size_t i = 0; i < ASKERS; i++)
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_once, &askers[i]), 0);
    for (size_t i = 0; i < ASKERS; i++)
        pthread_join(askers[i].thread, NULL);
    for (size_t i = 0; i < ASKERS; i++)
        app_destroy(askers[i].app);
    assert_int_equal(made, 1);
    cache_destroy(cache);
}

static void what_may_not_be_kept_holds_nobody_up(void **state)
{
    struct harness *harness = *state;
    struct cache *cache = cache_create(MAX);
    uint64_t epoch = cache_epoch(cache, harness->app);
    assert_null(cache_get(cache, epoch, "/"));
    cache_fill(cache, epoch, "/", NULL);
    assert_null(cache_get(cache, epoch, "/"));
    cache_fill(cache, epoch, "/", NULL);
    assert_int_equal(cache_stats(cache).pages, 0);
    cache_destroy(cache);
}

static void a_page_outlives_the_cache_for_who_holds_it(void **state)
{
    struct harness *harness = *state;
    struct cache *cache = cache_create(PAGE_LEN / 2);
    uint64_t epoch = cache_epoch(cache, harness->app);
    assert_null(cache_get(cache, epoch, "/"));
    struct page *page = fill(cache, harness->app, epoch, "/");
    assert_int_equal(cache_stats(cache).pages, 0);
    assert_int_equal(page_form(page, ENCODING_IDENTITY)->len, PAGE_LEN);
    page_drop(page);
    assert_int_equal(cache_stats(cache).bytes, 0);
    cache_destroy(cache);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_page_is_made_once),
        CASE(a_cache_of_no_bytes_keeps_nothing),
        CASE(a_commit_is_seen_by_the_next_request),
        CASE(a_commit_that_nobody_tells_of_is_seen_too),
        CASE(what_readers_cannot_see_changes_nothing),
        CASE(an_item_appears_at_its_time),
        CASE(pages_hold_on_while_the_database_cannot_be_asked),
        CASE(a_page_made_in_the_second_of_a_change_has_no_date),
        CASE(a_flood_pushes_nothing_out_that_is_read),
        CASE(a_stampede_makes_one_page),
        CASE(what_may_not_be_kept_holds_nobody_up),
        CASE(a_page_outlives_the_cache_for_who_holds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
