/* What hurts the users of systems like this one, a test each, named after the hurt: doors, words, lists. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hurts.h"

/* --- behind a proxy --- */

/* Every address on the page begins with the site's prefix, once. */
static void expect_prefixed(const struct response *response, const char *target)
{
    static const char *const attributes[] = {" href=\"/", " src=\"/", " action=\"/", " formaction=\"/"};
    const char *page = buf_string(&response->body);
    const char *location = response_header_get(response, "Location");
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        size_t skip = strlen(attributes[i]) - 1;
        for (const char *at = page; (at = strstr(at, attributes[i])) != NULL; at += skip) {
            if (strncmp(at + skip, "/prefix/", 8) != 0)
                fail_msg("%s: %.60s", target, at);
        }
    }
    if (location != NULL && strncmp(location, "/prefix/", 8) != 0)
        fail_msg("%s leads to %s", target, location);
    if (strstr(page, "/prefix/prefix") != NULL || strstr(page, "10.0.0.5") != NULL || strstr(page, "evil") != NULL)
        fail_msg("%s names a host or prefix that it should not know:\n%s", target, page);
}

static const struct header forwarded[] = {
    {"Host", "10.0.0.5:8080"},          {"X-Forwarded-Host", "evil.example"},
    {"X-Forwarded-Proto", "http"},      {"X-Forwarded-Prefix", "/prefix/prefix"},
    {"X-Forwarded-For", "203.0.113.7"}, {"Forwarded", "for=203.0.113.7;host=evil.example;proto=http"},
};

static struct response through_proxy(struct desk *desk, const char *method, const char *target, const char *origin)
{
    return harness_send(&desk->site, &(const struct harness_message){.method = method,
                                                                     .target = target,
                                                                     .origin = origin,
                                                                     .headers = forwarded,
                                                                     .headers_len = 6,
                                                                     .body = "type=news&title=Sent",
                                                                     .session = &desk->session});
}

static void test_form_refused_or_prefix_lost_behind_a_proxy(void **state)
{
    static const char *const pages[] = {
        "",       "/items/new", "/items/1", "/items/1/revisions", "/items/1/preview", "/activity", "/files", "/types",
        "/users", "/account",   "/login",   "?sort=title&q=a",    "?status=trashed",
    };
    struct desk desk;
    (void)state;
    sit_down(&desk, "https://x.example/prefix", "admin");
    for (size_t i = 0; i < 2 * (sizeof pages / sizeof *pages); i++) {
        char target[64];
        snprintf(target, sizeof target, "%s/admin%s", i % 2 == 0 ? "/prefix" : "", pages[i / 2]);
        struct response response = through_proxy(&desk, "GET", target, NULL);
        assert_true(response.status == 200 || response.status == 303);
        expect_prefixed(&response, target);
        html_check(&response, target);
        response_release(&response);
    }
    struct response whole = through_proxy(&desk, "POST", "/prefix/admin/items", "https://x.example");
    expect_location(&whole, 303, "/prefix/admin/items/3?done=created&item=3&version=1");
    struct response cut = through_proxy(&desk, "POST", "/admin/items", "https://x.example");
    expect_location(&cut, 303, "/prefix/admin/items/4?done=created&item=4&version=1");
    static const char *const foreign[] = {"http://x.example",       "https://10.0.0.5:8080",    "https://evil.example",
                                          "https://x.example.evil", "https://x.example/prefix", ""};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        struct response response = through_proxy(&desk, "POST", "/admin/items", foreign[i]);
        expect(&response, 403, "--base-url", NULL);
    }
    expect_row(&desk, "SELECT count(*) FROM item", "4");
    harness_close(&desk.site);
}

static void test_origin_null_refused_without_words(void **state)
{
    struct desk *desk = *state;
    struct response response = through_proxy(desk, "POST", "/admin/items", "null");
    const char *policy = response_header_get(&response, "Referrer-Policy");
    assert_string_equal(policy, "strict-origin-when-cross-origin");
    expect(&response, 403, "did not say where the form came from", "from null");
    expect_row(desk, "SELECT count(*) FROM item", "2");
}

