#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_request_header),
        cmocka_unit_test(test_response),
        cmocka_unit_test(test_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
