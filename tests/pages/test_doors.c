/* Who is let in: every row of the route table that is not for everybody, against everybody it is not for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"

static const char items[] = "[{\"title\": \"One\", \"type\": \"news\", \"date\": \"2020-01-01\"},"
                            " {\"title\": \"Two\", \"type\": \"news\", \"status\": \"draft\"}]";

struct doors {
    struct harness harness;
    struct harness_session editor, admin;
};

static int open_doors(void **state)
{
    static struct doors doors;
    harness_open(&doors.harness, items, NULL);
    doors.editor = harness_login(&doors.harness, "Edda", "editor");
    doors.admin = harness_login(&doors.harness, "Ada", "admin");
    *state = &doors;
    return 0;
}

static int close_doors(void **state)
{
    struct doors *doors = *state;
    harness_close(&doors->harness);
    return 0;
}

/* A pattern with its captures filled in. */
static void fill(const char *pattern, char *target, size_t len)
{
    size_t used = 0;
    for (; *pattern != '\0' && used + 8 < len; pattern++) {
        if (*pattern != '{') {
            target[used++] = *pattern;
            continue;
        }
        bool action = strncmp(pattern, "{action}", 8) == 0;
        used += (size_t)snprintf(target + used, len - used, "%s", action ? "trash" : "1");
        pattern = strchr(pattern, '}');
    }
    target[used] = '\0';
}

/* Everything that a request could have changed. */
static char *everything(const struct harness *harness)
{
    return harness_query(
        harness,
        "SELECT (SELECT group_concat(id || status || version || title) FROM item), (SELECT count(*) FROM activity),"
        " (SELECT group_concat(id || role || disabled || password) FROM user), (SELECT count(*) FROM session),"
        " (SELECT count(*) FROM token), (SELECT count(*) FROM file), (SELECT group_concat(slug || name) FROM type)");
}

/* Sends a request that must be refused with that status, and must not change anything. */
static void refused(struct harness *harness, const struct harness_message *message, int status, const char *why)
{
    char *before = everything(harness);
    struct response response = harness_send(harness, message);
    char *after = everything(harness);
    if (response.status != status)
        fail_msg("%s %s %s: %d, not %d\n%.400s", message->method, message->target, why, response.status, status,
                 buf_string(&response.body));
    if (strcmp(before, after) != 0)
        fail_msg("%s %s %s changed something:\n%s\n%s", message->method, message->target, why, before, after);
    free(before);
    free(after);
    response_release(&response);
}

static void test_every_row(void **state)
{
    struct doors *doors = *state;
    struct harness *harness = &doors->harness;
    size_t len;
    size_t checked = 0;
    const struct route *routes = route_table(&len);
    for (size_t i = 0; i < len; i++) {
        char target[128] = "";
        bool posts = routes[i].method == METHOD_POST;
        const char *method = posts ? "POST" : "GET";
        fill(routes[i].pattern, target, sizeof target);
        struct harness_message message = {.method = method, .target = target, .body = "version=1"};
        bool staff = strncmp(target, "/admin", 6) == 0;
        assert_true(staff || !posts);
        bool by_link = strncmp(target, "/preview", 8) == 0;
        assert_int_not_equal(routes[i].access, ACCESS_NOBODY);
        assert_int_equal(routes[i].access == ACCESS_PUBLIC, !staff && !by_link);
        assert_true(!posts || routes[i].lane > LANE_READ);
        if (routes[i].access == ACCESS_STAFF || routes[i].access == ACCESS_ADMIN) {
            refused(harness, &message, posts ? 403 : 303, "without a session");
            message.cookie = "warta=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
            refused(harness, &message, posts ? 403 : 303, "with a guessed session");
            message.cookie = NULL;
        }
        if (routes[i].access == ACCESS_ADMIN) {
            message.session = &doors->editor;
            refused(harness, &message, 403, "by an editor");
        }
        if (posts) {
            struct harness_session forged = doors->admin;
            message.session = &doors->admin;
            message.origin = "https://evil.example";
            refused(harness, &message, 403, "from a foreign origin");
            message.origin = "null";
            refused(harness, &message, 403, "from no origin");
            message.origin = NULL;
            message.fetch_site = "cross-site";
            refused(harness, &message, 403, "across sites");
            message.fetch_site = NULL;
            memcpy(forged.csrf, doors->editor.csrf, sizeof forged.csrf);
            message.session = &forged;
            refused(harness, &message, 403, "with another's token");
            forged.csrf[0] = '\0';
            refused(harness, &message, 403, "without a token");
            message.session = &doors->admin;
            message.content_type = "text/plain";
            refused(harness, &message, 415, "as plain text");
            message.method = "GET";
            message.content_type = NULL;
        }
        checked++;
    }
    assert_true(checked > 40);
    char *log = harness_log(harness);
    assert_non_null(strstr(log, "refused: a form from a foreign origin"));
    assert_non_null(strstr(log, "refused: a form without its token"));
    assert_non_null(strstr(log, "refused: an editor on an admin's page"));
    free(log);
}

