#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "warta/app/app.h"
#include "warta/base/mem.h"
#include "warta/server/cache.h"

enum { MAX = 1 << 20, PAGE_LEN = 20000, FLOOD = 1000, NOW_UNIX = 1795435200 };

/* Those who were resumed, in order. */
static struct {
    struct cache_asker *askers[16];
    size_t len;
} resumed;

static void resume(struct cache_asker *asker)
{
    resumed.askers[resumed.len++] = asker;
}

static struct cache *open_cache(size_t max)
{
    resumed.len = 0;
    struct cache *cache = cache_create(max, resume);
    cache_follow(cache, &(struct content){.generation = 1, .next_unix = INT64_MAX}, NOW_UNIX - 100);
    return cache;
}

static struct response page_of(const char *words, size_t times, int64_t generation)
{
    struct response response;
    response_init(&response);
    for (size_t i = 0; i < times; i++)
        buf_text(&response.body, words);
    response.generation = generation;
    return response;
}

static struct page *fill(struct cache *cache, struct cache_asker *asker, size_t len)
{
    struct page *page = cache_part(cache, asker);
    if (page != NULL) {
        page_make_form(page, asker->encoding);
    } else {
        struct response response = page_of("ten bytes.", len / 10, 1);
        page = cache_page(cache, &response, asker->encoding, cache_epoch(cache, NOW_UNIX), NOW_UNIX);
    }
    cache_fill(cache, asker, page);
    return page;
}

/* Asks as a server does, in that coding. Whether the page was there. */
static bool ask_for(struct cache *cache, const char *key, enum encoding encoding, size_t len)
{
    struct cache_asker asker = {.epoch = cache_epoch(cache, NOW_UNIX), .key = key, .encoding = encoding};
    struct page *page = NULL;
    enum cache_found found = cache_get(cache, &asker, &page);
    assert_int_not_equal(found, CACHE_WAIT);
    if (found == CACHE_MAKE)
        page = fill(cache, &asker, len);
    page_drop(page);
    return found == CACHE_HIT;
}

static bool ask(struct cache *cache, const char *key)
{
    return ask_for(cache, key, ENCODING_IDENTITY, PAGE_LEN);
}

static void a_page_is_made_once_for_each_coding(void **state)
{
    (void)state;
    struct cache *cache = open_cache(MAX);
    assert_false(ask(cache, "/"));
    assert_true(ask(cache, "/"));
    assert_false(ask_for(cache, "/", ENCODING_GZIP, 0)); /* of the page that is there, not made again */
    assert_true(ask_for(cache, "/", ENCODING_GZIP, 0));
    assert_true(ask(cache, "/"));
    assert_false(ask(cache, "/?type=news"));
    assert_int_equal(cache_stats(cache).pages, 2);
    assert_true(cache_stats(cache).bytes > 2 * PAGE_LEN);
    cache_destroy(cache);
}

static void an_epoch_ends_by_a_commit_or_by_the_clock(void **state)
{
    (void)state;
    struct cache *cache = open_cache(MAX);
    struct content content = {.generation = 1, .next_unix = INT64_MAX};
    uint64_t epoch = cache_epoch(cache, NOW_UNIX);
    assert_false(ask(cache, "/"));
    cache_follow(cache, &content, NOW_UNIX); /* nothing has changed */
    assert_int_equal(cache_epoch(cache, NOW_UNIX), epoch);
    assert_true(ask(cache, "/"));
    content = (struct content){.generation = 3, .next_unix = NOW_UNIX + 60};
    cache_follow(cache, &content, NOW_UNIX);
    assert_true(cache_epoch(cache, NOW_UNIX) > epoch);
    assert_false(ask(cache, "/"));
    assert_true(ask(cache, "/"));
    epoch = cache_epoch(cache, NOW_UNIX);
    content = (struct content){.generation = 2, .next_unix = INT64_MAX}; /* read before the other, and late */
    cache_follow(cache, &content, NOW_UNIX);
    assert_int_equal(cache_epoch(cache, NOW_UNIX + 59), epoch);
    assert_true(cache_epoch(cache, NOW_UNIX + 60) > epoch);
    assert_int_equal(cache_epoch(cache, NOW_UNIX + 61), cache_epoch(cache, NOW_UNIX + 90));
    assert_false(ask(cache, "/"));
    cache_destroy(cache);
}