/* With no-referrer, browsers would send our own forms with "Origin: null". */
static void test_own_pages_make_origin_null(void **state)
{
    static const char *const pages[] = {
        "/",        "/items/alpha",   "/admin",       "/admin/items/new", "/admin/items/1",
        "/admin/x", "/admin/account", "/admin/types", "/preview/x",       "/admin/items/99",
        "/x",       "/items/alpha/",  "/admin/login"};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct response response = get(*state, pages[i]);
        assert_string_equal(response_header_get(&response, "Referrer-Policy"), "strict-origin-when-cross-origin");
        assert_null(strstr(buf_string(&response.body), "referrer"));
        response_release(&response);
    }
}

/* --- addresses --- */

/* A login with a wrong password from `client`, which says to be `forwarded_for`. */
static int fail_login(struct desk *desk, const char *name, const char *client, const char *forwarded_for)
{
    char body[128];
    struct harness_session visitor;
    session_token(visitor.cookie);
    session_csrf(visitor.cookie, visitor.csrf);
    const struct header header = {"X-Forwarded-For", forwarded_for};
    snprintf(body, sizeof body, "username=%s&password=wrong", name);
    struct response response = harness_send(&desk->site, &(const struct harness_message){.method = "POST",
                                                                                         .target = "/admin/login",
                                                                                         .client = client,
                                                                                         .headers = &header,
                                                                                         .headers_len = 1,
                                                                                         .body = body,
                                                                                         .session = &visitor});
    int status = response.status;
    response_release(&response);
    return status;
}

static void test_spoofed_address_believed(void **state)
{
    struct desk *desk = *state;
    char forwarded_for[64];
    for (int i = 0; i < 6; i++) {
        snprintf(forwarded_for, sizeof forwarded_for, "198.51.%d.1", i);
        assert_int_equal(fail_login(desk, "Ana", "203.0.113.9", forwarded_for), 422);
    }
    assert_int_equal(fail_login(desk, "Ana", "203.0.113.9", "198.51.99.1"), 429);
    /* Through the trusted proxy only what it wrote itself counts, which is the last. */
    assert_int_equal(fail_login(desk, "Ana", "127.0.0.1", "198.51.99.1, 203.0.113.8"), 429);
    assert_int_equal(fail_login(desk, "Ana", "127.0.0.1", "203.0.113.8, 198.51.99.1"), 422);
}

/* All come from one address, as behind a proxy that is not trusted. */
static void test_shared_address_locks_everybody_out(void **state)
{
    struct desk *desk = *state;
    char name[16];
    int last = 0;
    for (int i = 0; i < 24; i++) {
        snprintf(name, sizeof name, "guess%d", i);
        last = fail_login(desk, name, "10.0.0.1", "");
    }
    assert_int_equal(last, 429);
    assert_int_equal(fail_login(desk, "Ana", "10.0.0.1", ""), 429);
    struct response saved = harness_send(&desk->site, &(const struct harness_message){.method = "POST",
                                                                                      .target = "/admin/items/1",
                                                                                      .client = "10.0.0.1",
                                                                                      .body = "version=1&title=Saved",
                                                                                      .session = &desk->session});
    expect_location(&saved, 303, "/admin/items/1?done=saved&item=1&version=2&to=1");
    assert_int_equal(fail_login(desk, "Ana", "203.0.113.5", ""), 422);
}

static void test_throttle_ends_a_live_session(void **state)
{
    struct desk *desk = *state;
    for (int i = 0; i < 8; i++)
        fail_login(desk, "Ana", "127.0.0.1", "");
    assert_int_equal(fail_login(desk, "Ana", "127.0.0.1", ""), 429);
    expect_page(desk, "/admin/items/1", 200, "Alpha", NULL);
    expect_post(desk, "/admin/account/password",
                "old=x&password=the+tiger+swims+at+dawn&password2=the+tiger+swims+at+dawn", 429,
                "Too many attempts. Try again in");
    struct response saved = post(desk, "/admin/items/1", "version=1&title=Saved");
    expect_location(&saved, 303, "/admin/items/1?done=saved&item=1&version=2&to=1");
}

