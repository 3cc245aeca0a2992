#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "warta/server/guard.h"

enum { BODY_MAX = 1000, TEXT_CAP = 8192 };

/* Splits "Name: value\n" lines in place, at the first ": ". */
static size_t split_headers(char *text, struct header *headers)
{
    size_t len = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char *colon = strstr(line, ": ");
        assert_non_null(colon);
        *colon = '\0';
        headers[len++] = (struct header){.name = line, .value = colon + 2};
    }
    return len;
}

static struct guard_verdict check(const char *method, const char *target, const char *version, const char *headers)
{
    char text[TEXT_CAP];
    struct header list[GUARD_HEADERS_MAX + 2];
    snprintf(text, sizeof text, "%s", headers);
    struct guard_request request = {
        .method = method,
        .target = target,
        .version = version,
        .headers = list,
        .headers_len = split_headers(text, list),
        .body_max = BODY_MAX,
    };
    return guard_check(&request);
}

static void expect(const char *what, struct guard_verdict verdict, int status)
{
    if (verdict.status != status || (verdict.reason == NULL) != (status == 0)) {
        fail_msg("%s: expected %d, got %d (%s)", what, status, verdict.status, verdict.reason ? verdict.reason : "-");
    }
}

static void targets(void **state)
{
    static const struct {
        const char *target;
        int status;
    } cases[] = {
        {"/", 0},
        {"/items/co-operatives-in-asia", 0},
        {"/items/57.json", 0},
        {"/?", 0},
        {"/?type=news&type=project", 0},
        {"/?q=%E1%9E%81%E1%9F%92%E1%9E%98%E1%9F%82%E1%9E%9A", 0},
        {"/?next=%2Fadmin%2Fitems", 0},
        {"/?next=/../admin", 0},
        {"/?q=%5C", 0},
        {"/?q=a\\b|c{d}^`e", 0},
        {"/?q=a?b", 0},
        {"/a%20b", 0},
        {"/a.b/c..d/...", 0},
        {"/.well-known/security.txt", 0},
        {"/..a", 0},
        {"/a..", 0},
        {"/%2ea", 0},
        {"/%2e%2e%2e", 0},
        {"/a:b@c;d=e,f", 0},
        {"//double", 0},
        {"", 400},
        {"*", 400},
        {"items", 400},
        {"?q=a", 400},
        {"http://evil.example/", 400},
        {"evil.example:443", 400},
        {"/#part", 400},
        {"/?q=#part", 400},
        {"/a b", 400},
        {"/a\tb", 400},
        {"/a\rb", 400},
        {"/a\001b", 400},
        {"/a\177b", 400},
        {"/caf\xc3\xa9", 400},
        {"/?q=\xff", 400},
        {"/%", 400},
        {"/%4", 400},
        {"/%4g", 400},
        {"/%g4", 400},
        {"/%%41", 400},
        {"/?q=100%", 400},
        {"/?q=%u0041", 400},
        {"/%00", 400},
        {"/a?q=b%00c", 400},
        {"/a%2fb", 400},
        {"/a%2Fb", 400},
        {"/a%5cb", 400},
        {"/a%5Cb", 400},
        {"/a\\b", 400},
        {"/.", 400},
        {"/..", 400},
        {"/./", 400},
        {"/../etc/passwd", 400},
        {"/a/../b", 400},
        {"/a/..", 400},
        {"/a/.", 400},
        {"/a/..?q=b", 400},
        {"/%2e", 400},
        {"/%2E%2e/", 400},
        {"/a/.%2e/b", 400},
        {"/a/%2e./b", 400},
        {"/a/%2e?q", 400},
        {"//..", 400},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect(cases[i].target, check("GET", cases[i].target, "HTTP/1.1", "Host: a\n"), cases[i].status);
    }
}

static void methods(void **state)
{
    static const struct {
        const char *method;
        int status;
    } cases[] = {
        {"GET", 0},      {"HEAD", 0},   {"POST", 0},       {"OPTIONS", 0}, {"PROPFIND", 0},
        {"M-SEARCH", 0}, {"get", 0},    {"", 400},         {"GE T", 400},  {"G(T", 400},
        {"GET\t", 400},  {"GET:", 400}, {"\xc3\x84", 400}, {"G\001", 400}, {"\"G\"", 400},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect(cases[i].method, check(cases[i].method, "/", "HTTP/1.1", "Host: a\n"), cases[i].status);
    }
}