/* Last-Modified is never older than what the page shows. */
static void only_a_page_of_a_known_content_has_a_date(void **state)
{
    (void)state;
    static const struct {
        int64_t generation, followed_unix;
        bool moved; /* by another commit, while the page was made */
        int64_t modified_unix;
    } cases[] = {
        {7, NOW_UNIX - 5, false, NOW_UNIX - 5},
        {7, NOW_UNIX, false, 0},     /* in the second of the change */
        {8, NOW_UNIX - 5, false, 0}, /* of a commit that was not followed yet */
        {7, NOW_UNIX - 5, true, 0},
        {0, NOW_UNIX - 5, false, 0}, /* not read */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cache *cache = open_cache(MAX);
        cache_follow(cache, &(struct content){.generation = 7, .next_unix = INT64_MAX}, cases[i].followed_unix);
        uint64_t epoch = cache_epoch(cache, NOW_UNIX);
        if (cases[i].moved)
            cache_follow(cache, &(struct content){.generation = 7, .next_unix = NOW_UNIX + 9}, NOW_UNIX - 4);
        struct response response = page_of("words", 1, cases[i].generation);
        struct page *page = cache_page(cache, &response, ENCODING_IDENTITY, epoch, NOW_UNIX);
        assert_int_equal(page->modified_unix, cases[i].modified_unix);
        assert_int_equal(*page->modified != '\0', cases[i].modified_unix != 0);
        page_drop(page);
        cache_destroy(cache);
    }
}

/* Many odd pages of that size, each once, beside a few that are read all the time. */
static void flood(size_t len)
{
    struct cache *cache = open_cache(MAX);
    char key[32];
    for (size_t i = 0; i < 10; i++) {
        snprintf(key, sizeof key, "/hot/%zu", i);
        ask(cache, key);
        ask(cache, key);
    }
    for (size_t i = 0; i < FLOOD; i++) {
        snprintf(key, sizeof key, "/odd/%zu", i);
        assert_false(ask_for(cache, key, ENCODING_IDENTITY, len));
        snprintf(key, sizeof key, "/hot/%zu", i % 10);
        assert_true(ask(cache, key));
        assert_true(cache_stats(cache).bytes <= MAX);
    }
    cache_destroy(cache);
}

static void a_flood_pushes_nothing_out_that_is_read(void **state)
{
    (void)state;
    flood(PAGE_LEN);
    flood(100);
    flood(300000);  /* larger than the newcomers' share */
    flood(2 * MAX); /* larger than all */
}

static void others_wait_for_who_makes_the_page(void **state)
{
    (void)state;
    struct cache *cache = open_cache(MAX);
    struct cache_asker askers[5];
    struct page *page = NULL;
    for (size_t i = 0; i < 5; i++) {
        askers[i] = (struct cache_asker){.epoch = cache_epoch(cache, NOW_UNIX), .key = "/"};
        assert_int_equal(cache_get(cache, &askers[i], &page), i == 0 ? CACHE_MAKE : CACHE_WAIT);
    }
    assert_int_equal(resumed.len, 0);
    page_drop(fill(cache, &askers[0], PAGE_LEN));
    assert_int_equal(resumed.len, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_false(resumed.askers[i]->alone);
        assert_int_equal(cache_get(cache, resumed.askers[i], &page), CACHE_HIT);
        page_drop(page);
    }
    cache_destroy(cache);
}

/* A page that began to be made before a commit is none for somebody who asks after it. */
static void nobody_gets_a_page_of_before_they_asked(void **state)
{
    (void)state;
    struct cache *cache = open_cache(MAX);
    struct cache_asker maker = {.epoch = cache_epoch(cache, NOW_UNIX), .key = "/"}, late = maker;
    struct page *page = NULL;
    assert_int_equal(cache_get(cache, &maker, &page), CACHE_MAKE);
    struct response response = page_of("old", 1, 1);
    page = cache_page(cache, &response, ENCODING_IDENTITY, cache_epoch(cache, NOW_UNIX), NOW_UNIX);
    cache_follow(cache, &(struct content){.generation = 2, .next_unix = INT64_MAX}, NOW_UNIX);
    late.epoch = cache_epoch(cache, NOW_UNIX);
    assert_int_equal(cache_get(cache, &late, &(struct page *){NULL}), CACHE_WAIT);
    cache_fill(cache, &maker, page);
    page_drop(page);
    assert_int_equal(resumed.len, 1);
    assert_int_equal(cache_get(cache, &late, &page), CACHE_MAKE);
    assert_null(cache_part(cache, &late));
    cache_fill(cache, &late, NULL);
    cache_destroy(cache);
}

static void what_may_not_be_kept_holds_nobody_up(void **state)
{
    (void)state;
    struct cache *cache = open_cache(MAX);
    struct cache_asker askers[3];
    struct page *page = NULL;
    for (size_t i = 0; i < 3; i++) {
        askers[i] = (struct cache_asker){.epoch = cache_epoch(cache, NOW_UNIX), .key = "/"};
        cache_get(cache, &askers[i], &page);
    }
    cache_fill(cache, &askers[0], NULL);
    assert_int_equal(resumed.len, 2);
    assert_true(askers[1].alone && askers[2].alone);
    assert_int_equal(cache_stats(cache).pages, 0);
    assert_false(ask(cache, "/"));
    cache_destroy(cache);
}

