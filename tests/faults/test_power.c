/* Power cuts while items are saved: what was acknowledged is never lost, and the database is always whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../unit/staff_site.h"
#include "harness/power.h"

enum { CUTS = 60, SAVES = 90, BODY_MAX = 20000, LYING_CUTS = 12 };

struct newsroom {
    struct staff_site site;
    struct text *text;
    int saved; /* acknowledged: items 0 to saved - 1 */
};

static void open_newsroom(struct newsroom *newsroom)
{
    char error[256] = "";
    *newsroom = (struct newsroom){0};
    power_begin(0, POWER_CUT, false);
    staff_site_open(&newsroom->site);
    newsroom->text = text_create("en", "UTC", error, sizeof error);
    assert_non_null(newsroom->text);
}

static void close_newsroom(struct newsroom *newsroom)
{
    text_destroy(newsroom->text);
    staff_site_close(&newsroom->site);
}

/* Whether it was acknowledged. */
static bool save(struct newsroom *newsroom, int number)
{
    static char body[BODY_MAX + 1];
    char title[32];
    const struct editing editing = {
        .store = newsroom->site.store, .text = newsroom->text, .actor = nobody, .now_unix = NOW};
    int64_t id, version;
    size_t len = (size_t)(number * 7919 % BODY_MAX);
    memset(body, 'a' + number % 26, len);
    body[len] = '\0';
    snprintf(title, sizeof title, "Item %d", number);
    json_t *values = json_pack("{s:s, s:s, s:s, s:s, s:s, s:[s], s:[s]}", "type", "news", "title", title, "lang", "en",
                               "status", "published", "body", body, "places", "Nepal", "topics", "Policy");
    json_t *errors = json_array();
    enum edit_outcome outcome = edit_save(&editing, 0, 0, values, NULL, "publish", errors, &id, &version);
    json_decref(errors);
    json_decref(values);
    return outcome == EDIT_OK;
}

static void work(struct newsroom *newsroom)
{
    while (newsroom->saved < SAVES && save(newsroom, newsroom->saved))
        newsroom->saved++;
}

static int64_t count(struct store *store, enum sql sql)
{
    json_t *value = store_value(store, sql, NULL);
    assert_non_null(value);
    int64_t result = json_integer_value(value);
    json_decref(value);
    return result;
}

/* Whether the item is there as it was saved. */
static bool is_kept(struct newsroom *newsroom, int number)
{
    json_t *params = json_pack("{s:o, s:i}", "slug", json_sprintf("item-%d", number), "now_unix", NOW);
    json_t *item = store_row(newsroom->site.store, SQL_ITEM_PUBLIC, params);
    bool kept = (int)json_string_length(json_object_get(item, "body")) == number * 7919 % BODY_MAX;
    json_decref(params);
    json_decref(item);
    return kept;
}

/* Opens it as a server would that starts after the power cut: how many acknowledged items are lost; -1 if it is not whole. */
static int look_after(struct newsroom *newsroom)
{
    char error[256] = "";
    struct staff_site *site = &newsroom->site;
    json_t *problems = json_array();
    int lost = 0;
    bool ok = migrate_run(site->database, &site->log, error, sizeof error);
    site->store = ok ? store_open(site->database, STORE_WRITE, &site->log, error, sizeof error) : NULL;
    ok = site->store != NULL && store_check(site->store, problems) && json_array_size(problems) == 0 &&
         count(site->store, SQL_CHECK_LISTING) == 0 && count(site->store, SQL_CHECK_COUNTS) == 0;
    for (int i = 0; ok && i < newsroom->saved; i++)
        lost += !is_kept(newsroom, i);
    json_decref(problems);
    return ok ? lost : -1;
}

/* Cuts the power after so many operations: see look_after. */
static int cut(size_t operations, bool lies, uint64_t seed, bool *goes_on)
{
    struct newsroom newsroom;
    open_newsroom(&newsroom);
    power_begin(operations, POWER_CUT, lies);
    work(&newsroom);
    store_destroy(newsroom.site.store);
    newsroom.site.store = NULL;
    power_restore(seed);
    int lost = look_after(&newsroom);
    *goes_on = lost == 0 && save(&newsroom, SAVES);
    close_newsroom(&newsroom);
    return lost;
}

/* Operations of a whole run, which must have brought the log into the database meanwhile. */
static size_t whole_run(void)
{
    struct newsroom newsroom;
    open_newsroom(&newsroom);
    power_begin(0, POWER_CUT, false);
    work(&newsroom);
    assert_int_equal(newsroom.saved, SAVES);
    assert_true(power_database_writes() > 100);
    size_t operations = power_operations();
    close_newsroom(&newsroom);
    return operations;
}

static void nothing_acknowledged_is_lost(void **state)
{
    (void)state;
    size_t operations = whole_run();
    for (uint64_t i = 1; i <= CUTS; i++) {
        bool goes_on = false;
        size_t at = 1 + (size_t)(i * UINT64_C(2654435761) % operations);
        int lost = cut(at, false, i, &goes_on);
        if (lost != 0 || !goes_on)
            fail_msg("cut %d, after %zu of %zu operations: %d lost (-1: damaged), saving on: %d", (int)i, at,
                     operations, lost, goes_on);
    }
}

/* The same with syncs that do nothing must lose something, or the cuts above would prove nothing. */
static void a_lying_disk_loses(void **state)
{
    (void)state;
    size_t operations = whole_run();
    int harmed = 0;
    for (uint64_t i = 1; i <= LYING_CUTS; i++) {
        bool goes_on = false;
        harmed += cut(operations * i / (LYING_CUTS + 1), true, i, &goes_on) != 0;
    }
    assert_true(harmed > LYING_CUTS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost),
        cmocka_unit_test(a_lying_disk_loses),
    };
    power_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