/* --- words --- */

static int64_t thirteen_hours_later(void)
{
    return HARNESS_NOW_UNIX + 13 * HOUR;
}

static const char body_typed[] =
    "## សហករណ៍\r\n\r\nA \"quoted\" & <plain> 'line' + 100% {{of}} it.\r\n\r\n    code\r\n\r\n- ไทย\r\n";
static const char body_stored[] = "## សហករណ៍\n\nA \"quoted\" & <plain> 'line' + 100% {{of}} it.\n\n    code\n\n- ไทย\n";

/* What is typed into the form of a page. */
static char *type_into(char *form)
{
    static const char *const typed[][2] = {
        {"title", "Kept <b>\"whole\"</b>"},
        {"summary", "Two\r\nlines & more"},
        {"body", body_typed},
        {"kicker", "Series No. 12"},
        {"places", "\"Korea, Republic of\", នេប៉ាល់"},
        {"topics", "Youth, Care"},
        {"link", "https://x.example/?a=1&b=%20"},
        {"aliases", "WCMS_1, WCMS 2"},
        {"date", "2026-11-20"},
        {"lang", "km"},
        {"event_starts", "2027-01-02T09:00"},
        {"event_venue", "Hanoi, \"Hall\""},
        {"publish_at", "2026-12-01T00:30"},
    };
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
        form = html_form_set(form, typed[i][0], typed[i][1]);
    return form;
}

static void expect_typed(struct desk *desk, const char *target)
{
    char *form = form_of(desk, target, "name=\"body\"");
    char *wanted = type_into(strdup(form));
    wanted = html_form_set(wanted, "body", body_stored);
    wanted = html_form_set(wanted, "summary", "Two\nlines & more");
    assert_string_equal(form, wanted);
    free(wanted);
    free(form);
}

/* Logs in with the form that came back; `password` may be wrong. The page that comes then. */
static struct response log_in(struct desk *desk, const struct response *page, const char *password)
{
    char *form = html_form(page, "name=\"password\"");
    form = html_form_set(form, "username", "Ana");
    form = html_form_set(form, "password", password);
    struct response response = post(desk, "/admin/login", form);
    if (response_header_get(&response, "Set-Cookie") != NULL)
        take_cookie(desk, &response);
    free(form);
    return response;
}

static struct response save_after_the_session(struct desk *desk, const char *target, const char *action)
{
    char *form = type_into(form_of(desk, target, "name=\"body\""));
    desk->site.site.clock = thirteen_hours_later;
    struct response ended = post(desk, action, form);
    free(form);
    assert_int_equal(ended.status, 403);
    take_cookie(desk, &ended);
    struct response wrong = log_in(desk, &ended, "wrong");
    assert_int_equal(wrong.status, 422);
    struct response editor = log_in(desk, &wrong, "correct horse battery");
    response_release(&ended);
    response_release(&wrong);
    assert_non_null(strstr(buf_string(&editor.body), "What you typed is back."));
    html_check(&editor, "editor");
    form = html_form(&editor, "name=\"body\"");
    response_release(&editor);
    struct response saved = post(desk, action, form);
    free(form);
    return saved;
}

static void test_words_lost_when_the_session_ended(void **state)
{
    struct desk *desk = *state;
    struct response saved = save_after_the_session(desk, "/admin/items/1", "/admin/items/1");
    expect_location(&saved, 303, "/admin/items/1?done=saved&item=1&version=2&to=1");
    expect_typed(desk, "/admin/items/1");
}

static void test_new_item_lost_when_the_session_ended(void **state)
{
    struct desk *desk = *state;
    struct response saved = save_after_the_session(desk, "/admin/items/new", "/admin/items");
    expect_location(&saved, 303, "/admin/items/3?done=created&item=3&version=1");
    expect_typed(desk, "/admin/items/3");
}

