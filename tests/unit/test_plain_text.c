#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "warta/base/buf.h"
#include "warta/commands/plain_text.h"

/* Each name.txt in plain_text/ beside this file has a name.json with the items and guesses that must come of it. */
static void folder(char out[static 512])
{
    const char *source_dir = getenv("WARTA_SOURCE_DIR");
    assert_non_null(source_dir);
    snprintf(out, 512, "%s/tests/unit/plain_text", source_dir);
}

static int is_text(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && !strcmp(dot, ".txt");
}

static void read_file(const char *path, struct buf *out)
{
    char chunk[4096];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (size_t len; (len = fread(chunk, 1, sizeof chunk, file)) > 0;) {
        buf_append(out, chunk, len);
    }
    fclose(file);
}

static json_t *parse(const char *text, size_t len, char error[static PLAIN_TEXT_ERROR_CAP])
{
    json_t *guesses = json_array();
    json_t *items = plain_text_parse(text, len, guesses, error);
    if (!items) {
        json_decref(guesses);
        return NULL;
    }
    return json_pack("{s:o, s:o}", "items", items, "guesses", guesses);
}

static void assert_result(const char *name, const char *text, size_t len, const json_t *expected)
{
    char error[PLAIN_TEXT_ERROR_CAP];
    json_t *result = parse(text, len, error);
    if (!json_equal(result, expected)) {
        char *found = json_dumps(result, JSON_INDENT(1));
        print_error("%s: %s\n%s\n", name, error, found ? found : "");
        free(found);
    }
    assert_true(json_equal(result, expected));
    assert_string_equal(error, "");
    json_decref(result);
}

/* The same text with CRLF, behind a byte order mark. */
static void add_line_ends(const struct buf *text, struct buf *out)
{
    buf_text(out, "\xEF\xBB\xBF");
    for (size_t i = 0; i < text->len; i++) {
        buf_text(out, text->data[i] == '\n' ? "\r" : "");
        buf_char(out, text->data[i]);
    }
}

static void check_case(const char *path)
{
    json_error_t json_error;
    char json_path[1024];
    snprintf(json_path, sizeof json_path, "%.*s.json", (int)strlen(path) - 4, path);
    json_t *expected = json_load_file(json_path, 0, &json_error);
    assert_non_null(expected);
    struct buf text = BUF_EMPTY, crlf = BUF_EMPTY;
    read_file(path, &text);
    add_line_ends(&text, &crlf);
    assert_result(path, text.data, text.len, expected);
    assert_result(path, crlf.data, crlf.len, expected);
    buf_release(&text);
    buf_release(&crlf);
    json_decref(expected);
}

static void files_give_their_items(void **state)
{
    (void)state;
    char directory[512];
    folder(directory);
    struct dirent **entries = NULL;
    int len = scandir(directory, &entries, is_text, alphasort);
    assert_true(len >= 6);
    for (int i = 0; i < len; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
        check_case(path);
        free(entries[i]);
    }
    free(entries);
}

