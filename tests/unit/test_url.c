#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "warta/http/url.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_encode(void **state)
{
    (void)state;
    static const struct {
        const char *text, *encoded;
    } rows[] = {
        {"", ""},
        {"aZ09-._~", "aZ09-._~"},
        {"a b&c=d+e/f?g#h%", "a%20b%26c%3Dd%2Be%2Ff%3Fg%23h%25"},
        {"é\"'<>\r\n\x7F", "%C3%A9%22%27%3C%3E%0D%0A%7F"},
        {"ខ", "%E1%9E%81"},
    };
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out = BUF_EMPTY;
        url_encode(&out, rows[i].text);
        assert_string_equal(buf_string(&out), rows[i].encoded);
        char *back = url_decode_segment(&arena, rows[i].encoded, strlen(rows[i].encoded));
        if (strchr(rows[i].text, '/') != NULL)
            assert_null(back);
        else
            assert_string_equal(back, rows[i].text);
        buf_release(&out);
    }
    arena_release(&arena);
}

static void test_decode_segment(void **state)
{
    (void)state;
    static const struct {
        const char *segment, *text; /* NULL: refused */
    } rows[] = {
        {"", ""},        {"a+b", "a+b"},       {"%41%e1%9e%81", "Aខ"},
        {"...", "..."},  {"%25%32%65", "%2e"}, {".", NULL},
        {"..", NULL},    {"%2e%2E", NULL},     {"%2E", NULL},
        {"a%2fb", NULL}, {"a/b", NULL},        {"a%00b", NULL},
        {"%", NULL},     {"%4", NULL},         {"%4g", NULL},
        {"%-1", NULL},   {"% 1", NULL},        {"%c0%af", NULL},
        {"%ff", NULL},   {"%ed%a0%80", NULL},
    };
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = url_decode_segment(&arena, rows[i].segment, strlen(rows[i].segment));
        if (rows[i].text == NULL && text != NULL)
            fail_msg("%s -> %s", rows[i].segment, text);
        if (rows[i].text != NULL)
            assert_string_equal(text, rows[i].text);
    }
    assert_string_equal(url_decode_segment(&arena, "news/asia", 4), "news");
    assert_null(url_decode_segment(&arena, "a%41", 3));
    arena_release(&arena);
}

static void test_query_next(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        int result;
        const char *name, *value, *rest;
    } rows[] = {
        {"", 0, NULL, NULL, ""},
        {"&&", 0, NULL, NULL, ""},
        {"type=news&year=2019", 1, "type", "news", "&year=2019"},
        {"&&q=a+b%2B%20c", 1, "q", "a b+ c", ""},
        {"q", 1, "q", "", ""},
        {"q=&x", 1, "q", "", "&x"},
        {"=v", 1, "", "v", ""},
        {"q=a=b", 1, "q", "a=b", ""},
        {"a+b%3D=1", 1, "a b=", "1", ""},
        {"q=%zz&a=1", -1, "q", "", "&a=1"},
        {"q=%e1%9e", -1, "q", "", ""},
        {"q=a%00", -1, "q", "", ""},
        {"q=%4&1", -1, "q", "", "&1"},
        {"%ff=1", -1, "", "1", ""},
    };
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *query = rows[i].query;
        char *name = NULL, *value = NULL;
        if (url_query_next(&arena, &query, &name, &value) != rows[i].result)
            fail_msg("%s", rows[i].query);
        if (rows[i].result == 0)
            continue;
        assert_string_equal(name, rows[i].name);
        assert_string_equal(value, rows[i].value);
        assert_string_equal(query, rows[i].rest);
    }
    arena_release(&arena);
}

static void test_query_append(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    url_query_append(&out, "q", "Viet Nam & Laos");
    url_query_append(&out, "type", "news");
    assert_string_equal(buf_string(&out), "?q=Viet%20Nam%20%26%20Laos&type=news");
    buf_release(&out);
}

static void test_base(void **state)
{
    (void)state;
    static const struct {
        const char *address, *origin, *prefix; /* NULL: refused */
    } rows[] = {
        {"https://news.example.org", "https://news.example.org", ""},
        {"https://news.example.org/", "https://news.example.org", ""},
        {"HTTPS://News.Example.ORG:443/Asia/coop_1/", "https://news.example.org", "/Asia/coop_1"},
        {"http://localhost:8080/warta", "http://localhost:8080", "/warta"},
        {"http://a:80", "http://a", ""},
        {"http://a:443", "http://a:443", ""},
        {"http://[::1]:8080/x", "http://[::1]:8080", "/x"},
        {"", NULL, NULL},
        {"news.example.org", NULL, NULL},
        {"ftp://a", NULL, NULL},
        {"https://", NULL, NULL},
        {"https:///x", NULL, NULL},
        {"https://:80", NULL, NULL},
        {"https://a:", NULL, NULL},
        {"https://a:0", NULL, NULL},
        {"https://a:65536", NULL, NULL},
        {"https://a:99999999999999999999", NULL, NULL},
        {"https://a:8x", NULL, NULL},
        {"https://user@a", NULL, NULL},
        {"https://a/?q", NULL, NULL},
        {"https://a/#f", NULL, NULL},
        {"https://a/x/../y", NULL, NULL},
        {"https://a/./y", NULL, NULL},
        {"https://a/..", NULL, NULL},
        {"https://a//y", NULL, NULL},
        {"https://a//", NULL, NULL},
        {"https://a/%2e%2e/y", NULL, NULL},
        {"https://a/b;c", NULL, NULL},
        {"https://a/b c", NULL, NULL},
        {"https://a b/", NULL, NULL},
        {"https://[::1", NULL, NULL},
        {"https://[]", NULL, NULL},
        {"https://éa/", NULL, NULL},
        {"https://a\r\nSet-Cookie: x", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct url_base base;
        char error[200] = "";
        bool ok = url_base_init(&base, rows[i].address, error, sizeof error);
        if (ok != (rows[i].origin != NULL) || ok != (error[0] == '\0'))
            fail_msg("%s: %s", rows[i].address, error);
        if (!ok)
            continue;
        assert_string_equal(base.origin, rows[i].origin);
        assert_string_equal(base.prefix, rows[i].prefix);
        url_base_release(&base);
    }
}

static void test_is_http(void **state)
{
    (void)state;
    static const char *const good[] = {"https://www.ilo.org/asia/lang--en/index.htm",
                                       "http://a",
                                       "HTTP://a:80/x?y#z",
                                       "https://[::1]/",
                                       "https://ខ្មែរ.example/ផ្លូវ",
                                       "https://user@host/"};
    static const char *const bad[] = {
        "",
        "www.ilo.org",
        "/items/1",
        "//a",
        "ftp://a",
        "javascript:alert(1)",
        "http:/a",
        "http:a",
        "https://",
        "https:///x",
        "https://?q",
        "https://#x",
        "https://:80/",
        "https://user@/",
        "https://\\a",
        "https://a b",
        " https://a",
        "https://a\n",
        "https://a\tb",
        "https://a\x01",
        "https://a/\u00A0",
        "https://a/\u2028b",
        "https://a/\xC2\x85",
        "https://a/\x7F",
    };
    for (size_t i = 0; i < COUNT(good); i++)
        if (!url_is_http(good[i]))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (url_is_http(bad[i]))
            fail_msg("%s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode),       cmocka_unit_test(test_decode_segment), cmocka_unit_test(test_query_next),
        cmocka_unit_test(test_query_append), cmocka_unit_test(test_base),           cmocka_unit_test(test_is_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
