/* The same of all that is no form: addresses, headers, and the names of files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hostile.h"

/* --- addresses --- */

static const char *const queries[] = {
    "/admin?q=",
    "/admin?type=",
    "/admin?status=",
    "/admin?sort=",
    "/admin?after=",
    "/admin?undo=",
    "/admin?left=",
    "/admin?done=",
    "/admin?item=",
    "/admin?sort=title&after=1.",
    "/admin/files?q=",
    "/admin/files?before=",
    "/admin/activity?action=",
    "/admin/activity?user=",
    "/admin/activity?item=",
    "/admin/items/new?type=",
    "/admin/items/1?cleaned=",
    "/admin/items/1/revisions/1?compare=",
    "/admin/users?done=",
    "/admin/users?done=added&undo=",
    "/admin/files?done=uploaded&undo=",
    "/admin/account?done=",
    "/admin/setup?token=",
    "/admin/reset?token=",
    "/preview/",
    "/admin/items/",
    "/admin/items/1/",
    "/admin/files/",
    "/admin/files/1/content/",
    "/files/1/",
    "/items/",
    "/?type=",
    "/?place=",
    "/?lang=",
    "/?q=",
    "/items.json?type=",
    "/admin/x/",
    "/admin/login?next=",
};

static void test_addresses(void **state)
{
    struct desk *desk = *state;
    char *text;
    for (size_t i = 0; i < LEN(queries); i++) {
        for (size_t k = 0; k < LEN(texts) + LEN(controls) + LEN(broken); k++) {
            struct buf target = BUF_EMPTY;
            bool is_broken = k >= LEN(texts) + LEN(controls);
            text = is_broken        ? strdup(broken[k - LEN(texts) - LEN(controls)])
                   : k < LEN(texts) ? encoded(texts[k])
                                    : encoded(controls[k - LEN(texts)]);
            buf_format(&target, "%s%s", queries[i], text);
            status_of(get(desk, buf_string(&target)));
            buf_release(&target);
            free(text);
        }
        text = many("x", ADDRESS_MAX);
        struct buf target = BUF_EMPTY;
        buf_format(&target, "%s%s", queries[i], text);
        status_of(get(desk, buf_string(&target)));
        buf_release(&target);
        free(text);
    }
}

/* Whoever is not logged in is sent to the login and back, as far as an address can say it. */
static void test_long_way_back(void **state)
{
    struct desk *desk = *state;
    static const size_t lengths[] = {10, 1500, ADDRESS_MAX - 20};
    for (size_t i = 0; i < LEN(lengths); i++) {
        char *query = many("%25", lengths[i]);
        struct buf target = BUF_EMPTY;
        buf_format(&target, "/admin/files?x=%s", query);
        struct response response = send(desk, &(const struct harness_message){.target = buf_string(&target)});
        assert_int_equal(response.status, 303);
        assert_int_equal(status_of(send(desk, &(const struct harness_message){.target = response_header_get(
                                                                                  &response, "Location")})),
                         200);
        response_release(&response);
        buf_release(&target);
        free(query);
    }
}

/* --- headers --- */

static const char *const header_names[] = {
    "Cookie",   "User-Agent", "X-Forwarded-For",  "Origin",         "Sec-Fetch-Site",
    "Accept",   "Host",       "Content-Type",     "If-None-Match",  "Range",
    "If-Range", "Referer",    "X-Forwarded-Host", "Accept-Language"};

static void check_header(struct desk *desk, const char *name, const char *value)
{
    static const char *const targets[] = {"/admin/login", "/admin", "/", "/files/1/a", "/admin/items"};
    const struct header header = {name, value};
    for (size_t i = 0; i < LEN(targets); i++) {
        struct harness_message message = {.target = targets[i],
                                          .headers = &header,
                                          .headers_len = 1,
                                          .body = "username=nobody&password=x&title=x&type=news"};
        status_of(send(desk, &message));
        message.method = "POST";
        if (i == 0 || i == 4)
            status_of(send(desk, &message));
        message.session = i == 4 ? &desk->session : NULL;
        if (i == 4 && strcmp(name, "Content-Type") != 0)
            status_of(send(desk, &message));
    }
}

static void test_headers(void **state)
{
    struct desk *desk = *state;
    static const char *const values[] = {"\xff\xfe",
                                         "\xed\xa0\x80",
                                         "\xc0\xbc",
                                         "warta=\"><script>alert(1)</script>; warta=",
                                         "=;=;;;=",
                                         "bytes=-,,,",
                                         "bytes=99999999999999999999-",
                                         "\"",
                                         "text/html;q=\xff, */*;q=1e99",
                                         "127.0.0.1, [::1, ::1]:x, 1.2.3.4.5, %lo",
                                         "null"};
    char *long_value = many("warta=x; ", MEGABYTE);
    for (size_t i = 0; i < LEN(header_names); i++) {
        for (size_t k = 0; k < LEN(texts); k++)
            check_header(desk, header_names[i], texts[k]);
        for (size_t k = 0; k < LEN(values); k++)
            check_header(desk, header_names[i], values[k]);
        check_header(desk, header_names[i], long_value);
    }
    free(long_value);
}