static void header_fields(void **state)
{
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"Host: example.org\n", 0},
        {"host: example.org:8080\n", 0},
        {"Host: 127.0.0.1\n", 0},
        {"Host: [::1]\n", 0},
        {"Host: [2001:db8::1]:80\n", 0},
        {"Host: a:\n", 0},
        {"Host: xn--bcher-kva.example\n", 0},
        {"", 400},
        {"Accept: */*\n", 400},
        {"Host: \n", 400},
        {"Host: a\nHost: a\n", 400},
        {"Host: a\nhOST: b\n", 400},
        {"Host: a, b\n", 400},
        {"Host: a,b\n", 400},
        {"Host: a b\n", 400},
        {"Host: a/b\n", 400},
        {"Host: a@b\n", 400},
        {"Host: a?b\n", 400},
        {"Host: a:80x\n", 400},
        {"Host: a:b:c\n", 400},
        {"Host: :80\n", 400},
        {"Host: ::1\n", 400},
        {"Host: [::1\n", 400},
        {"Host: []\n", 400},
        {"Host: [::1]x\n", 400},
        {"Host: caf\xc3\xa9.example\n", 400},
        {"Host: a\nX-Y: caf\xc3\xa9\ttab\n", 0},
        {"Host: a\nX-Y: \n", 0},
        {"Host: a\nCookie: a=b\nCookie: c=d\n", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect(cases[i].headers, check("GET", "/", "HTTP/1.1", cases[i].headers), cases[i].status);
    }
}

static void bodies_are_bounded(void **state)
{
    (void)state;
    expect("none", check("POST", "/", "HTTP/1.1", "Host: a\nContent-Length: 0\n"), 0);
    expect("longest", check("POST", "/", "HTTP/1.1", "Host: a\nContent-Length: 1000\n"), 0);
    expect("longer", check("POST", "/", "HTTP/1.1", "Host: a\nContent-Length: 1001\n"), 413);
    expect("ten digits", check("POST", "/", "HTTP/1.1", "Host: a\nContent-Length: 9999999999\n"), 413);
    expect("chunked", check("POST", "/", "HTTP/1.1", "Host: a\nTransfer-Encoding: chunked\n"), 0);
}

static void http_1_0_may_lack_host_but_not_send_chunks(void **state)
{
    (void)state;
    expect("no Host", check("GET", "/", "HTTP/1.0", ""), 0);
    expect("two Hosts", check("GET", "/", "HTTP/1.0", "Host: a\nHost: a\n"), 400);
    expect("chunked", check("POST", "/", "HTTP/1.0", "Transfer-Encoding: chunked\n"), 400);
    expect("later minor version", check("GET", "/", "HTTP/1.2", ""), 400);
}

static void lengths_are_bounded(void **state)
{
    (void)state;
    char target[GUARD_TARGET_MAX + 2];
    memset(target, 'a', sizeof target);
    target[0] = '/';
    target[GUARD_TARGET_MAX] = '\0';
    expect("longest target", check("GET", target, "HTTP/1.1", "Host: a\n"), 0);
    target[GUARD_TARGET_MAX] = 'a';
    target[GUARD_TARGET_MAX + 1] = '\0';
    expect("longer target", check("GET", target, "HTTP/1.1", "Host: a\n"), 414);

    char host[300] = "Host: ";
    memset(host + strlen(host), 'a', 270);
    expect("long host", check("GET", "/", "HTTP/1.1", host), 400);
}

static void body_length_is_read(void **state)
{
    (void)state;
    const struct header length = {.name = "content-length", .value = "0000000042"};
    struct guard_request request = {.headers = &length, .headers_len = 1};
    assert_int_equal(guard_body_len(&request), 42);
    request.headers_len = 0;
    assert_int_equal(guard_body_len(&request), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets),
        cmocka_unit_test(methods),
        cmocka_unit_test(header_fields),
        cmocka_unit_test(bodies_are_bounded),
        cmocka_unit_test(http_1_0_may_lack_host_but_not_send_chunks),
        cmocka_unit_test(lengths_are_bounded),
        cmocka_unit_test(body_length_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
