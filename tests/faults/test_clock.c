/* The clock jumps by a day, forth and back: nobody is let in for longer or locked out for it, and nothing is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"
#include "harness/html.h"
#include "warta/base/buf.h"
#include "warta/newsroom/login.h"
#include "warta/newsroom/session.h"

enum { DAY_S = 86400, HOUR_S = 3600, ITEMS = 65 };

static int64_t now_unix;

static int64_t settable_clock(void)
{
    return now_unix;
}

struct desk {
    struct harness harness;
    struct store *store;
    struct harness_session ana;
};

static int open_desk(void **state)
{
    static struct desk desk;
    char error[256] = "";
    struct buf items = BUF_EMPTY;
    buf_char(&items, '[');
    for (int i = 0; i < ITEMS; i++)
        buf_format(&items, "%s{\"type\": \"news\", \"title\": \"Item %d\", \"date\": \"2020-01-%02d\"}",
                   i > 0 ? "," : "", i, 1 + i % 28);
    buf_char(&items, ']');
    now_unix = HARNESS_NOW_UNIX;
    harness_open(&desk.harness, buf_string(&items), NULL);
    buf_release(&items);
    desk.harness.site.clock = settable_clock;
    desk.ana = harness_login(&desk.harness, "Ana", "admin");
    desk.store = store_open(desk.harness.database, STORE_WRITE, &desk.harness.log, error, sizeof error);
    assert_non_null(desk.store);
    *state = &desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    store_destroy(desk->store);
    harness_close(&desk->harness);
    return 0;
}

static int get(struct desk *desk, const char *target, bool staff)
{
    const struct harness_message message = {.target = target, .session = staff ? &desk->ana : NULL};
    struct response response = harness_send(&desk->harness, &message);
    int status = response.status;
    response_release(&response);
    return status;
}

static struct response post(struct desk *desk, const char *target, const char *body)
{
    const struct harness_message message = {
        .method = "POST", .target = target, .body = body, .origin = "http://news.example", .session = &desk->ana};
    return harness_send(&desk->harness, &message);
}

static int64_t number(struct desk *desk, const char *sql)
{
    char *text = harness_query(&desk->harness, sql);
    int64_t value = strtoll(text, NULL, 10);
    free(text);
    return value;
}

/* --- sessions --- */

static void a_day_ahead_ends_sessions_and_keeps_words(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(get(desk, "/admin", true), 200);
    now_unix += DAY_S;
    assert_int_equal(get(desk, "/admin", true), 303);
    struct response response = post(desk, "/admin/items", "type=news&title=My+long+words&lang=en&action=publish");
    assert_int_equal(response.status, 403);
    assert_non_null(strstr(buf_string(&response.body), "what you typed is kept"));
    char *form = html_form(&response, "action=\"/admin/login\"");
    char *carried = html_form_get(form, "carry");
    assert_non_null(strstr(carried, "My%20long%20words"));
    free(carried);
    free(form);
    response_release(&response);
    now_unix -= DAY_S;
    assert_int_equal(get(desk, "/admin", true), 200);
}

static void a_day_back_keeps_sessions_within_their_limits(void **state)
{
    struct desk *desk = *state;
    now_unix -= DAY_S;
    assert_int_equal(get(desk, "/admin", true), 200);
    assert_int_equal(number(desk, "SELECT max(seen_unix) FROM session"), now_unix);
    assert_int_equal(number(desk, "SELECT max(created_unix) FROM session"), now_unix);
    int64_t began_unix = now_unix;
    now_unix += SESSION_IDLE_S;
    assert_int_equal(get(desk, "/admin", true), 303);
    for (now_unix = began_unix; now_unix < began_unix + SESSION_LIFE_S; now_unix += SESSION_IDLE_S - HOUR_S)
        assert_int_equal(get(desk, "/admin", true), 200);
    assert_int_equal(get(desk, "/admin", true), 303);
}

/* --- wrong logins --- */

static void fail_logins(struct desk *desk, int count)
{
    int64_t id = 0;
    for (int i = 0; i < count; i++)
        assert_int_equal(login_check(desk->store, "Ana", "wrong", "192.0.2.1", 8192, now_unix, &id), USER_WRONG);
}

static void a_day_back_locks_nobody_out(void **state)
{
    struct desk *desk = *state;
    fail_logins(desk, 8);
    int64_t delay_s = login_delay_s(desk->store, "Ana", "192.0.2.1", now_unix, NULL);
    assert_true(delay_s > 0);
    now_unix -= DAY_S;
    assert_int_equal(login_delay_s(desk->store, "Ana", "192.0.2.1", now_unix, NULL), delay_s);
    assert_int_equal(login_delay_s(desk->store, "Ana", "192.0.2.1", now_unix + delay_s - 1, NULL), 1);
    assert_int_equal(login_delay_s(desk->store, "Ana", "192.0.2.1", now_unix + delay_s, NULL), 0);
}

