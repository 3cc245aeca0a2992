#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "warta/http/accept.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

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

static void test_encoding(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        enum encoding encoding;
    } rows[] = {
        {"", ENCODING_IDENTITY},
        {"gzip", ENCODING_GZIP},
        {"x-gzip", ENCODING_GZIP},
        {"GZIP", ENCODING_GZIP},
        {"br", ENCODING_BROTLI},
        {"gzip, deflate, br, zstd", ENCODING_BROTLI},
        {"deflate, zstd", ENCODING_IDENTITY},
        {"br;q=0.5, gzip;q=0.6", ENCODING_GZIP},
        {"br;q=0.6,gzip;q=0.6", ENCODING_BROTLI},
        {"br;q=0, gzip", ENCODING_GZIP},
        {"br ; q=0.0 , gzip ; q=0", ENCODING_IDENTITY},
        {"gzip;q=0.001", ENCODING_GZIP},
        {"identity, gzip;q=0.5", ENCODING_IDENTITY},
        {"identity;q=0.5, gzip;q=0.4", ENCODING_IDENTITY},
        {"*", ENCODING_BROTLI},
        {"*;q=0.5, identity", ENCODING_IDENTITY},
        {"br;q=0, *", ENCODING_GZIP},
        {"identity;q=0, gzip", ENCODING_GZIP},
        {"identity;q=0, *;q=0.1", ENCODING_BROTLI},
        {"identity;q=0", ENCODING_IDENTITY},
        {"*;q=0", ENCODING_IDENTITY},
        {"*;q=0, gzip;q=0.1", ENCODING_GZIP},
        {"identity;q=0, deflate", ENCODING_IDENTITY},
        {"gzip;q=2, br;q=x", ENCODING_IDENTITY},
        {",;,,gzip,", ENCODING_GZIP},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct header header = {"accept-encoding", rows[i].accept};
        const struct request request = {.headers = &header, .headers_len = 1};
        if (request_encoding(&request) != rows[i].encoding)
            fail_msg("%s", rows[i].accept);
    }
}

static void test_encoding_over_several_headers(void **state)
{
    (void)state;
    const struct header headers[] = {{"Accept-Encoding", "gzip"}, {"Host", "a"}, {"ACCEPT-ENCODING", "br;q=0.2"}};
    const struct request request = {.headers = headers, .headers_len = COUNT(headers)};
    const struct request bare = {.headers_len = 0};
    assert_int_equal(request_encoding(&request), ENCODING_GZIP);
    assert_int_equal(request_encoding(&bare), ENCODING_IDENTITY);
    assert_string_equal(encoding_name(ENCODING_BROTLI), "br");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefers_json),
        cmocka_unit_test(test_prefers_json_over_several_headers),
        cmocka_unit_test(test_encoding),
        cmocka_unit_test(test_encoding_over_several_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
