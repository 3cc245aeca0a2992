#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "warta/base/buf.h"
#include "warta/server/multipart.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TYPE "multipart/form-data; boundary=xYz"
#define DISPOSITION "Content-Disposition: form-data; "

/* What is told, as one line: name|file name|bytes; for each part. */
static void note_begin(void *context, const char *name, const char *file_name)
{
    buf_format(context, "%s|%s|", name == NULL ? "-" : name, file_name == NULL ? "-" : file_name);
}

static void note_bytes(void *context, const char *bytes, size_t len)
{
    assert_true(len > 0);
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\0')
            buf_text(context, "\\0");
        else
            buf_char(context, bytes[i]);
    }
}

static void note_end(void *context)
{
    buf_char(context, ';');
}

static const struct multipart_events events = {.begin = note_begin, .bytes = note_bytes, .end = note_end};

/* Reads a body in two pieces, or in pieces of one byte where `cut` is SIZE_MAX, each in memory of its own. */
static bool read_cut(const char *body, size_t len, size_t cut, struct buf *told)
{
    struct multipart multipart;
    assert_true(multipart_init(&multipart, TYPE, &events, told));
    for (size_t at = 0; at < len;) {
        size_t piece = cut == SIZE_MAX ? 1 : (at == 0 && cut > 0 ? cut : len - at);
        char *copy = malloc(piece);
        memcpy(copy, body + at, piece);
        multipart_read(&multipart, copy, piece);
        free(copy);
        at += piece;
    }
    bool whole = multipart_whole(&multipart);
    multipart_release(&multipart);
    return whole;
}

struct row {
    const char *body;
    size_t len; /* 0: it is a string */
    const char *told;
    bool whole;
};

#define BYTES(text) text, sizeof text - 1

static const struct row rows[] = {
    {"--xYz\r\n" DISPOSITION "name=\"a\"\r\n\r\nb\r\n--xYz--\r\n", 0, "a|-|b;", true},
    {"--xYz\r\n" DISPOSITION "name=\"a\"\r\n\r\nb\r\n--xYz--", 0, "a|-|b;", true},
    {"--xYz\r\n" DISPOSITION "name=\"a\"\r\n\r\n\r\n--xYz\r\n" DISPOSITION "name=\"a\"\r\n\r\nb\r\n--xYz--\r\n", 0,
     "a|-|;a|-|b;", true},
    {"--xYz\r\ncontent-disposition:form-data;name=a;filename=b.png\r\nContent-Type: image/png\r\n\r\nc\r\n--xYz--\r\n",
     0, "a|b.png|c;", true},
    {"--xYz\r\n" DISPOSITION "filename=\"\"; name=\"a\"\r\n\r\n\r\n--xYz--\r\n", 0, "a||;", true},
    {"--xYz\r\n" DISPOSITION "name=\"a\"; filename=\"../../x;y.png\"\r\n\r\nb\r\n--xYz--", 0, "a|../../x;y.png|b;",
     true},
    {"--xYz\r\n" DISPOSITION "name=\"a\"; filename=\"C:\\x\\\"y\\\".png\"\r\n\r\nb\r\n--xYz--", 0,
     "a|C:\\x\"y\".png|b;", true},
    {"--xYz\r\n" DISPOSITION "name=\"a\"; filename*=UTF-8''b\r\n\r\nc\r\n--xYz--", 0, "a|-|c;", true},
    {"--xYz\r\n" DISPOSITION "filename=\"name=\\\"b\\\"\"; NAME=\"a\"; name=\"c\"\r\n\r\n\r\n--xYz--", 0,
     "a|name=\"b\"|;", true},
    {"--xYz\r\n" DISPOSITION "name=\"a\r\n\r\nb\r\n--xYz--", 0, "a|-|b;", true},
    {"--xYz\r\nX-A: b\r\n" DISPOSITION "name=\"a\"\r\n" DISPOSITION "name=\"c\"\r\n\r\nb\r\n--xYz--", 0, "a|-|b;",
     true},
    {"--xYz\r\n" DISPOSITION "\r\n" DISPOSITION "name=\"c\"\r\n\r\nb\r\n--xYz--", 0, "-|-|b;", true},
    {"--xYz\r\n\r\nb\r\n--xYz--", 0, "-|-|b;", true},
    {"--xYz--", 0, "", true},
    {"before\r\n-\r\n--\r\n--xY\r\n--xYz\r\n\r\nb\r\n--xYz--behind\r\n--xYz\r\n", 0, "-|-|b;", true},
    {"--xYz\r\n\r\n\r\n\r\n--\r\n--xY\r\r\n--xYZ\r\n\r\n--xYz--", 0, "-|-|\r\n\r\n--\r\n--xY\r\r\n--xYZ\r\n;", true},
    {"--xYz\r\n\r\n--xYz\r\n--xYz--", 0, "-|-|--xYz;", true},
    {BYTES("--xYz\r\n\r\na\0b\xff\r\n--xYz--"), "-|-|a\\0b\xff;", true},
    {"", 0, "", false},
    {"a=b&c=d", 0, "", false},
    {"--xYz", 0, "", false},
    {"--xYz-", 0, "", false},
    {"--xYz\r\n", 0, "", false},
    {"--xYz\r\n" DISPOSITION "name=\"a\"\r\n", 0, "", false},
    {"--xYz\r\n" DISPOSITION "name=\"a\"\r\n\r\n", 0, "a|-|", false},
    {"--xYz\r\n\r\nb\r\n--xYz", 0, "-|-|b;", false},
    {"--xYz\r\n\r\nb\r\n--xYzz\r\n--xYz--", 0, "-|-|b;", false},
    {"--xYz \r\n\r\nb\r\n--xYz--", 0, "", false},
    {"--xYz\n\nb\n--xYz--\n", 0, "", false},
    {BYTES("--xYz\r\n" DISPOSITION "name=\"a\0b\"\r\n\r\nb\r\n--xYz--"), "", false},
};