/* No page of staff is kept by anybody on the way, whoever asks. */
static void test_nothing_is_stored(void **state)
{
    struct doors *doors = *state;
    size_t len;
    const struct route *routes = route_table(&len);
    for (size_t i = 0; i < len; i++) {
        char target[128] = "";
        if (routes[i].access == ACCESS_PUBLIC || routes[i].method != METHOD_GET)
            continue;
        fill(routes[i].pattern, target, sizeof target);
        struct response response =
            harness_send(&doors->harness, &(const struct harness_message){.target = target, .session = &doors->admin});
        if (response.status >= 500)
            fail_msg("%s: %d", target, response.status);
        assert_string_equal(response_header_get(&response, "Cache-Control"), "no-store");
        response_release(&response);
    }
}

/* What tokens open, and what staff look for, is not for whoever reads the log. */
static void test_tokens_are_not_logged(void **state)
{
    struct doors *doors = *state;
    static const struct {
        enum method method;
        const char *path, *query, *logged;
    } cases[] = {
        {METHOD_GET, "/", "type=news", "/?type=news"},
        {METHOD_HEAD, "/items/a", "", "/items/a"},
        {METHOD_POST, "/items/a", "", "/items/a"},
        {METHOD_GET, "/nothing/here", "token=s3cret", "/nothing/here"},
        {METHOD_GET, "/admin/setup", "token=s3cret", "/admin/setup"},
        {METHOD_POST, "/admin/reset", "token=s3cret", "/admin/reset"},
        {METHOD_GET, "/admin/reset/", "token=s3cret", "/admin/reset"},
        {METHOD_GET, "/preview/s3cret", "", "/preview/{token}"},
        {METHOD_POST, "/preview/s3cret", "", "/preview/{token}"},
        {METHOD_OTHER, "/preview/s3cret//", "", "/preview/{token}"},
        {METHOD_GET, "/preview/s3cret/more", "", "/preview…"},
        {METHOD_GET, "/preview/%", "", "/preview…"},
        {METHOD_GET, "/admin", "q=s3cret", "/admin"},
        {METHOD_GET, "/admin/items/7", "", "/admin/items/7"},
        {METHOD_GET, "/admin/s3cret", "", "/admin…"},
        {METHOD_GET, "/previews/a", "", "/previews/a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf target = BUF_EMPTY;
        const struct request request = {
            .method = cases[i].method, .path = cases[i].path, .query = cases[i].query, .client = "127.0.0.1"};
        struct match match;
        match_init(&match, "", &request);
        match_log_target(&match, &request, &target);
        match_release(&match);
        assert_string_equal(buf_string(&target), cases[i].logged);
        buf_release(&target);
        struct response response =
            harness_request(&doors->harness, "GET", "/admin/reset?token=s3cret", NULL); /* nor by the pipeline */
        response_release(&response);
    }
    char *log = harness_log(&doors->harness);
    assert_null(strstr(log, "s3cret"));
    free(log);
}

/* What was typed comes back with the login form when the session has ended, and nothing is done. */
static void test_ended_session_keeps_words(void **state)
{
    struct doors *doors = *state;
    struct harness *harness = &doors->harness;
    struct harness_session ended = harness_login(harness, "Ende", "editor");
    free(harness_query(harness, "DELETE FROM session WHERE user_id = (SELECT max(id) FROM user)"));
    static const char typed[] = "title=Kept+%22words%22+%26+%E1%9E%9F&summary=Long&type=news&topics=a%2C+b";
    char *before = everything(harness);
    struct response response = harness_send(
        harness,
        &(const struct harness_message){.method = "POST", .target = "/admin/items", .body = typed, .session = &ended});
    assert_int_equal(response.status, 403);
    assert_non_null(strstr(buf_string(&response.body), "name=\"carry_path\" value=\"/admin/items\""));
    assert_non_null(strstr(buf_string(&response.body), "title=Kept%20%22words%22%20%26%20%E1%9E%9F&amp;"));
    assert_null(strstr(buf_string(&response.body), ended.csrf + 1) == NULL
                    ? NULL
                    : strstr(buf_string(&response.body), "carry=csrf"));
    response_release(&response);

    /* The cookie is gone too: only a browser that vouches for the origin gets its words back. */
    struct harness_message lost = {
        .method = "POST", .target = "/admin/items", .body = typed, .origin = "http://news.example"};
    response = harness_send(harness, &lost);
    assert_int_equal(response.status, 403);
    assert_non_null(strstr(buf_string(&response.body), "Kept%20%22words%22"));
    response_release(&response);
    lost.origin = NULL;
    response = harness_send(harness, &lost);
    assert_int_equal(response.status, 403);
    assert_null(strstr(buf_string(&response.body), "Kept"));
    response_release(&response);
    char *after = everything(harness);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

/* Logged in again in another tab: the form is of the session before, and shown again instead of saved. */
static void test_renewed_session_keeps_words(void **state)
{
    struct doors *doors = *state;
    struct harness_session renewed = doors->editor;
    memcpy(renewed.csrf, doors->admin.csrf, sizeof renewed.csrf);
    char *before = everything(&doors->harness);
    struct response response =
        harness_send(&doors->harness, &(const struct harness_message){
                                          .method = "POST",
                                          .target = "/admin/items/1",
                                          .body = "version=1&title=Typed+before&type=news&action=save",
                                          .origin = "http://news.example",
                                          .session = &renewed,
                                      });
    char *after = everything(&doors->harness);
    assert_int_equal(response.status, 403);
    assert_non_null(strstr(buf_string(&response.body), "Typed before"));
    assert_non_null(strstr(buf_string(&response.body), doors->editor.csrf));
    assert_string_equal(before, after);
    response_release(&response);
    free(before);
    free(after);
}

/* The password opens a session, and the editor is back with what was typed; it is not saved yet. */
static void test_login_carries_on(void **state)
{
    struct doors *doors = *state;
    struct harness *harness = &doors->harness;
    struct harness_session visitor;
    session_token(visitor.cookie);
    session_csrf(visitor.cookie, visitor.csrf);
    char *items_before = harness_query(harness, "SELECT count(*) FROM item");
    struct response response = harness_send(
        harness, &(const struct harness_message){
                     .method = "POST",
                     .target = "/admin/login",
                     .session = &visitor,
                     .body = "username=edda&password=correct+horse+battery&next=&carry_path=%2Fadmin%2Fitems&"
                             "carry=title%3DKept%2520words%26type%3Dnews"});
    assert_int_equal(response.status, 200);
    assert_non_null(strstr(buf_string(&response.body), "Kept words"));
    const char *cookie = response_header_get(&response, "Set-Cookie");
    assert_non_null(cookie);
    assert_non_null(strstr(cookie, "HttpOnly; SameSite=Lax"));
    assert_null(strstr(cookie, visitor.cookie));
    response_release(&response);
    char *items_after = harness_query(harness, "SELECT count(*) FROM item");
    assert_string_equal(items_before, items_after);
    free(items_before);
    free(items_after);

    static const struct {
        const char *body;
        int status;
        const char *location;
    } tries[] = {
        {"username=edda&password=wrong", 422, NULL},
        {"username=nobody&password=wrong", 422, NULL},
        {"username=edda&password=correct+horse+battery", 303, "/admin"},
        {"username=edda&password=correct+horse+battery&next=%2Fadmin%2Ffiles", 303, "/admin/files"},
        {"username=edda&password=correct+horse+battery&next=%2F%2Fevil.example", 303, "/admin"},
        {"username=edda&password=correct+horse+battery&next=https%3A%2F%2Fevil.example", 303, "/admin"},
        {"username=edda&password=correct+horse+battery&next=%2Fadmin%2F%5C..%2F%2Fevil", 303, "/admin"},
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        response = harness_send(
            harness, &(const struct harness_message){
                         .method = "POST", .target = "/admin/login", .session = &visitor, .body = tries[i].body});
        if (response.status != tries[i].status)
            fail_msg("%s: %d", tries[i].body, response.status);
        assert_null(strstr(buf_string(&response.body), "battery"));
        if (tries[i].location != NULL)
            assert_string_equal(response_header_get(&response, "Location"), tries[i].location);
        response_release(&response);
    }
}

/* The cookie's name and attributes follow the site's address. */
static void test_cookie_follows_address(void **state)
{
    (void)state;
    static const struct {
        const char *base_url, *start, *end;
    } sites[] = {
        {"http://127.0.0.1:8080", "warta=", "; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax"},
        {"https://news.example", "__Host-warta=", "; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax; Secure"},
        {"https://news.example/coop",
         "__Secure-warta=", "; Path=/coop; Max-Age=1209600; HttpOnly; SameSite=Lax; Secure"},
    };
    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
        struct harness harness;
        harness_open(&harness, "[]", sites[i].base_url);
        struct response response = harness_request(&harness, "GET", "/admin/login", NULL);
        const char *cookie = response_header_get(&response, "Set-Cookie");
        assert_int_equal(response.status, 200);
        assert_non_null(cookie);
        assert_memory_equal(cookie, sites[i].start, strlen(sites[i].start));
        assert_string_equal(cookie + strcspn(cookie, ";"), sites[i].end);
        response_release(&response);
        harness_close(&harness);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_row, open_doors, close_doors),
        cmocka_unit_test_setup_teardown(test_nothing_is_stored, open_doors, close_doors),
        cmocka_unit_test_setup_teardown(test_tokens_are_not_logged, open_doors, close_doors),
        cmocka_unit_test_setup_teardown(test_ended_session_keeps_words, open_doors, close_doors),
        cmocka_unit_test_setup_teardown(test_renewed_session_keeps_words, open_doors, close_doors),
        cmocka_unit_test_setup_teardown(test_login_carries_on, open_doors, close_doors),
        cmocka_unit_test(test_cookie_follows_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
