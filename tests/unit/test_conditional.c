#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "warta/http/conditional.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_dates(void **state)
{
    (void)state;
    char date[HTTP_DATE_CAP];
    int64_t unix;
    http_date_format(784111777, date);
    assert_string_equal(date, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_true(http_date_parse(date, &unix));
    assert_int_equal(unix, 784111777);
    static const char *const wrong[] = {
        "",
        "yesterday",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 GMT, x",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Foo 1994 08:49:37 GMT",
    };
    for (size_t i = 0; i < COUNT(wrong); i++)
        if (http_date_parse(wrong[i], &unix))
            fail_msg("%s", wrong[i]);
}

static void test_has(void **state)
{
    (void)state;
    static const struct {
        const char *match, *since; /* If-None-Match, If-Modified-Since */
        bool has;
    } rows[] = {
        {"\"aa\"", NULL, true},
        {"W/\"aa\"", NULL, true},
        {"\"bb\", \"aa\"", NULL, true},
        {"*", NULL, true},
        {"\"a\"", NULL, false},
        {"\"aaa\"", NULL, false},
        {"aa", NULL, false},
        {"", NULL, false},
        {NULL, NULL, false},
        {NULL, "Sun, 06 Nov 1994 08:49:37 GMT", true},
        {NULL, "Mon, 07 Nov 1994 08:49:37 GMT", true},
        {NULL, "Sun, 06 Nov 1994 08:49:36 GMT", false},
        {NULL, "soon", false},
        {"\"bb\"", "Mon, 07 Nov 1994 08:49:37 GMT", false},
        {"\"aa\"", "Sun, 06 Nov 1994 08:49:36 GMT", true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct header headers[2];
        size_t len = 0;
        if (rows[i].match != NULL)
            headers[len++] = (struct header){"if-none-match", rows[i].match};
        if (rows[i].since != NULL)
            headers[len++] = (struct header){"If-Modified-Since", rows[i].since};
        const struct request request = {.headers = headers, .headers_len = len};
        if (request_has(&request, "\"aa\"", 784111777) != rows[i].has)
            fail_msg("row %zu", i);
        if (rows[i].match == NULL)
            assert_false(request_has(&request, "\"aa\"", 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