static void a_day_ahead_forgets_failures(void **state)
{
    struct desk *desk = *state;
    fail_logins(desk, 8);
    assert_int_equal(login_delay_s(desk->store, "Ana", "192.0.2.1", now_unix + DAY_S, NULL), 0);
    fail_logins(desk, 1); /* with the clock right again, they count on */
    assert_true(login_delay_s(desk->store, "Ana", "192.0.2.1", now_unix, NULL) > 0);
}

/* --- links --- */

static void links_work_until_their_time(void **state)
{
    struct desk *desk = *state;
    char token[TOKEN_CAP];
    assert_true(token_make(desk->store, "setup", 0, 0, now_unix + SETUP_LIFE_S, token));
    for (int days = -1; days <= 1; days++) {
        json_t *found = token_find(desk->store, "setup", token, now_unix + days * DAY_S);
        assert_int_equal(json_is_object(found), days <= 0);
        json_decref(found);
    }
    assert_true(token_use(desk->store, "setup", token));
    assert_false(token_use(desk->store, "setup", token));
}

/* --- items --- */

static void publish(struct desk *desk, const char *form)
{
    struct response response = post(desk, "/admin/items", form);
    assert_int_equal(response.status, 303);
    response_release(&response);
}

static void scheduled_items_go_by_the_clock(void **state)
{
    struct desk *desk = *state;
    publish(desk, "type=news&title=Tomorrow&lang=en&action=publish&publish_at=2026-11-24T00%3A00");
    assert_int_equal(get(desk, "/items/tomorrow", false), 404);
    now_unix += DAY_S;
    assert_int_equal(get(desk, "/items/tomorrow", false), 200);
    now_unix -= DAY_S;
    assert_int_equal(get(desk, "/items/tomorrow", false), 404);
}

static void items_of_a_clock_ahead_wait_and_are_there(void **state)
{
    struct desk *desk = *state;
    now_unix += SESSION_IDLE_S - HOUR_S;
    publish(desk, "type=news&title=Ahead&lang=en&action=publish");
    assert_int_equal(get(desk, "/items/ahead", false), 200);
    now_unix -= DAY_S;
    assert_int_equal(get(desk, "/items/ahead", false), 404);
    const struct harness_message message = {.target = "/admin", .session = &desk->ana};
    struct response response = harness_send(&desk->harness, &message);
    assert_non_null(strstr(buf_string(&response.body), "Ahead"));
    response_release(&response);
    now_unix += 2 * DAY_S;
    assert_int_equal(get(desk, "/items/ahead", false), 200);
}

/* --- pages of the listing --- */

/* Counts the items of a page in `seen`, each at most once; the next page's path and query is put in `next`. */
static void read_page(struct desk *desk, const char *target, int seen[ITEMS], char next[static 512])
{
    struct response response = harness_request(&desk->harness, "GET", target, NULL);
    json_t *page = json_loadb(buf_string(&response.body), response.body.len, 0, NULL);
    const char *url = json_string_value(json_object_get(page, "next_url"));
    size_t i;
    json_t *item;
    assert_int_equal(response.status, 200);
    json_array_foreach(json_object_get(page, "items"), i, item)
    {
        int n = -1;
        assert_int_equal(sscanf(json_string_value(json_object_get(item, "title")), "Item %d", &n), 1);
        assert_in_range(n, 0, ITEMS - 1);
        assert_int_equal(seen[n]++, 0);
    }
    const char *path = url == NULL ? NULL : strstr(url, "/items.json");
    snprintf(next, 512, "%s", path == NULL ? "" : path);
    json_decref(page);
    response_release(&response);
}

static void paging_is_as_it_was(void **state)
{
    struct desk *desk = *state;
    int seen[ITEMS] = {0};
    char target[512] = "/items.json";
    char next[512];
    for (int i = 0; *target != '\0'; i++) {
        now_unix = HARNESS_NOW_UNIX + (i % 2 == 0 ? 0 : DAY_S);
        read_page(desk, target, seen, next);
        memcpy(target, next, sizeof target);
    }
    for (int i = 0; i < ITEMS; i++)
        assert_int_equal(seen[i], 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_day_ahead_ends_sessions_and_keeps_words),
        TEST(a_day_back_keeps_sessions_within_their_limits),
        TEST(a_day_back_locks_nobody_out),
        TEST(a_day_ahead_forgets_failures),
        TEST(links_work_until_their_time),
        TEST(scheduled_items_go_by_the_clock),
        TEST(items_of_a_clock_ahead_wait_and_are_there),
        TEST(paging_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
