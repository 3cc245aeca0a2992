#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/buf.h"
#include "warta/base/text.h"
#include "warta/http/params.h"

enum { MANY = 10000, HUGE_LEN = 1 << 20 };

static const struct param table[] = {
    {.name = "type", .kind = PARAM_SLUG, .repeats = true, .max = 3},
    {.name = "topic", .kind = PARAM_SLUG},
    {.name = "year", .kind = PARAM_YEAR, .repeats = true, .min = 1900, .max = 2100},
    {.name = "lang", .kind = PARAM_LANG, .repeats = true, .max = 2},
    {.name = "before", .kind = PARAM_CURSOR},
    {0},
};

/* What a query gives, besides the keys that are absent. */
static const struct {
    const char *query, *expected; /* JSON */
} good[] = {
    {"", "{}"},
    {"&", "{}"},
    {"type=&topic=&year=&before=", "{}"},
    {"type", "{}"},
    {"utm_source=x&fbclid=%zz&%ff=1&=2&Type=News", "{}"},
    {"type=news", "{\"type\":[\"news\"]}"},
    {"type=news&type=project&type=news", "{\"type\":[\"news\",\"project\"]}"},
    {"type=b&type=a&type=c", "{\"type\":[\"b\",\"a\",\"c\"]}"},
    {"t%79pe=n%65ws", "{\"type\":[\"news\"]}"},
    {"topic=a-1-b", "{\"topic\":\"a-1-b\"}"},
    {"topic=0", "{\"topic\":\"0\"}"},
    {"topic=&topic=x", "{\"topic\":\"x\"}"},
    {"topic=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "{\"topic\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"},
    {"year=1900&year=2100&year=1900", "{\"year\":[1900,2100]}"},
    {"lang=PT-br&lang=km&lang=pt-BR", "{\"lang\":[\"pt-BR\",\"km\"]}"},
    {"lang=zh-hant-TW", "{\"lang\":[\"zh-Hant-TW\"]}"},
    {"before=20190830.57", "{\"before\":{\"day\":20190830,\"id\":57}}"},
    {"before=00010101.1", "{\"before\":{\"day\":10101,\"id\":1}}"},
    {"before=99991231.9007199254740991", "{\"before\":{\"day\":99991231,\"id\":9007199254740991}}"},
};

#define SLUG " takes words of a-z and 0-9 joined by hyphens, not \""
#define YEAR "year takes a year from 1900 to 2100, not \""
#define LANG "lang takes a language tag such as km or pt-BR, not \""
#define CURSOR "before takes a place in the listing as its links give it, not \""
#define BYTES " holds a percent sign or bytes that are no text"

static const struct {
    const char *query, *error;
} bad[] = {
    {"year=20x9", YEAR "20x9\""},
    {"year=1899", YEAR "1899\""},
    {"year=2101", YEAR "2101\""},
    {"year=02019", YEAR "02019\""},
    {"year=+2019", YEAR " 2019\""},
    {"year=-201", YEAR "-201\""},
    {"year=0x7e", YEAR "0x7e\""},
    {"year=%D9%A2%D9%A0%D9%A1%D9%A9", YEAR "٢٠١٩\""},
    {"year=99999999999999999999", YEAR "99999999999999999999\""},
    {"year=2019&year=x", YEAR "x\""},
    {"type=News", "type" SLUG "News\""},
    {"type=-a", "type" SLUG "-a\""},
    {"type=a-", "type" SLUG "a-\""},
    {"type=a--b", "type" SLUG "a--b\""},
    {"type=-", "type" SLUG "-\""},
    {"type=+", "type" SLUG " \""},
    {"type=a+b", "type" SLUG "a b\""},
    {"type=a/b", "type" SLUG "a/b\""},
    {"type=a_b", "type" SLUG "a_b\""},
    {"type=%00", "type" BYTES},
    {"type=a%00b", "type" BYTES},
    {"type=%", "type" BYTES},
    {"type=%4", "type" BYTES},
    {"type=%zz", "type" BYTES},
    {"type=%c0%af", "type" BYTES},
    {"type=%e0%80%af", "type" BYTES},
    {"type=%ed%a0%80", "type" BYTES},
    {"type=%f4%90%80%80", "type" BYTES},
    {"type=\xff", "type" BYTES},
    {"type=a%0d%0aSet-Cookie:%20x", "type" SLUG "a??Set-Cookie: x\""},
    {"type=%1b[31m%7f%c2%9b", "type" SLUG "?[31m??\""},
    {"type=%e2%80%ae%e2%81%a6x", "type" SLUG "??x\""},
    {"type=<script>\"", "type" SLUG "<script>\"\""},
    {"type=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "type" SLUG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…\""},
    {"type=a&type=b&type=c&type=d", "type takes at most 3 different values"},
    {"lang=km&lang=ne&lang=th", "lang takes at most 2 different values"},
    {"year=1901&year=1902&year=1903&year=1904&year=1905&year=1906&year=1907&year=1908&year=1909&year=1910&year=1911"
     "&year=1912&year=1913&year=1914&year=1915&year=1916&year=1917",
     "year takes at most 16 different values"},
    {"topic=a&topic=b", "topic can be given only once"},
    {"topic=a&topic=a", "topic can be given only once"},
    {"before=20190830.1&before=20190830.1", "before can be given only once"},
    {"lang=e", LANG "e\""},
    {"lang=km_KH", LANG "km_KH\""},
    {"lang=-", LANG "-\""},
    {"before=20190830", CURSOR "20190830\""},
    {"before=20190830.", CURSOR "20190830.\""},
    {"before=20190830.0", CURSOR "20190830.0\""},
    {"before=20190830.01", CURSOR "20190830.01\""},
    {"before=20190830.-1", CURSOR "20190830.-1\""},
    {"before=20190830.1.1", CURSOR "20190830.1.1\""},
    {"before=20190830.1x", CURSOR "20190830.1x\""},
    {"before=2019083.1", CURSOR "2019083.1\""},
    {"before=201908300.1", CURSOR "201908300.1\""},
    {"before=00010100.1", CURSOR "00010100.1\""},
    {"before=99991232.1", CURSOR "99991232.1\""},
    {"before=20190830.9007199254740992", CURSOR "20190830.9007199254740992\""},
    {"before=20190830.18446744073709551617", CURSOR "20190830.18446744073709551617\""},
    {"before=.1", CURSOR ".1\""},
    {"before=.", CURSOR ".\""},
    {"before=2", CURSOR "2\""},
};

static json_t *expected_values(const char *given)
{
    json_t *values = json_pack("{s:[], s:n, s:[], s:[], s:n}", "type", "topic", "year", "lang", "before");
    json_t *present = json_loads(given, 0, NULL);
    assert_non_null(values);
    assert_non_null(present);
    json_object_update(values, present);
    json_decref(present);
    return values;
}

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char error[PARAM_ERROR_CAP] = "left over";
        json_t *values = params_parse(table, good[i].query, error);
        json_t *expected = expected_values(good[i].expected);
        if (values == NULL || !json_equal(values, expected))
            fail_msg("%s: %s", good[i].query, error);
        assert_string_equal(error, "");
        json_decref(values);
        json_decref(expected);
    }
}

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char error[PARAM_ERROR_CAP] = "";
        if (params_parse(table, bad[i].query, error) != NULL)
            fail_msg("%s was taken", bad[i].query);
        assert_string_equal(error, bad[i].error);
    }
}

