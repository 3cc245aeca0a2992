#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "warta/http/accept.h"
#include "warta/http/message.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_methods(void **state)
{
    (void)state;
    static const char *const names[] = {"GET", "HEAD", "POST", "OPTIONS"};
    static const char *const others[] = {"", "get", "PUT", "DELETE", "GETX", "GE", "OTHER"};
    for (size_t i = 0; i < COUNT(names); i++)
        assert_string_equal(method_name(method_parse(names[i])), names[i]);
    assert_int_equal(method_parse("POST"), METHOD_POST);
    for (size_t i = 0; i < COUNT(others); i++)
        assert_int_equal(method_parse(others[i]), METHOD_OTHER);
}

static void test_request_header(void **state)
{
    (void)state;
    const struct header headers[] = {{"Host", "a"}, {"accept", "x"}, {"ACCEPT", "y"}};
    const struct request request = {.headers = headers, .headers_len = COUNT(headers)};
    assert_string_equal(request_header(&request, "Accept"), "x");
    assert_string_equal(request_header(&request, "host"), "a");
    assert_null(request_header(&request, "Cookie"));
    assert_null(request_header(&request, "Hos"));
}

static void test_prefers_json(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        bool json;
    } rows[] = {
        {"application/json", true},
        {"Application/JSON; charset=utf-8", true},
        {"application/feed+json", true},
        {"application/problem+json;q=0.1", true},
        {"application/json, text/plain, */*", true},
        {"application/json;q=0.9, text/html;q=0.8", true},
        {"text/html;q=0.8, application/json ; q=0.9", true},
        {"application/*", true},
        {"text/*;q=0.5, application/json;q=0.5", true},
        {"application/json;profile=\"a,b;q=0\"", true},
        {"text/*, text/html;q=0, application/json;q=0.1", true},
        {"application/json;q=1.000", true},
        {"", false},
        {"*/*", false},
        {"text/html", false},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false},
        {"image/avif,image/webp,*/*;q=0.8", false},
        {"application/json, text/html", false},
        {"application/json;q=0", false},
        {"application/json;q=0.000, */*", false},
        {"application/json;q=0.5, */*", false},
        {"application/json;q=0.79, text/html;q=0.8", false},
        {"application/json;q=abc", false},
        {"application/json;q=2", false},
        {"application/json;q=", false},
        {"application/json;q=0.12345", false},
        {"application/jsonx", false},
        {"application/+json", false},
        {"text/x+json", false},
        {"text/plain;x=\"application/json, application/json", false},
        {",,;;, ;q=1,\"", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct header header = {"accept", rows[i].accept};
        const struct request request = {.headers = &header, .headers_len = 1};
        if (request_prefers_json(&request) != rows[i].json)
            fail_msg("%s", rows[i].accept);
    }
}

static void test_prefers_json_over_several_headers(void **state)
{
    (void)state;
    const struct header headers[] = {{"Accept", "text/html;q=0.5"}, {"Host", "a"}, {"Accept", "application/json"}};
    const struct request request = {.headers = headers, .headers_len = COUNT(headers)};
    const struct request bare = {.headers_len = 0};
    assert_true(request_prefers_json(&request));
    assert_false(request_prefers_json(&bare));
}

static void test_response(void **state)
{
    (void)state;
    struct response response;
    response_init(&response);
    assert_int_equal(response.status, 200);
    char value[] = "text/html";
    response_header(&response, "Content-Type", value);
    value[0] = 'X';
    assert_string_equal(response_header_get(&response, "content-type"), "text/html");
    response_header(&response, "CONTENT-TYPE", "application/json");
    assert_int_equal(response.headers_len, 1);
    assert_string_equal(response_header_get(&response, "Content-Type"), "application/json");
    assert_null(response_header_get(&response, "ETag"));

    for (size_t i = response.headers_len; i < RESPONSE_HEADERS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "X-%zu", i);
        response_header(&response, name, "v");
    }
    assert_int_equal(response.headers_len, RESPONSE_HEADERS_MAX);
    response_header(&response, "X-7", "w");
    assert_string_equal(response_header_get(&response, "X-7"), "w");
    buf_text(&response.body, "body");
    response_release(&response);
    assert_int_equal(response.headers_len, 0);
    assert_int_equal(response.body.len, 0);
}

static void test_reasons(void **state)
{
    (void)state;
    static const int used[] = {200, 204, 206, 301, 303, 304, 308, 400, 401, 403, 404, 405,
                               408, 409, 413, 414, 415, 416, 422, 429, 431, 500, 501, 503};
    for (size_t i = 0; i < COUNT(used); i++)
        assert_string_not_equal(status_reason(used[i]), "");
    assert_string_equal(status_reason(404), "Not Found");
    assert_string_equal(status_reason(422), "Unprocessable Content");
    assert_string_equal(status_reason(299), "");
    assert_string_equal(status_reason(-1), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_methods),      cmocka_unit_test(test_request_header),
        cmocka_unit_test(test_prefers_json), cmocka_unit_test(test_prefers_json_over_several_headers),
        cmocka_unit_test(test_response),     cmocka_unit_test(test_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