static void a_page_outlives_the_cache_for_who_holds_it(void **state)
{
    (void)state;
    struct cache *cache = open_cache(PAGE_LEN / 2);
    struct cache_asker asker = {.epoch = cache_epoch(cache, NOW_UNIX), .key = "/"};
    struct page *page = NULL;
    assert_int_equal(cache_get(cache, &asker, &page), CACHE_MAKE);
    page = fill(cache, &asker, PAGE_LEN);
    assert_int_equal(cache_stats(cache).pages, 0);
    assert_int_equal(page->forms[ENCODING_IDENTITY].len, PAGE_LEN);
    page_drop(page);
    cache_destroy(cache);
}

/* --- forms --- */

static struct page *made(struct response *response)
{
    struct cache *cache = open_cache(MAX);
    struct page *page = cache_page(cache, response, ENCODING_IDENTITY, cache_epoch(cache, NOW_UNIX), NOW_UNIX);
    page_make_form(page, ENCODING_GZIP);
    page_make_form(page, ENCODING_BROTLI);
    cache_destroy(cache);
    return page;
}

static void each_form_has_a_tag_of_its_own(void **state)
{
    (void)state;
    struct response response = page_of("words that come again and again ", 100, 1), other = page_of("same ", 101, 1);
    struct page *page = made(&response), *differs = made(&other);
    const struct page_form *forms = page->forms;
    assert_int_equal(forms[ENCODING_IDENTITY].len, 3200);
    assert_int_equal(forms[ENCODING_GZIP].encoding, ENCODING_GZIP);
    assert_int_equal(forms[ENCODING_BROTLI].encoding, ENCODING_BROTLI);
    assert_true(forms[ENCODING_GZIP].len < 200 && forms[ENCODING_BROTLI].len < 200);
    assert_memory_equal(forms[ENCODING_GZIP].bytes, "\x1f\x8b", 2);
    for (enum encoding encoding = ENCODING_IDENTITY; encoding < ENCODINGS; encoding++) {
        assert_int_equal(strlen(forms[encoding].etag), 18);
        assert_string_not_equal(forms[encoding].etag, forms[(encoding + 1) % ENCODINGS].etag);
        assert_string_not_equal(forms[encoding].etag, differs->forms[encoding].etag);
    }
    page_drop(page);
    page_drop(differs);
}

static void the_same_bytes_have_the_same_tag(void **state)
{
    (void)state;
    struct response one = page_of("same ", 100, 1), two = page_of("same ", 100, 2);
    struct page *first = made(&one), *second = made(&two);
    for (enum encoding encoding = ENCODING_IDENTITY; encoding < ENCODINGS; encoding++)
        assert_string_equal(first->forms[encoding].etag, second->forms[encoding].etag);
    page_drop(first);
    page_drop(page_keep(second));
    page_drop(second);
}

static void what_does_not_shrink_is_sent_as_it_is(void **state)
{
    (void)state;
    struct response short_one = page_of("short", 1, 1), none = page_of("", 0, 1);
    struct page *page = made(&short_one), *empty = made(&none);
    assert_int_equal(page->forms[ENCODING_BROTLI].encoding, ENCODING_IDENTITY);
    assert_int_equal(page->forms[ENCODING_BROTLI].len, 5);
    assert_int_equal(empty->forms[ENCODING_GZIP].len, 0);
    page_drop(page);
    page_drop(empty);
}

static void forms_that_come_along_are_taken(void **state)
{
    (void)state;
    struct response response = page_of("many words, ", 100, 1);
    response.compressed = true;
    buf_text(&response.gzip, "short");
    struct page *page = made(&response);
    assert_string_equal(page->forms[ENCODING_GZIP].bytes, "short");
    assert_int_equal(page->forms[ENCODING_GZIP].encoding, ENCODING_GZIP);
    assert_int_equal(page->forms[ENCODING_BROTLI].encoding, ENCODING_IDENTITY);
    page_drop(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_made_once_for_each_coding),
        cmocka_unit_test(an_epoch_ends_by_a_commit_or_by_the_clock),
        cmocka_unit_test(only_a_page_of_a_known_content_has_a_date),
        cmocka_unit_test(a_flood_pushes_nothing_out_that_is_read),
        cmocka_unit_test(others_wait_for_who_makes_the_page),
        cmocka_unit_test(nobody_gets_a_page_of_before_they_asked),
        cmocka_unit_test(what_may_not_be_kept_holds_nobody_up),
        cmocka_unit_test(a_page_outlives_the_cache_for_who_holds_it),
        cmocka_unit_test(each_form_has_a_tag_of_its_own),
        cmocka_unit_test(the_same_bytes_have_the_same_tag),
        cmocka_unit_test(what_does_not_shrink_is_sent_as_it_is),
        cmocka_unit_test(forms_that_come_along_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