static void test_no_table(void **state)
{
    static const struct param none[] = {{0}};
    char error[PARAM_ERROR_CAP];
    (void)state;
    json_t *values = params_parse(none, "type=%00&year=x", error);
    assert_int_equal(json_object_size(values), 0);
    assert_true(json_is_object(values));
    json_decref(values);
}

static char *repeated(const char *text, size_t times)
{
    struct buf all = BUF_EMPTY;
    for (size_t i = 0; i < times; i++)
        buf_text(&all, text);
    return buf_steal(&all);
}

static void test_many_repeats(void **state)
{
    char error[PARAM_ERROR_CAP];
    char *same = repeated("type=news&year=2019&", MANY);
    char *ignored = repeated("utm=%zz&", MANY);
    struct buf different = BUF_EMPTY;
    (void)state;
    for (int i = 0; i < MANY; i++)
        buf_format(&different, "type=t%d&", i);
    json_t *values = params_parse(table, same, error);
    assert_int_equal(json_array_size(json_object_get(values, "type")), 1);
    json_decref(values);
    values = params_parse(table, ignored, error);
    assert_non_null(values);
    json_decref(values);
    assert_null(params_parse(table, buf_string(&different), error));
    assert_string_equal(error, "type takes at most 3 different values");
    buf_release(&different);
    free(ignored);
    free(same);
}