/* Somebody saved while the session was over: what was typed is not put over it. */
static void test_words_from_an_ended_session_overwrite(void **state)
{
    struct desk *desk = *state;
    const struct harness_session ben = harness_login(&desk->site, "Ben", "editor");
    struct desk other = {desk->site, ben};
    struct response theirs = post(&other, "/admin/items/1", "version=1&title=Theirs");
    expect_location(&theirs, 303, "/admin/items/1?done=saved&item=1&version=2&to=1");
    desk->site.site.clock = thirteen_hours_later;
    struct response ended = post(desk, "/admin/items/1", "version=1&title=Mine&body=Long");
    take_cookie(desk, &ended);
    struct response editor = log_in(desk, &ended, "correct horse battery");
    char *form = html_form(&editor, "name=\"body\"");
    expect_post(desk, "/admin/items/1", form, 409, "Theirs");
    free(form);
    response_release(&ended);
    response_release(&editor);
    expect_row(desk, "SELECT title || version FROM item WHERE id = 1", "Theirs2");
}

static void test_edits_overwritten(void **state)
{
    static const struct {
        const char *target, *form;
    } stale[] = {
        {"/admin/items/1", "version=1&title=Mine&body=My+words&action=save"},
        {"/admin/items/1", "version=1&title=Mine&action=publish"},
        {"/admin/items/1", "version=1&title=Mine&action=publish&publish_at=2027-03-03T09:00"},
        {"/admin/items/1", "version=1&title=Mine&action=draft"},
        {"/admin/items/1", "title=Mine&action=save"},
        {"/admin/items/1", "version=3&title=Mine&action=save"},
        {"/admin/items/1", "version=2x&title=Mine&action=save"},
        {"/admin/items/1/publish", "version=1"},
        {"/admin/items/1/unpublish", "version=1"},
        {"/admin/items/1/trash", "version=1"},
        {"/admin/items/1/restore", "version=1"},
        {"/admin/items/1/revisions/1/restore", "version=1"},
    };
    static const char *const actions[] = {"publish", "unpublish", "trash", "restore", "undo"};
    static const char state_sql[] =
        "SELECT title || status || version || publish_unix || (SELECT count(*) FROM item_file) FROM item WHERE id = 1";
    struct desk *desk = *state;
    struct response theirs = post(desk, "/admin/items/1", "version=1&title=Theirs&summary=Their+summary");
    expect_location(&theirs, 303, "/admin/items/1?done=saved&item=1&version=2&to=1");
    char *before = harness_query(&desk->site, state_sql);
    for (size_t i = 0; i < sizeof stale / sizeof *stale; i++) {
        struct response response = post(desk, stale[i].target, stale[i].form);
        expect(&response, 409, strstr(stale[i].form, "Mine") == NULL ? "Theirs" : "Mine", NULL);
        expect_row(desk, state_sql, before);
    }
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        char form[64];
        snprintf(form, sizeof form, "action=%s&item=1.1", actions[i]);
        struct response response = post(desk, "/admin/bulk", form);
        expect_location(&response, 303, "/admin?left=1");
        expect_row(desk, state_sql, before);
    }
    free(before);
    expect_page(desk, "/items/alpha", 200, "Theirs", "Mine");
}

/* --- sent twice --- */

static void test_double_submit_makes_two_items(void **state)
{
    struct desk *desk = *state;
    char *form = form_of(desk, "/admin/items/new", "name=\"body\"");
    form = html_form_set(form, "title", "Only once");
    for (int i = 0; i < 3; i++) {
        struct response response = post(desk, "/admin/items", form);
        expect_location(&response, 303, "/admin/items/3?done=created&item=3&version=1");
    }
    free(form);
    form = html_form_set(form_of(desk, "/admin/items/3", "name=\"body\""), "title", "Once more");
    for (int i = 0; i < 3; i++) {
        struct response response = post(desk, "/admin/items/3", form);
        expect_location(&response, 303, "/admin/items/3?done=saved&item=3&version=2&to=1");
    }
    free(form);
    expect_row(desk, "SELECT count(*) || max(version) FROM item WHERE id >= 3", "12");
    expect_row(desk, "SELECT count(*) FROM activity WHERE item_id = 3", "2");
    for (int i = 0; i < 2; i++) {
        struct response response = post(desk, "/admin/items/3/publish", "version=2");
        expect_location(&response, 303, "/admin/items/3?done=published&item=3&version=3&to=2");
    }
}

