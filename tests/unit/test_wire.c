#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "warta/server/wire.h"

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define CHUNKED "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:chunked\r\n\r\n"
#define HEADER(line) "GET / HTTP/1.1\r\nHost: a\r\n" line "\r\n\r\n"
#define LENGTH(value, body) "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:" value "\r\n\r\n" body
#define TEXT(text) text, sizeof text - 1
#define SAME(text) text, sizeof text - 1, text, sizeof text - 1

/* What follows a request in order is one more, so that its end is known to be found. */
static const struct {
    const char *bytes;
    size_t len;
    const char *handed_on;
    size_t handed_on_len;
} good[] = {
    {SAME(GET)},
    {TEXT("\r\n\r\n" GET), TEXT(GET)},
    {SAME("BREW /?q=1#x&a HTTP/1.9\r\n\r\n")},
    {SAME("GET /caf\xc3\xa9 HTTP/1.0\r\n\r\n")},
    {SAME(HEADER("X-A:"))},
    {SAME(HEADER("X-A: \t b c\t"))},
    {SAME(HEADER("X-A: caf\xc3\xa9"))},
    {SAME(HEADER("!#$%&'*+-.^_`|~09azAZ: b"))},
    {SAME(HEADER("Cookie: a=b; c=d\r\ncookie: "))},
    {SAME(HEADER("Content-Lengths: b\r\nXransfer-Encoding: b\r\nXookie: b"))},
    {SAME(HEADER("Content-Length:0"))},
    {SAME(LENGTH("5", "hello"))},
    {SAME(LENGTH("0000000005", "\0\r\n\n\r"))},
    {TEXT(LENGTH("\t5 \t ", "GET /")), TEXT(LENGTH("5", "GET /"))},
    {SAME(CHUNKED "0\r\n\r\n")},
    {TEXT("POST / HTTP/1.1\r\ntransfer-encoding:\tCHUNKED \r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
     TEXT("POST / HTTP/1.1\r\ntransfer-encoding:CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n")},
    {TEXT(CHUNKED "5;a=b\r\nhello\r\n00a \t ; c=\"d;\"\r\n0123456789\r\n000;\r\n\r\n"),
     TEXT(CHUNKED "5\r\nhello\r\n00a\r\n0123456789\r\n000\r\n\r\n")},
    {SAME(CHUNKED "0000000000000001\r\na\r\n0000000000000000\r\n\r\n")},
    {TEXT(CHUNKED "1\r\n\n\r\n1\r\n\0\r\n0;x\r\nCookie: a=b\r\nX: \r\n\r\n"),
     TEXT(CHUNKED "1\r\n\n\r\n1\r\n\0\r\n0\r\n\r\n")},
};

static const struct {
    const char *bytes;
    size_t len;
    int status;
} bad[] = {
    {TEXT("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {TEXT("GET /  HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {TEXT(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {TEXT("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 400},
    {TEXT("GET /\r\nHost: a\r\n\r\n"), 400},
    {TEXT("GET / a HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {TEXT("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {TEXT("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {TEXT("GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {TEXT("GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {TEXT("GET / HTTP/1.1\nHost: a\r\n\r\n"), 400},
    {TEXT("GET / HTTP/1.\r\n\r\n"), 400},
    {TEXT("GET / HTTP/1.10\r\n\r\n"), 400},
    {TEXT("GET / http/1.1\r\n\r\n"), 400},
    {TEXT("GET / XHTTP/1.1\r\n\r\n"), 400},
    {TEXT("GET HTTP/1.1\r\n\r\n"), 400},
    {TEXT("GET / HTTP/0.9\r\n\r\n"), 505},
    {TEXT("PRI * HTTP/2.0\r\n\r\n"), 505},
    {TEXT("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {TEXT("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400},
    {TEXT("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400},
    {TEXT("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"), 400},
    {TEXT("GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n"), 400},
    {TEXT(HEADER("X-A: b\0c")), 400},
    {TEXT(HEADER("X-A: \x1b[31m")), 400},
    {TEXT(HEADER("X\0A: b")), 400},
    {TEXT(HEADER("X-A: b\r\n folded")), 400},
    {TEXT(HEADER("X-A: b\r\n\tfolded")), 400},
    {TEXT("GET / HTTP/1.1\r\n folded: a\r\n\r\n"), 400},
    {TEXT(HEADER(": nameless")), 400},
    {TEXT("GET / HTTP/1.1\r\nHost: a\r\nY0: b\nY1: b\nY2: b\n: x\r\n" GET), 400},
    {TEXT(HEADER("X-A : b")), 400},
    {TEXT(HEADER("X(A): b")), 400},
    {TEXT(HEADER("X\xc3\xa9: b")), 400},
    {TEXT(HEADER("nonsense")), 400},
    {TEXT(LENGTH("", "")), 400},
    {TEXT(LENGTH(" ", "")), 400},
    {TEXT(LENGTH(" -1", "")), 400},
    {TEXT(LENGTH(" +1", "a")), 400},
    {TEXT(LENGTH(" 1 1", "a")), 400},
    {TEXT(LENGTH(" 1\t ,", "a")), 400},
    {TEXT(LENGTH(" 1,1", "a")), 400},
    {TEXT(LENGTH(" 0x1", "a")), 400},
    {TEXT(LENGTH(" 10000000000", "")), 400},
    {TEXT(LENGTH(" 99999999999999999999999999", "")), 400},
    {TEXT(LENGTH(" 1\r\nContent-Length: 1", "a")), 400},
    {TEXT(LENGTH(" 0\r\ncontent-length: 2", "aa")), 400},
    {TEXT(LENGTH(" 1\r\nTransfer-Encoding: chunked", "0\r\n\r\n")), 400},
    {TEXT(HEADER("Transfer-Encoding: chunked\r\nContent-Length: 1")), 400},
    {TEXT(HEADER("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")), 400},
    {TEXT(HEADER("Transfer-Encoding:")), 400},
    {TEXT(HEADER("Transfer-Encoding: identity")), 400},
    {TEXT(HEADER("Transfer-Encoding: gzip, chunked")), 400},
    {TEXT(HEADER("Transfer-Encoding: chun ked")), 400},
    {TEXT(HEADER("Transfer-Encoding: chunked, chunked, chunked, chunked")), 400},
    {TEXT(CHUNKED "5\nhello\r\n0\r\n\r\n"), 400},
    {TEXT(CHUNKED "5\r\rhello\r\n0\r\n\r\n"), 400},
    {TEXT(CHUNKED "5\r\nhello\n0\r\n\r\n"), 400},
    {TEXT(CHUNKED "5\r\nhello\r\r0\r\n\r\n"), 400},
    {TEXT(CHUNKED "5\r\nhelloo\r\n0\r\n\r\n"), 400},
    {TEXT(CHUNKED "5\r\nhello\r\n0\r\n\n"), 400},
    {TEXT(CHUNKED "\r\nhello\r\n0\r\n\r\n"), 400},
    {TEXT(CHUNKED ";a\r\nhello\r\n0\r\n\r\n"), 400},
    {TEXT(CHUNKED "0x5\r\nhello\r\n0\r\n\r\n"), 400},
    {TEXT(CHUNKED "-5\r\nhello\r\n0\r\n\r\n"), 400},
    {TEXT(CHUNKED "5 \r\nhello\r\n0\r\n\r\n"), 400},
    {TEXT(CHUNKED "5 5\r\nhello\r\n0\r\n\r\n"), 400},
    {TEXT(CHUNKED " 5\r\nhello\r\n0\r\n\r\n"), 400},
    {TEXT(CHUNKED "5;a\0\r\nhello\r\n0\r\n\r\n"), 400},
    {TEXT(CHUNKED "10000000000000000\r\n"), 400},
    {TEXT(CHUNKED "0\r\nX: a\r\n folded\r\n\r\n"), 400},
    {TEXT(CHUNKED "0\r\nX: a\0\r\n\r\n"), 400},
    {TEXT(CHUNKED "0\r\n: a\r\n\r\n"), 400},
    {TEXT(CHUNKED "0\r\nX: a\n\r\n"), 400},
    {TEXT(CHUNKED "0\r\nnonsense\r\n\r\n"), 400},
};

/* Reads bytes in pieces of that size: what may be handed on in all, at their front. */
static size_t read_in(struct wire *wire, size_t piece, char *bytes, size_t len)
{
    size_t handed_on = 0;
    for (size_t at = 0; at < len && wire->reason == NULL; at += piece) {
        size_t part = wire_read(wire, bytes + at, len - at < piece ? len - at : piece);
        memmove(bytes + handed_on, bytes + at, part);
        handed_on += part;
    }
    return handed_on;
}

static char *joined(const char *a, size_t a_len, const char *b, size_t b_len)
{
    char *text = malloc(a_len + b_len + 1);
    assert_non_null(text);
    memcpy(text, a, a_len);
    memcpy(text + a_len, b, b_len);
    return text;
}

static void what_is_in_order_is_handed_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t len = good[i].len + strlen(GET);
        char *expected = joined(good[i].handed_on, good[i].handed_on_len, GET, strlen(GET));
        for (size_t piece = 1; piece <= len; piece++) {
            char *bytes = joined(good[i].bytes, good[i].len, GET, strlen(GET));
            struct wire wire = {0};
            size_t handed_on = read_in(&wire, piece, bytes, len);
            if (wire.reason != NULL || handed_on != good[i].handed_on_len + strlen(GET) ||
                memcmp(bytes, expected, handed_on) != 0)
                fail_msg("%s in pieces of %zu: %zu of %zu, %s", good[i].bytes, piece, handed_on, len, wire.reason);
            assert_int_equal(wire.len, 0); /* between two requests */
            assert_int_equal(wire.requests, 2);
            free(bytes);
        }
        free(expected);
    }
}

/* Of a malformed request that comes at once with the one before, nothing is handed on. */
static void what_is_malformed_is_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t len = strlen(GET) + bad[i].len;
        for (size_t piece = 1; piece <= len; piece++) {
            char *bytes = joined(GET, strlen(GET), bad[i].bytes, bad[i].len);
            char more[] = GET;
            struct wire wire = {0};
            size_t handed_on = read_in(&wire, piece, bytes, len);
            if (wire.reason == NULL || wire.status != bad[i].status || (piece == len && handed_on != strlen(GET)))
                fail_msg("row %zu, %s in pieces of %zu: %d, %zu handed on", i, bad[i].bytes, piece, wire.status,
                         handed_on);
            assert_int_equal(wire_read(&wire, more, strlen(more)), 0);
            assert_int_equal(wire.requests, 1);
            free(bytes);
        }
    }
}

static void read_copy(struct wire *wire, const char *text)
{
    char *copy = strdup(text);
    assert_non_null(copy);
    wire_read(wire, copy, strlen(copy));
    free(copy);
}

static void expect_repeated(const char *begin, const char *part, size_t times, const char *end, int status)
{
    struct wire wire = {0};
    read_copy(&wire, begin);
    for (size_t i = 0; i < times; i++)
        read_copy(&wire, part);
    read_copy(&wire, end);
    if (wire.status != status)
        fail_msg("%s + %zu times %s: %d", begin, times, part, wire.status);
}

static void lengths_are_bounded(void **state)
{
    (void)state;
    expect_repeated("GET /", "a", 4095, " HTTP/1.1\r\n\r\n", 0);
    expect_repeated("GET /", "a", 5000, " HTTP/1.1\r\n\r\n", 414);
    expect_repeated("GET / HTTP/1.1\r\n", "A: b\r\n", 64, "\r\n", 0);
    expect_repeated("GET / HTTP/1.1\r\n", "A: b\r\n", 65, "\r\n", 431);
    expect_repeated("GET / HTTP/1.1\r\nA: ", "a", 8000, "\r\n\r\n", 0);
    expect_repeated("GET / HTTP/1.1\r\nA: ", "a", 10000, "\r\n\r\n", 431);
    expect_repeated("GET / HTTP/1.1\r\n", "a", 10000, ": b\r\n\r\n", 431);
    expect_repeated("GET /?", "&", 150, " HTTP/1.1\r\n\r\n", 0);
    expect_repeated("GET /?", "&", 200, " HTTP/1.1\r\n\r\n", 414);
    expect_repeated("GET / HTTP/1.1\r\nCookie: a", ";", 150, "\r\n\r\n", 0);
    expect_repeated("GET / HTTP/1.1\r\nCookie: a", ";", 200, "\r\n\r\n", 431);
    expect_repeated("GET / HTTP/1.1\r\nX-A: a", ";", 200, "\r\n\r\n", 0);
    expect_repeated("", "\r\n", 5000, GET, 431);
    expect_repeated(CHUNKED, "1\r\na\r\n", 50000, "0\r\n\r\n", 0);
    expect_repeated(CHUNKED "1;", "a", 20000, "\r\na\r\n0\r\n\r\n", 400);
    expect_repeated(CHUNKED "0\r\n", "A: b\r\n", 5000, "\r\n", 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_order_is_handed_on),
        cmocka_unit_test(what_is_malformed_is_not),
        cmocka_unit_test(lengths_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
