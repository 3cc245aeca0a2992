#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "warta/http/client.h"

static const char loopback[] = "127.0.0.0/8,::1/128";

/* What a peer with these X-Forwarded-For lines comes down to. */
struct address_case {
    const char *peer;
    const char *trusted;
    const char *lines[3];
    const char *client;
};

static const struct address_case address_cases[] = {
    /* a peer that is not trusted speaks for itself */
    {"203.0.113.9", loopback, {0}, "203.0.113.9"},
    {"203.0.113.9", loopback, {"198.51.100.1"}, "203.0.113.9"},
    {"203.0.113.9", loopback, {"127.0.0.1"}, "203.0.113.9"},
    {"::ffff:203.0.113.9", loopback, {"198.51.100.1"}, "203.0.113.9"},
    {"2001:DB8:0:0::9", loopback, {0}, "2001:db8::9"},
    {"127.0.0.1", "", {"198.51.100.1"}, "127.0.0.1"},
    /* a trusted one tells the client */
    {"127.0.0.1", loopback, {0}, "127.0.0.1"},
    {"127.0.0.1", loopback, {"198.51.100.1"}, "198.51.100.1"},
    {"127.9.9.9", loopback, {"198.51.100.1"}, "198.51.100.1"},
    {"::1", loopback, {"198.51.100.1"}, "198.51.100.1"},
    {"::ffff:127.0.0.1", loopback, {"198.51.100.1"}, "198.51.100.1"},
    {"::2", loopback, {"198.51.100.1"}, "::2"},
    {"128.0.0.1", loopback, {"198.51.100.1"}, "128.0.0.1"},
    /* what the client made up stands to the left of what the proxy added */
    {"127.0.0.1", loopback, {"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
    {"127.0.0.1", loopback, {"127.0.0.1, 198.51.100.1"}, "198.51.100.1"},
    {"127.0.0.1", loopback, {"1.1.1.1", "198.51.100.1"}, "198.51.100.1"},
    {"127.0.0.1", loopback, {"127.0.0.2", "1.1.1.1,127.0.0.3", "127.0.0.4"}, "1.1.1.1"},
    /* several proxies */
    {"127.0.0.1", "127.0.0.1, 10.0.0.0/8", {"1.1.1.1, 198.51.100.1, 10.2.3.4"}, "198.51.100.1"},
    {"10.0.0.1", "10.0.0.0/8,2001:db8::/32", {"198.51.100.1, 2001:db8:ffff::1"}, "198.51.100.1"},
    {"10.0.0.1", "10.0.0.0/8,2001:db8::/32", {"198.51.100.1, 2001:db9::1"}, "2001:db9::1"},
    {"10.0.0.1", "10.0.0.0/8", {"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
    {"10.0.0.1", "10.0.0.0/9", {"10.128.0.1, 10.127.0.1"}, "10.128.0.1"},
    {"192.0.2.7", "0.0.0.0/0", {"198.51.100.1, 198.51.100.2"}, "198.51.100.1"},
    {"192.0.2.7", "::/0", {"198.51.100.1, 2001:db8::2"}, "198.51.100.1"},
    {"2001:db8::1", "0.0.0.0/0", {"198.51.100.1"}, "2001:db8::1"},
    {"192.0.2.7", "::ffff:192.0.2.0/120", {"198.51.100.1"}, "198.51.100.1"},
    /* forms */
    {"127.0.0.1", loopback, {"198.51.100.1:4711"}, "198.51.100.1"},
    {"127.0.0.1", loopback, {"[2001:db8::5]:4711"}, "2001:db8::5"},
    {"127.0.0.1", loopback, {"[2001:db8::5]"}, "2001:db8::5"},
    {"127.0.0.1", loopback, {"2001:db8::5"}, "2001:db8::5"},
    {"127.0.0.1", loopback, {"::ffff:198.51.100.1"}, "198.51.100.1"},
    {"127.0.0.1", loopback, {"[::ffff:198.51.100.1]:80"}, "198.51.100.1"},
    {"127.0.0.1", loopback, {" \t198.51.100.1 "}, "198.51.100.1"},
    {"127.0.0.1", loopback, {", 198.51.100.1, , "}, "198.51.100.1"},
    {"127.0.0.1", loopback, {"", "198.51.100.1", ""}, "198.51.100.1"},
    {"127.0.0.1", loopback, {"", " , "}, "127.0.0.1"},
    /* garbage ends the walk at what was good */
    {"127.0.0.1", loopback, {"unknown"}, "127.0.0.1"},
    {"127.0.0.1", loopback, {"198.51.100.1, unknown"}, "127.0.0.1"},
    {"127.0.0.1", loopback, {"198.51.100.1", "_hidden"}, "127.0.0.1"},
    {"127.0.0.1", "127.0.0.1,10.0.0.0/8", {"198.51.100.1, junk, 10.0.0.5"}, "10.0.0.5"},
    {"127.0.0.1", loopback, {"198.51.100.1, <script>"}, "127.0.0.1"},
    {"127.0.0.1", loopback, {"198.51.100"}, "127.0.0.1"},
    {"127.0.0.1", loopback, {"198.51.100.256"}, "127.0.0.1"},
    {"127.0.0.1", loopback, {"198.51.100.1:"}, "127.0.0.1"},
    {"127.0.0.1", loopback, {"198.51.100.1:99999"}, "127.0.0.1"},
    {"127.0.0.1", loopback, {"198.51.100.1:x"}, "127.0.0.1"},
    {"127.0.0.1", loopback, {"[198.51.100.1"}, "127.0.0.1"},
    {"127.0.0.1", loopback, {"[2001:db8::5]x"}, "127.0.0.1"},
    {"127.0.0.1", loopback, {"[]"}, "127.0.0.1"},
    {"127.0.0.1", loopback, {":"}, "127.0.0.1"},
    {"127.0.0.1", loopback, {"2001:db8::5::1"}, "127.0.0.1"},
    {"127.0.0.1", loopback, {"fe80::1%eth0"}, "127.0.0.1"},
    {"127.0.0.1", loopback, {"198.51.100.1 198.51.100.2"}, "127.0.0.1"},
    {"127.0.0.1", loopback, {"1111111111111111111111111111111111111111111111111111111111111111111111"}, "127.0.0.1"},
    /* a unix socket's peer is who may open the socket */
    {"", loopback, {0}, "127.0.0.1"},
    {"", loopback, {"198.51.100.1"}, "198.51.100.1"},
    {"", "10.0.0.0/8", {"198.51.100.1"}, "198.51.100.1"},
    {"", "10.0.0.0/8", {"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
    {"not an address", loopback, {"198.51.100.1"}, ""},
};

static void check_address(const struct address_case *c)
{
    struct header headers[] = {
        {"Host", "198.51.100.77"}, {"X-Forwarded-For"}, {"x-forwarded-for"}, {"X-FORWARDED-FOR"}};
    size_t len = 1;
    for (size_t i = 0; i < 3 && c->lines[i] != NULL; i++)
        headers[len++].value = c->lines[i];
    const struct request request = {.client = c->peer, .headers = headers, .headers_len = len};
    char out[CLIENT_CAP];
    client_address(&request, c->trusted, out);
    if (strcmp(out, c->client) != 0)
        fail_msg("%s through \"%s\", \"%s\" is \"%s\", not \"%s\"", c->peer, c->trusted,
                 c->lines[0] == NULL ? "" : c->lines[0], out, c->client);
}

static void test_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof address_cases / sizeof *address_cases; i++)
        check_address(&address_cases[i]);
}

static void test_address_text(void **state)
{
    (void)state;
    struct arena arena;
    const struct request request = {.client = "203.0.113.9"};
    arena_init(&arena);
    assert_string_equal(client_address_text(&arena, &request, loopback), "203.0.113.9");
    arena_release(&arena);
}

static void test_networks_valid(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",          " ",    "127.0.0.0/8,::1/128", "10.0.0.1",           "2001:db8::/32", " ::1 , 10.0.0.0/8 ",
        "0.0.0.0/0", "::/0", "255.255.255.255/32",  "::ffff:10.0.0.0/104"};
    static const char *const bad[] = {"localhost",
                                      "10.0.0.0/33",
                                      "::1/129",
                                      "10.0.0.0/",
                                      "10.0.0.0/-1",
                                      "10.0.0.0/8x",
                                      "10.0.0/8",
                                      "10.0.0.0/ 8",
                                      ",",
                                      "10.0.0.1,",
                                      "10.0.0.1;10.0.0.2",
                                      "[::1]",
                                      "10.0.0.1:80",
                                      "10.0.0.0/4294967304",
                                      "*",
                                      "1111111111111111111111111111111111111111111111111111111111111111111111"};
    char error[120];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!client_networks_valid(good[i], error, sizeof error))
            fail_msg("\"%s\" is refused: %s", good[i], error);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        *error = '\0';
        if (client_networks_valid(bad[i], error, sizeof error))
            fail_msg("\"%s\" is taken", bad[i]);
        assert_non_null(strstr(error, "is no network"));
    }
    assert_false(client_networks_valid("10.0.0.0/8, here,::1", error, sizeof error));
    assert_non_null(strstr(error, "here"));
    assert_null(strstr(error, "::1"));
}

static void test_network(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"203.0.113.9", "203.0.113.0/24"},
        {"255.255.255.255", "255.255.255.0/24"},
        {"::ffff:203.0.113.9", "203.0.113.0/24"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
        {"2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff::/64"},
        {"::1", "::/64"},
        {"", ""},
        {"nowhere", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[CLIENT_CAP];
        client_network(cases[i][0], out);
        assert_string_equal(out, cases[i][1]);
    }
}

static void test_shown(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        enum log_clients clients;
        const char *shown;
    } cases[] = {
        {"203.0.113.9", LOG_CLIENTS_FULL, "203.0.113.9"},
        {"203.0.113.9", LOG_CLIENTS_MASKED, "203.0.113.0/24"},
        {"203.0.113.9", LOG_CLIENTS_NONE, "-"},
        {"2001:db8:1:2:3:4:5:6", LOG_CLIENTS_MASKED, "2001:db8:1:2::/64"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", LOG_CLIENTS_FULL, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"", LOG_CLIENTS_FULL, "-"},
        {"", LOG_CLIENTS_MASKED, "-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[CLIENT_CAP];
        client_shown(cases[i].address, cases[i].clients, out);
        assert_string_equal(out, cases[i].shown);
    }
}

static void test_within(void **state)
{
    (void)state;
    static const struct {
        const char *address, *networks;
        bool within;
    } cases[] = {
        {"127.0.0.1", "127.0.0.0/8,::1/128", true},
        {"::1", "127.0.0.0/8,::1/128", true},
        {"::ffff:127.0.0.1", "127.0.0.0/8", true},
        {"128.0.0.1", "127.0.0.0/8,::1/128", false},
        {"::2", "127.0.0.0/8,::1/128", false},
        {"10.1.2.3", "192.0.2.1, 10.0.0.0/8", true},
        {"127.0.0.1", "", false},
        {"", "0.0.0.0/0,::/0", false},
        {"nowhere", "0.0.0.0/0,::/0", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(client_is_within(cases[i].address, cases[i].networks), cases[i].within);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address), cmocka_unit_test(test_address_text), cmocka_unit_test(test_networks_valid),
        cmocka_unit_test(test_network), cmocka_unit_test(test_shown),        cmocka_unit_test(test_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