/* The answer was slow, so it was stopped, a word was mended, and it was sent again. */
static void test_words_lost_when_a_form_is_mended_and_sent_again(void **state)
{
    struct desk *desk = *state;
    char *form = html_form_set(form_of(desk, "/admin/items/1", "name=\"body\""), "title", "With a tyop");
    struct response first = post(desk, "/admin/items/1", form);
    expect_location(&first, 303, "/admin/items/1?done=saved&item=1&version=2&to=1");
    form = html_form_set(form, "title", "With a typo mended");
    expect_post(desk, "/admin/items/1", form, 409, "With a typo mended");
    free(form);
    form = html_form_set(form_of(desk, "/admin/items/new", "name=\"body\""), "title", "New tyop");
    expect_post(desk, "/admin/items", form, 303, NULL);
    form = html_form_set(form, "title", "New typo mended");
    struct response again = post(desk, "/admin/items", form);
    assert_true(again.status == 409 || again.status == 303);
    response_release(&again);
    expect_row(desk, "SELECT count(*) FROM item WHERE title = 'New typo mended'", "1");
    free(form);
}

/* --- a password that was forgotten --- */

CLOCK(a_day_later, DAY + 1)

/* The path of the link that the admin's page shows now. */
static void make_link(struct desk *desk, int user_id, char link[static 128])
{
    char target[32];
    snprintf(target, sizeof target, "/admin/users/%d", user_id);
    struct response page = post(desk, target, "do=reset");
    const char *at = strstr(buf_string(&page.body), "http://news.example/admin/reset?token=");
    assert_non_null(at);
    at += strlen("http://news.example");
    snprintf(link, 128, "%.*s", (int)strcspn(at, "\""), at);
    expect(&page, 200, "It works once, within a day", NULL);
}

static void test_forgotten_password_needs_mail(void **state)
{
    struct desk *desk = *state;
    char link[128], form[256];
    struct desk other = {desk->site, harness_login(&desk->site, "Edda", "editor")};
    expect_page(desk, "/admin/login", 303, NULL, NULL);
    expect_post(&other, "/admin/users/1", "do=reset", 403, NULL);
    make_link(desk, 2, link);
    char old[128];
    memcpy(old, link, sizeof old);
    make_link(desk, 2, link);
    expect_page(&other, old, 410, "does not work any more", NULL);
    expect_page(&other, link, 200, "Edda", NULL);
    snprintf(form, sizeof form, "%s&password=a+brand+new+one&password2=a+brand+new+one", strstr(link, "token="));
    struct desk visitor = {desk->site, other.session};
    session_token(visitor.session.cookie);
    session_csrf(visitor.session.cookie, visitor.session.csrf);
    struct response done = post(&visitor, "/admin/reset", form);
    expect_location(&done, 303, "/admin");
    expect_page(&other, "/admin", 303, NULL, NULL);
    expect_post(&visitor, "/admin/reset", form, 410, NULL);
    expect_post(&visitor, "/admin/login", "username=Edda&password=correct+horse+battery", 422, NULL);
    expect_post(&visitor, "/admin/login", "username=Edda&password=a+brand+new+one", 303, NULL);
    make_link(desk, 2, link);
    desk->site.site.clock = a_day_later;
    expect_page(&visitor, link, 410, NULL, NULL);
    expect_page(&visitor, "/admin/login", 200, "An admin can make a link", NULL);
}

/* --- lists --- */