static void odd_bytes_are_tolerated(void **state)
{
    (void)state;
    static const struct {
        const char *text, *title, *date, *summary;
    } cases[] = {
        {"1. News\n\nA\n\n30\xC2\xA0"
         "August\xC2\xA0"
         "2019\n\nB",
         "A", "2019-08-30", "B"},
        {"\xC2\xA0\xC2\xA0"
         "1.\xC2\xA0News\n\xC2\xA0\nA\n \t\n2019-08-30",
         "A", "2019-08-30", ""},
        {"1.\tNews\r\n\r\nA\vB\fC\r\n\r\n\r\nD\xE2\x80\xA8"
         "E",
         "A B C", NULL, "D E"},
        {"1. News\n\n\xE3\x80\x80\n\nA\n\n\xE2\x80\x83\n\n2019-08-30", "A", "2019-08-30", ""},
        {"000000009. News\n\nA", "A", NULL, ""},
        {"Page\n0) News\n\n1000000000. A", "1000000000. A", NULL, ""},
        {"1. News\n\nA\n\n2019-08-30\n\nB\n\n\n\nC", "A", "2019-08-30", "B\n\nC"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *expected =
            json_pack("{s:[{s:s, s:s, s:s, s:s*, s:s}], s:[]}", "items", "type", "news", "kicker", "", "title",
                      cases[i].title, "date", cases[i].date, "summary", cases[i].summary, "guesses");
        assert_non_null(expected);
        assert_result(cases[i].title, cases[i].text, strlen(cases[i].text), expected);
        json_decref(expected);
    }
}

static void a_text_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", "line 1: no numbered block, such as \"1. News\""},
        {"\n\n \n", "line 1: no numbered block, such as \"1. News\""},
        {"\xEF\xBB\xBF", "line 1: no numbered block, such as \"1. News\""},
        {"A page\nwithout any", "line 1: no numbered block, such as \"1. News\""},
        {"A page\n\n1.News\n\nA\n", "line 3: text before the first numbered block"},
        {"\nA page\n\nand more\nwords\n\n1. News\n\nA", "line 4: text before the first numbered block"},
        {"1. News", "line 1: block 1 has no title"},
        {"Page\n\n1. News\n\nA\n\n2. News\n\n\n3. News\n\nC", "line 7: block 2 has no title"},
        {"1. News\n2. News\n\nB", "line 1: block 1 has no title"},
        {"1. News\nA title too near\n\n30 August 2019\n", "line 1: block 1 has no title before its date"},
        {"1. News\n\n\n2019-02-31\n", "line 1: block 1 has no title before its date"},
        {"1. News\n\nA\n\n31 February 2019\n", "line 5: block 1: 31 February 2019 is not a date on the calendar"},
        {"1. News\n\nA\n\n2019-13-01\n", "line 5: block 1: 2019-13-01 is not a date on the calendar"},
        {"1. News\n\nA\n\nAugust 0, 2019\n", "line 5: block 1: August 0, 2019 is not a date on the calendar"},
        {"1. News\n\nA\n\n29 February 2019\n", "line 5: block 1: 29 February 2019 is not a date on the calendar"},
        {"1. News\n\nA\n\n2019-08-30\n\n30 August 2019\n", "line 7: block 1 has two dates"},
        {"1. News\n\nA\n\n2019-08-30\n\nB\n\n31\nFebruary 2019\n", "line 9: block 1 has two dates"},
        {"1. News\n\nA\n\n2.\n\nB", "line 5: block 2 has no kicker"},
        {"1. \xE3\x80\x80\n\nA", "line 1: block 1 has no kicker"},
        {"1. News\n\nA\n\n3. News\n\nC", "line 5: number 3 where 2 is due: a block may be missing"},
        {"8. News\n\nA\n\n8. News\n\nC", "line 5: number 8 where 9 is due: a block may be missing"},
        {"  1. News\n\n  A\n\n 1) News\n\n  C", "line 5: number 1 where 2 is due: a block may be missing"},
        {"1. News\n\n2019. A year\n", "line 3: number 2019 where 2 is due: a block may be missing"},
        {"\xFF", "line 1: not valid UTF-8"},
        {"1. News\n\nA\n\nSome \xC3\nwords", "line 5: not valid UTF-8"},
        {"1. News\n\nA\xED\xA0\x80", "line 3: not valid UTF-8"},
        {"1. News\n\nA\n\nb\nc\x1b[2J", "line 5: the paragraph holds a control character"},
        {"Page\x01\n\n1. News\n\nA", "line 1: the paragraph holds a control character"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char error[PLAIN_TEXT_ERROR_CAP];
        json_t *result = parse(cases[i].text, strlen(cases[i].text), error);
        assert_null(result);
        assert_string_equal(error, cases[i].error);
    }
    char error[PLAIN_TEXT_ERROR_CAP];
    assert_null(parse("1. News\n\nA\0B", 12, error));
    assert_string_equal(error, "line 3: not valid UTF-8");
}

/* Four megabytes of each shape that could make a careless reader slow: a quadratic one would take an hour. */
static void large_texts_take_little_time(void **state)
{
    (void)state;
    static const char *const units[] = {"a\n", "a\n\n", "1", "  1. News\n\n", "2019-08-30\n", " ", "\t\n"};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct buf text = BUF_EMPTY;
        buf_text(&text, "1. News\n\nA\n\n");
        while (text.len < ((size_t)1 << 22)) {
            buf_text(&text, units[i]);
        }
        char error[PLAIN_TEXT_ERROR_CAP];
        clock_t start = clock();
        json_decref(parse(text.data, text.len, error));
        assert_true(clock() - start < 60 * CLOCKS_PER_SEC);
        buf_release(&text);
    }
}

static void many_blocks_are_read(void **state)
{
    (void)state;
    enum { BLOCKS = 50000 };
    struct buf text = BUF_EMPTY;
    for (int i = 1; i <= BLOCKS; i++) {
        buf_format(&text, "%d. Series\n\nTitle %d\n\n", i, i);
    }
    char error[PLAIN_TEXT_ERROR_CAP];
    json_t *result = parse(text.data, text.len, error);
    assert_non_null(result);
    assert_int_equal(json_array_size(json_object_get(result, "items")), BLOCKS);
    const json_t *last = json_array_get(json_object_get(result, "guesses"), BLOCKS - 1);
    assert_int_equal(json_integer_value(json_object_get(last, "block")), BLOCKS);
    json_decref(result);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_give_their_items),
        cmocka_unit_test(odd_bytes_are_tolerated),
        cmocka_unit_test(a_text_that_does_not_fit_is_refused),
        cmocka_unit_test(large_texts_take_little_time),
        cmocka_unit_test(many_blocks_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
