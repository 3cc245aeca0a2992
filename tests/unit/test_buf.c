#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "warta/base/buf.h"

static void test_empty(void **state)
{
    (void)state;
    struct buf buf = BUF_EMPTY;
    assert_string_equal(buf_string(&buf), "");
    assert_null(buf.data);
    buf_truncate(&buf, 0);
    buf_release(&buf);
    buf_append(&buf, NULL, 0);
    assert_non_null(buf.data);
    assert_int_equal(buf.len, 0);
    assert_string_equal(buf_string(&buf), "");
    buf_release(&buf);
    assert_null(buf.data);
}

static void test_appends(void **state)
{
    (void)state;
    struct buf buf = BUF_EMPTY;
    buf_text(&buf, "News");
    buf_char(&buf, ',');
    buf_append(&buf, " a\0b", 4);
    buf_format(&buf, " %05.1f%%", 2.5);
    const char expected[] = "News, a\0b 002.5%";
    assert_int_equal(buf.len, sizeof expected - 1);
    assert_memory_equal(buf.data, expected, sizeof expected);
    buf_release(&buf);
}

static void test_every_byte_survives_growth(void **state)
{
    (void)state;
    enum { LEN = 100000 };
    struct buf buf = BUF_EMPTY;
    for (size_t i = 0; i < LEN; i++) {
        buf_char(&buf, (char)(i % 256));
        assert_int_equal(buf.data[buf.len], '\0');
        assert_true(buf.len < buf.capacity);
    }
    for (size_t i = 0; i < LEN; i++)
        assert_int_equal((unsigned char)buf.data[i], i % 256);
    buf_release(&buf);
}

/* Around each capacity a buffer of 256 bytes passes through. */
static void test_format_at_the_edges(void **state)
{
    (void)state;
    for (int len = 0; len < 1100; len++) {
        struct buf buf = BUF_EMPTY;
        buf_format(&buf, "%*s", len, "");
        assert_int_equal(buf.len, len);
        assert_int_equal(strlen(buf_string(&buf)), len);
        buf_format(&buf, "%s", "end");
        assert_string_equal(buf.data + len, "end");
        buf_release(&buf);
    }
}

static void test_reserve_moves_nothing_later(void **state)
{
    (void)state;
    struct buf buf = BUF_EMPTY;
    buf_reserve(&buf, 5000);
    assert_int_equal(buf.len, 0);
    assert_string_equal(buf_string(&buf), "");
    const char *before = buf.data;
    for (int i = 0; i < 5000; i++)
        buf_char(&buf, 'x');
    assert_ptr_equal(buf.data, before);
    buf_release(&buf);
}

static void test_truncate(void **state)
{
    (void)state;
    struct buf buf = BUF_EMPTY;
    buf_text(&buf, "cooperative");
    buf_truncate(&buf, 11);
    assert_string_equal(buf.data, "cooperative");
    buf_truncate(&buf, 4);
    assert_string_equal(buf.data, "coop");
    buf_text(&buf, "!");
    assert_string_equal(buf.data, "coop!");
    buf_truncate(&buf, 0);
    assert_string_equal(buf.data, "");
    buf_release(&buf);
}

static void test_steal(void **state)
{
    (void)state;
    struct buf buf = BUF_EMPTY;
    char *nothing = buf_steal(&buf);
    assert_string_equal(nothing, "");
    free(nothing);
    buf_text(&buf, "mine");
    char *content = buf_steal(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.len, 0);
    buf_text(&buf, "next");
    assert_string_equal(content, "mine");
    assert_string_equal(buf.data, "next");
    free(content);
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_appends),
        cmocka_unit_test(test_every_byte_survives_growth),
        cmocka_unit_test(test_format_at_the_edges),
        cmocka_unit_test(test_reserve_moves_nothing_later),
        cmocka_unit_test(test_truncate),
        cmocka_unit_test(test_steal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