/* What a browser calls itself stands on the account's page. */
static void test_browsers_of_any_name(void **state)
{
    struct desk *desk = *state;
    for (size_t i = 0; i < LEN(texts) + LEN(controls) + 3; i++) {
        static const char *const others[] = {"\xff\xfe\xed\xa0\x80", "\xc0\xbcscript\xc0\xbe", ""};
        const char *agent = i < LEN(texts)                   ? texts[i]
                            : i < LEN(texts) + LEN(controls) ? controls[i - LEN(texts)]
                                                             : others[i - LEN(texts) - LEN(controls)];
        const struct header headers[] = {{"User-Agent", agent}, {"X-Forwarded-For", agent}};
        struct harness_session visitor;
        session_token(visitor.cookie);
        session_csrf(visitor.cookie, visitor.csrf);
        struct response response =
            send(desk, &(const struct harness_message){.method = "POST",
                                                       .target = "/admin/login",
                                                       .headers = headers,
                                                       .headers_len = 2,
                                                       .body = "username=Ana&password=correct+horse+battery",
                                                       .session = &visitor});
        assert_int_equal(response.status, 303);
        response_release(&response);
    }
    assert_int_equal(status_of(get(desk, "/admin/account")), 200);
}

/* --- files --- */

static int upload(struct desk *desk, const char *target, const char *form, const char *field, const char *name,
                  size_t len)
{
    const struct upload file = {field, name, (const char *)gif, len};
    return status_of(send(desk, &(const struct harness_message){.method = "POST",
                                                                .target = target,
                                                                .body = form,
                                                                .uploads = &file,
                                                                .uploads_len = 1,
                                                                .session = &desk->session}));
}

static void check_file_name(struct desk *desk, const char *name)
{
    char form[32];
    assert_int_equal(upload(desk, "/admin/files", "", "file", name, sizeof gif), 303);
    assert_int_equal(upload(desk, "/admin/files", "", "file", name, 5), 422);
    assert_int_equal(upload(desk, "/admin/items/1", "version=1&title=T", "upload", name, 5), 422);
    char *version = harness_query(&desk->site, "SELECT version FROM item WHERE id = 1");
    snprintf(form, sizeof form, "version=%s", version);
    assert_int_equal(upload(desk, "/admin/items/1", form, "upload", name, sizeof gif), 303);
    free(version);
}

static void test_file_names(void **state)
{
    static const char *const names[] = {"../../etc/passwd",
                                        "C:\\x\\y.gif",
                                        ".",
                                        "..gif",
                                        ".htaccess",
                                        "a\xff-b\xed\xa0\x80.gif",
                                        "\xc0\xbcscript\xc0\xbe.gif",
                                        "x\r\nSet-Cookie: a=b.gif",
                                        "con.gif",
                                        "x.gif.exe",
                                        "\t",
                                        "%s%n%00.gif"};
    struct desk *desk = *state;
    for (size_t i = 0; i < LEN(texts) + LEN(controls) + LEN(names); i++)
        check_file_name(desk, i < LEN(texts)                   ? texts[i]
                              : i < LEN(texts) + LEN(controls) ? controls[i - LEN(texts)]
                                                               : names[i - LEN(texts) - LEN(controls)]);
    char *long_name = many("\xf0\x9f\x98\x80", 8000);
    check_file_name(desk, long_name);
    free(long_name);
    char *carried = harness_query(&desk->site, "SELECT count(*) > 20 FROM item_file");
    assert_string_equal(carried, "1");
    free(carried);
    assert_int_equal(status_of(get(desk, "/admin/items/1")), 200);
    assert_int_equal(status_of(get(desk, "/items/alpha")), 200);
    assert_int_equal(status_of(get(desk, "/admin/files")), 200);
    assert_int_equal(status_of(get(desk, "/admin/files/3")), 200);
    assert_int_equal(status_of(get(desk, "/admin/activity")), 200);
    char *odd = harness_query(
        &desk->site, "SELECT count(*) FROM file WHERE name LIKE '%/%' OR name GLOB '*[<>:?*|]*' OR name LIKE '.%'"
                     " OR length(name) > 120 OR instr(name, char(8238)) > 0 OR name NOT LIKE '%.gif'");
    assert_string_equal(odd, "0");
    free(odd);
}

/* Descriptions of files, as any text. */
static void test_descriptions(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(upload(desk, "/admin/items/1", "version=1", "upload", "a.gif", sizeof gif), 303);
    for (size_t i = 0; i < LEN(texts); i++) {
        struct buf form = BUF_EMPTY;
        buf_format(&form, "version=%zu&file_id=1", i + 2);
        append(&form, "file_alt", texts[i]);
        assert_int_equal(status_of(post(desk, "/admin/items/1", buf_string(&form))), 303);
        assert_int_equal(status_of(post(desk, "/admin/items/1", "version=1&file_id=1&file_alt=Mine")), 409);
        assert_int_equal(status_of(get(desk, "/admin/items/1")), 200);
        assert_int_equal(status_of(get(desk, "/items/alpha")), 200);
        buf_release(&form);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_addresses, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_long_way_back, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_headers, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_browsers_of_any_name, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_file_names, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_descriptions, open_desk, close_desk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
