#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "warta/server/page.h"

static struct page *make(const char *body, size_t times, int64_t modified_unix, atomic_size_t *total)
{
    struct response response;
    response_init(&response);
    response_header(&response, "Content-Type", "text/html");
    for (size_t i = 0; i < times; i++)
        buf_text(&response.body, body);
    struct page *page = page_create(&response, modified_unix, total);
    assert_null(response.body.data);
    response_release(&response);
    return page;
}

static void each_form_has_a_tag_of_its_own(void **state)
{
    (void)state;
    atomic_size_t total = 0;
    struct page *page = make("words that come again and again ", 100, 784111777, &total);
    const struct page_form *identity = page_form(page, ENCODING_IDENTITY);
    size_t before = total;
    const struct page_form *gzip = page_form(page, ENCODING_GZIP), *brotli = page_form(page, ENCODING_BROTLI);
    assert_int_equal(identity->len, 3200);
    assert_int_equal(gzip->encoding, ENCODING_GZIP);
    assert_int_equal(brotli->encoding, ENCODING_BROTLI);
    assert_true(gzip->len < 200 && brotli->len < 200);
    assert_int_equal(total, before + gzip->len + brotli->len);
    assert_memory_equal(gzip->bytes, "\x1f\x8b", 2);
    assert_string_not_equal(identity->etag, gzip->etag);
    assert_string_not_equal(identity->etag, brotli->etag);
    assert_string_not_equal(gzip->etag, brotli->etag);
    assert_int_equal(strlen(gzip->etag), 18);
    assert_ptr_equal(page_form(page, ENCODING_GZIP), gzip);
    int64_t modified_unix;
    assert_string_equal(page_modified(page, &modified_unix), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_int_equal(modified_unix, 784111777);
    page_drop(page);
    assert_int_equal(total, 0);
}

static void the_same_bytes_have_the_same_tag(void **state)
{
    (void)state;
    atomic_size_t total = 0;
    struct page *one = make("same ", 100, 0, &total), *two = make("same ", 100, 0, &total);
    struct page *other = make("same ", 101, 0, &total);
    for (enum encoding encoding = ENCODING_IDENTITY; encoding < ENCODINGS; encoding++) {
        assert_string_equal(page_form(one, encoding)->etag, page_form(two, encoding)->etag);
        assert_string_not_equal(page_form(one, encoding)->etag, page_form(other, encoding)->etag);
    }
    page_drop(one);
    page_drop(page_keep(two));
    assert_true(total > 0);
    page_drop(two);
    page_drop(other);
    assert_int_equal(total, 0);
}

static void what_does_not_shrink_is_sent_as_it_is(void **state)
{
    (void)state;
    atomic_size_t total = 0;
    struct page *page = make("short", 1, 0, &total), *empty = make("", 0, 0, &total);
    assert_int_equal(page_form(page, ENCODING_BROTLI)->encoding, ENCODING_IDENTITY);
    assert_int_equal(page_form(page, ENCODING_BROTLI)->len, 5);
    assert_int_equal(page_form(empty, ENCODING_GZIP)->len, 0);
    page_drop(page);
    page_drop(empty);
}

static void forms_that_come_along_are_taken(void **state)
{
    (void)state;
    atomic_size_t total = 0;
    struct response response;
    response_init(&response);
    for (int i = 0; i < 100; i++)
        buf_text(&response.body, "many words, ");
    response.compressed = true;
    buf_text(&response.gzip, "short");
    struct page *page = page_create(&response, 0, &total);
    assert_string_equal(page_form(page, ENCODING_GZIP)->bytes, "short");
    assert_int_equal(page_form(page, ENCODING_GZIP)->encoding, ENCODING_GZIP);
    assert_int_equal(page_form(page, ENCODING_BROTLI)->encoding, ENCODING_IDENTITY);
    page_drop(page);
    assert_int_equal(total, 0);
}

static void use_is_noted_until_it_is_forgotten(void **state)
{
    (void)state;
    atomic_size_t total = 0;
    struct page *page = make("x", 1, 0, &total);
    assert_false(page_forget_use(page));
    page_use(page);
    page_use(page);
    assert_true(page_forget_use(page));
    assert_false(page_forget_use(page));
    page_drop(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_has_a_tag_of_its_own),        cmocka_unit_test(the_same_bytes_have_the_same_tag),
        cmocka_unit_test(what_does_not_shrink_is_sent_as_it_is), cmocka_unit_test(forms_that_come_along_are_taken),
        cmocka_unit_test(use_is_noted_until_it_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