/* Wherever the network cuts a body, the same is told of it. */
static void bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = rows[i].len > 0 ? rows[i].len : strlen(rows[i].body);
        for (size_t cut = 0; cut <= len; cut++) {
            struct buf told = BUF_EMPTY;
            bool whole = read_cut(rows[i].body, len, cut == len ? SIZE_MAX : cut, &told);
            if (strcmp(buf_string(&told), rows[i].told) != 0 || whole != rows[i].whole)
                fail_msg("row %zu cut at %zu: told %s, %s", i, cut, buf_string(&told), whole ? "whole" : "not whole");
            buf_release(&told);
        }
    }
}

static void types(void **state)
{
    (void)state;
    static const char longest[] = "0123456789012345678901234567890123456789012345678901234567890123456789";
    static const struct {
        const char *type;
        bool is;
        const char *delimiter; /* NULL: refused */
    } types[] = {
        {"multipart/form-data; boundary=a", true, "\r\n--a"},
        {"Multipart/Form-Data;BOUNDARY=\"a b:'\" ", true, "\r\n--a b:'"},
        {"multipart/form-data ; charset=utf-8; boundary=----WebKitFormBoundary7Ab; a=b", true,
         "\r\n------WebKitFormBoundary7Ab"},
        {"multipart/form-data; boundary=a \t", true, "\r\n--a"},
        {"multipart/form-data", true, NULL},
        {"multipart/form-data; boundary", true, NULL},
        {"multipart/form-data; boundary=", true, NULL},
        {"multipart/form-data; boundary=\"\"", true, NULL},
        {"multipart/form-data; boundary=\"", true, NULL},
        {"multipart/form-data; xboundary=a", true, NULL},
        {"multipart/form-data; a=\"; boundary=b\"", true, NULL},
        {"multipart/mixed; boundary=a", false, NULL},
        {"multipart/form-database; boundary=a", false, NULL},
        {"application/x-www-form-urlencoded", false, NULL},
        {"", false, NULL},
        {NULL, false, NULL},
    };
    struct multipart multipart;
    char type[200];
    for (size_t i = 0; i < COUNT(types); i++) {
        assert_int_equal(multipart_is(types[i].type), types[i].is);
        if (!types[i].is)
            continue;
        bool taken = multipart_init(&multipart, types[i].type, &events, NULL);
        assert_int_equal(taken, types[i].delimiter != NULL);
        if (!taken)
            continue;
        assert_int_equal(multipart.delimiter_len, strlen(types[i].delimiter));
        assert_memory_equal(multipart.delimiter, types[i].delimiter, multipart.delimiter_len);
        multipart_release(&multipart);
    }
    snprintf(type, sizeof type, "multipart/form-data; boundary=%s", longest);
    assert_true(multipart_init(&multipart, type, &events, NULL));
    multipart_release(&multipart);
    snprintf(type, sizeof type, "multipart/form-data; boundary=%sx", longest);
    assert_false(multipart_init(&multipart, type, &events, NULL));
}

static bool read_head(size_t head_len)
{
    struct buf body = BUF_EMPTY, told = BUF_EMPTY;
    buf_text(&body, "--xYz\r\nX: ");
    while (body.len < strlen("--xYz") + head_len)
        buf_char(&body, 'y');
    buf_text(&body, "\r\n\r\nb\r\n--xYz--");
    bool whole = read_cut(body.data, body.len, 0, &told);
    assert_int_equal(read_cut(body.data, body.len, SIZE_MAX, &told), whole);
    buf_release(&body);
    buf_release(&told);
    return whole;
}

static void long_heads(void **state)
{
    (void)state;
    assert_true(read_head(MULTIPART_HEAD_MAX));
    assert_false(read_head(MULTIPART_HEAD_MAX + 1));
}

/* Nothing is kept of a value but what may begin a delimiter. */
static void large_value(void **state)
{
    (void)state;
    enum { PIECE = 16384, PIECES = 500 };
    static char piece[PIECE];
    static const char start[] = "--xYz\r\n\r\n", end[] = "\r\n--xYz--";
    struct buf told = BUF_EMPTY;
    struct multipart multipart;
    memset(piece, '-', PIECE);
    assert_true(multipart_init(&multipart, TYPE, &events, &told));
    multipart_read(&multipart, start, strlen(start));
    for (int i = 0; i < PIECES; i++) {
        multipart_read(&multipart, piece, PIECE);
        assert_true(multipart.pending.capacity <= 4 * PIECE);
    }
    multipart_read(&multipart, end, strlen(end));
    assert_true(multipart_whole(&multipart));
    assert_int_equal(told.len, strlen("-|-|;") + (size_t)PIECE * PIECES);
    multipart_release(&multipart);
    buf_release(&told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),
        cmocka_unit_test(types),
        cmocka_unit_test(long_heads),
        cmocka_unit_test(large_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