/* The longest words that an error may have to hold, in the widest characters. */
static void test_huge_values(void **state)
{
    static const struct {
        const char *filling;
        const char *start;
    } cases[] = {
        {"a", "type" SLUG "aaaa"},
        {"%F0%9F%98%80", "type" SLUG "😀😀😀"},
        {"%E1%9E%81", "type" SLUG "ខខខ"},
        {"%0A", "type" SLUG "????"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char error[PARAM_ERROR_CAP];
        char *filling = repeated(cases[i].filling, HUGE_LEN / strlen(cases[i].filling));
        struct buf query = BUF_EMPTY;
        buf_format(&query, "type=%s", filling);
        assert_null(params_parse(table, buf_string(&query), error));
        assert_true(strlen(error) < PARAM_ERROR_CAP);
        assert_true(text_valid(error, strlen(error)));
        assert_int_equal(strncmp(error, cases[i].start, strlen(cases[i].start)), 0);
        assert_string_equal(error + strlen(error) - strlen("…\""), "…\"");
        buf_release(&query);
        free(filling);
    }
}

static void test_long_name(void **state)
{
    static const struct param long_named[] = {
        {.name = "a-parameter-with-a-name-that-is-much-longer-than-anybody-would-choose", .kind = PARAM_CURSOR},
        {0},
    };
    char error[PARAM_ERROR_CAP];
    struct buf query = BUF_EMPTY;
    (void)state;
    buf_format(&query, "%s=", long_named[0].name);
    for (int i = 0; i < 40; i++)
        buf_text(&query, "%F0%9F%98%80");
    assert_null(params_parse(long_named, buf_string(&query), error));
    assert_true(text_valid(error, strlen(error)));
    assert_non_null(strstr(error, "as its links give it"));
    buf_release(&query);
}

static void alike_queries_have_one_spelling(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"utm_source=x&type=", ""},
        {"type=news", "?type=news"},
        {"type=b&type=a&type=b", "?type=a&type=b"},
        {"year=2019&topic=t&type=z&year=1999&fbclid=9", "?type=z&topic=t&year=1999&year=2019"},
        {"lang=PT-br&l%61ng=en", "?lang=en&lang=pt-BR"},
        {"before=20190830.57", "?before=20190830.57"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char error[PARAM_ERROR_CAP];
        struct buf out = BUF_EMPTY;
        json_t *values = params_parse(table, rows[i][0], error);
        params_canonical(table, values, &out);
        assert_string_equal(buf_string(&out), rows[i][1]);
        json_t *again = params_parse(table, out.len > 0 ? out.data + 1 : "", error);
        struct buf out_again = BUF_EMPTY;
        params_canonical(table, again, &out_again);
        assert_string_equal(buf_string(&out_again), rows[i][1]);
        json_decref(values);
        json_decref(again);
        buf_release(&out);
        buf_release(&out_again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alike_queries_have_one_spelling),
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_no_table),
        cmocka_unit_test(test_many_repeats),
        cmocka_unit_test(test_huge_values),
        cmocka_unit_test(test_long_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
