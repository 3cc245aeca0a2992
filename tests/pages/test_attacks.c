/* Ways in which something was once lost, doubled or taken over. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/harness.h"

static const char items[] = "[{\"slug\":\"alpha\",\"type\":\"news\",\"title\":\"Alpha\",\"date\":\"2020-03-01\"},"
                            "{\"slug\":\"beta\",\"type\":\"news\",\"title\":\"Beta\",\"date\":\"2020-03-02\"}]";

struct desk {
    struct harness site;
    struct harness_session session;
};

static int desk_open(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    harness_open(&desk->site, items, NULL);
    desk->session = harness_login(&desk->site, "Ana", "editor");
    *state = desk;
    return 0;
}

static int desk_close(void **state)
{
    struct desk *desk = *state;
    harness_close(&desk->site);
    free(desk);
    return 0;
}

static void expect_sql(const struct desk *desk, const char *sql, const char *expected)
{
    char *actual = harness_query(&desk->site, sql);
    assert_string_equal(actual, expected);
    free(actual);
}

/* Sends a form that must be answered with that status, and with `words` in the page or the address (NULL: any). */
static void expect_post(struct desk *desk, const char *target, const char *form, const struct upload *upload,
                        int status, const char *words)
{
    struct response response =
        harness_send(&desk->site, &(const struct harness_message){.method = "POST",
                                                                  .target = target,
                                                                  .origin = "http://news.example",
                                                                  .body = form,
                                                                  .uploads = upload,
                                                                  .uploads_len = upload != NULL,
                                                                  .session = &desk->session});
    const char *location = response_header_get(&response, "Location");
    const char *said = location == NULL ? buf_string(&response.body) : location;
    if (response.status != status || (words != NULL && strstr(said, words) == NULL))
        fail_msg("%s %s: %d, not %d with '%s':\n%s", target, form, response.status, status, words, said);
    response_release(&response);
}

/* Who stops the browser, types on and sends again has sent the same form with other words. */
static void test_words_behind_a_stopped_form(void **state)
{
    struct desk *desk = *state;
    static const char location[] = "/admin/items/1?done=saved&item=1&version=2&to=1";
    expect_post(desk, "/admin/items/1", "version=1&request_id=a&action=save&slug=alpha-2&body=one", NULL, 303,
                location);
    expect_post(desk, "/admin/items/1", "version=1&request_id=a&action=save&slug=alpha-2&body=one", NULL, 303,
                location);
    expect_post(desk, "/admin/items/1", "version=1&request_id=a&action=save&slug=alpha-2&body=one+two", NULL, 409,
                "one two");

    static const char new[] = "version=0&request_id=b&action=publish&title=New&type=news&lang=en&body=";
    char form[256];
    snprintf(form, sizeof form, "%sone", new);
    expect_post(desk, "/admin/items", form, NULL, 303, "item=3&version=1");
    expect_post(desk, "/admin/items", form, NULL, 303, "item=3&version=1");
    snprintf(form, sizeof form, "%sone+two", new);
    expect_post(desk, "/admin/items", form, NULL, 303, "item=3&version=2");
    expect_post(desk, "/admin/items", form, NULL, 409, NULL);
    snprintf(form, sizeof form, "%sone+two+three", new);
    expect_post(desk, "/admin/items", form, NULL, 409, "one two three");
    expect_sql(desk, "SELECT count(*) || body FROM item WHERE title = 'New'", "1one two");
}

static void test_form_of_another_item(void **state)
{
    struct desk *desk = *state;
    expect_post(desk, "/admin/items/1", "version=1&request_id=a&action=save&body=one", NULL, 303, NULL);
    expect_post(desk, "/admin/items/2", "version=1&request_id=a&action=save&body=two", NULL, 500, "two");
    expect_sql(desk, "SELECT group_concat(body || version) FROM item", "one2,1");
}

/* A fault while saving leaves the form, with what was typed. */
static void test_words_behind_a_fault(void **state)
{
    struct desk *desk = *state;
    free(harness_query(&desk->site,
                       "CREATE TRIGGER full BEFORE INSERT ON revision BEGIN SELECT RAISE(ABORT, 'full'); END"));
    expect_post(desk, "/admin/items/1", "version=1&request_id=a&action=save&body=My+long+words", NULL, 500,
                "My long words");
    free(harness_query(&desk->site, "DROP TRIGGER full"));
    expect_post(desk, "/admin/items/1", "version=1&request_id=a&action=save&body=My+long+words", NULL, 303,
                "version=2");
}

/* Nobody is locked out by a database that cannot be written. */
static void test_session_without_writing(void **state)
{
    struct desk *desk = *state;
    free(harness_query(&desk->site,
                       "UPDATE session SET seen_unix = seen_unix - 3600;"
                       "CREATE TRIGGER full BEFORE UPDATE ON session BEGIN SELECT RAISE(ABORT, 'full'); END"));
    struct response response =
        harness_send(&desk->site, &(const struct harness_message){.target = "/admin", .session = &desk->session});
    assert_int_equal(response.status, 200);
    response_release(&response);
}

static void test_files_doubled(void **state)
{
    static const unsigned char gif[] = "GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;";
    struct desk *desk = *state;
    static const char form[] = "version=1&request_id=a&action=save&body=one";
    const struct upload upload = {"upload", "one.gif", (const char *)gif, sizeof gif - 1};
    for (int i = 0; i < 2; i++)
        expect_post(desk, "/admin/items/1", form, &upload, 303, "/admin/items/1?done=saved&item=1&version=2&to=1");
    expect_sql(desk,
               "SELECT (SELECT count(*) FROM file) || (SELECT count(*) FROM item_file) ||"
               " (SELECT count(DISTINCT content) FROM chunk)",
               "111");
}

/* An id is an item's permanent address: another item's alias does not take it over, whether it is there before or comes
 * later. */
static void test_address_taken_over(void **state)
{
    struct desk *desk = *state;
    expect_post(desk, "/admin/items/1", "version=1&action=save&aliases=2,+3,+99", NULL, 303, NULL);
    expect_post(desk, "/admin/items", "action=publish&title=Gamma&type=news&lang=en", NULL, 303, "item=3");
    static const char *const addresses[][2] = {
        {"/items/2", "/items/beta"}, {"/items/3", "/items/gamma"}, {"/items/99", "/items/alpha"}};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct response response = harness_request(&desk->site, "GET", addresses[i][0], NULL);
        assert_int_equal(response.status, 301);
        assert_string_equal(response_header_get(&response, "Location"), addresses[i][1]);
        response_release(&response);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_words_behind_a_stopped_form, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_form_of_another_item, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_words_behind_a_fault, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_session_without_writing, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_files_doubled, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_address_taken_over, desk_open, desk_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