static void test_result_count_is_not_announced(void **state)
{
    static const char *const rows[][2] = {
        {"/admin", "<p role=\"status\">2 items"},
        {"/admin?q=alpha", "<p role=\"status\">1 item "},
        {"/admin?q=nothing", "<p role=\"status\">No items"},
        {"/admin?status=draft", "<p role=\"status\">1 item"},
        {"/admin/files?q=nothing", "role=\"status\">No file"},
        {"/admin/activity?user=1&action=trash", "role=\"status\">Nothing"},
        {"/", "<p role=\"status\">1 item"},
        {"/?type=project", "<p role=\"status\">No items"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_page(*state, rows[i][0], 200, rows[i][1], NULL);
}

static void fill_lists(struct desk *desk)
{
    struct buf many = BUF_EMPTY;
    for (int i = 0; i < 105; i++)
        buf_format(&many, "%s{\"title\": \"50%% found %03d\", \"type\": \"project\", \"status\": \"draft\"}",
                   i == 0 ? "[" : ",", i);
    buf_char(&many, ']');
    char *mistakes = harness_import(&desk->site, buf_string(&many), NULL);
    assert_null(mistakes);
    buf_release(&many);
    free(harness_query(&desk->site,
                       "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 110)"
                       " INSERT INTO file (name, media_type, size, sha256, content, created_unix, changed_unix)"
                       " SELECT 'a&b ' || i || '.pdf', 'application/pdf', 1, '', i, 0, 0 FROM n"));
    free(harness_query(&desk->site,
                       "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 110)"
                       " INSERT INTO activity (at_unix, user_id, user_name, action, item_id, subject, detail)"
                       " SELECT 0, 1, 'Ana', 'go back', 1, 'Alpha ' || i, '' FROM n"));
}

/* Follows the links to the next page to the end; each keeps all `filters`. How many pages there were. */
static int follow_pages(struct desk *desk, const char *target, const char *const *filters)
{
    char *href = strdup(target);
    int pages = 0;
    for (bool more = true; more; pages++) {
        struct response response = get(desk, href);
        const char *next = strstr(buf_string(&response.body), "<a rel=\"next\" href=\"");
        assert_int_equal(response.status, 200);
        more = next != NULL;
        if (more) {
            free(href);
            next += strlen("<a rel=\"next\" href=\"");
            href = strndup(next, strcspn(next, "\""));
            html_unescape(href);
            for (size_t i = 0; filters[i] != NULL; i++) {
                if (strstr(href, filters[i]) == NULL)
                    fail_msg("%s is not in %s", filters[i], href);
            }
        }
        html_check(&response, target);
        response_release(&response);
        assert_true(pages < 9);
    }
    free(href);
    return pages;
}

static void test_filters_lost_on_the_next_page(void **state)
{
    static const struct {
        const char *target;
        const char *filters[5];
        int pages;
    } rows[] = {
        {"/admin?status=draft&type=project&q=50%25+found&sort=title",
         {"status=draft", "type=project", "q=50%25%20found", "sort=title"},
         3},
        {"/admin?status=draft&type=project&q=50%25+found&sort=date",
         {"status=draft", "type=project", "q=50%25%20found", "sort=date"},
         3},
        {"/admin?type=project&q=found", {"type=project", "q=found"}, 3},
        {"/admin?status=published&q=found", {NULL}, 1},
        {"/admin/files?q=a%26b", {"q=a%26b"}, 3},
        {"/admin/activity?user=1&item=1&action=go+back", {"user=1", "item=1", "action=go%20back"}, 3},
    };
    struct desk *desk = *state;
    fill_lists(desk);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int pages = follow_pages(desk, rows[i].target, rows[i].filters);
        if (pages != rows[i].pages)
            fail_msg("%s: %d pages", rows[i].target, pages);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form_refused_or_prefix_lost_behind_a_proxy),
        cmocka_unit_test_setup_teardown(test_origin_null_refused_without_words, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_own_pages_make_origin_null, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_spoofed_address_believed, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_shared_address_locks_everybody_out, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_throttle_ends_a_live_session, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_words_lost_when_the_session_ended, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_new_item_lost_when_the_session_ended, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_words_from_an_ended_session_overwrite, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_edits_overwritten, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_double_submit_makes_two_items, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_words_lost_when_a_form_is_mended_and_sent_again, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_forgotten_password_needs_mail, open_admin, close_desk),
        cmocka_unit_test_setup_teardown(test_result_count_is_not_announced, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_filters_lost_on_the_next_page, open_desk, close_desk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
