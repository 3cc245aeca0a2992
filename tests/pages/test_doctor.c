/* The doctor: what it says of a request and of the site, by way of its page. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/harness.h"
#include "harness/html.h"

static const char items[] = "[{\"title\": \"One\", \"type\": \"news\", \"date\": \"2020-01-01\"}]";

static char *doctor_page(struct harness *harness, const struct harness_session *admin, const struct header *headers,
                         size_t headers_len, const char *client, const char *target)
{
    const struct harness_message message = {
        .target = target, .session = admin, .headers = headers, .headers_len = headers_len, .client = client};
    struct response response = harness_send(harness, &message);
    assert_int_equal(response.status, 200);
    html_check(&response, target);
    char *page = strdup(buf_string(&response.body));
    response_release(&response);
    return page;
}

/* A fact as the page writes it: "Host: news.example". */
static bool has_fact(const char *page, const char *fact)
{
    char row[512];
    const char *colon = strstr(fact, ": ");
    snprintf(row, sizeof row, "<dt>%.*s</dt><dd>%s</dd>", (int)(colon - fact), fact, colon + 2);
    return strstr(page, row) != NULL;
}

enum { HEADERS_MAX = 5, TEXTS_MAX = 6 };

static const struct {
    const char *base_url, *client;
    struct header headers[HEADERS_MAX];
    const char *facts[TEXTS_MAX];
    const char *says[TEXTS_MAX]; /* findings; none: nothing is wrong with the request */
    const char *target;          /* NULL: "/admin/doctor" */
} requests[] = {
    {"https://news.example",
     NULL,
     {{"Host", "news.example"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-For", "203.0.113.9"}},
     {"Base address: https://news.example", "Scheme by base-url: https", "X-Forwarded-Proto: https",
      "X-Forwarded-For: 203.0.113.9, not trusted", "You are: 203.0.113.9",
      "Cookie: __Host-warta; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax; Secure"},
     {NULL}},
    {"http://news.example",
     NULL,
     {{"Host", "news.example"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-For", "203.0.113.9"}},
     {"Scheme by base-url: http", "Cookies of that name: 1 came back"},
     {"Readers come by https, but base-url says http://news.example.", "Set base-url to the https address"}},
    {"https://news.example",
     NULL,
     {{"Host", "news.example"}, {"X-Forwarded-Proto", "http"}, {"X-Forwarded-For", "203.0.113.9"}},
     {NULL},
     {"This request came by http", "Have the proxy lead http to https."}},
    {"https://news.example",
     "10.1.2.3",
     {{"Host", "news.example"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-For", "203.0.113.9"}},
     {"Asked by: 10.1.2.3, not trusted", "You are: 10.1.2.3"},
     {"10.1.2.3 passes readers on, but is not trusted", "add its network to trusted-proxy"}},
    {"https://news.example",
     "",
     {{"Host", "news.example"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-For", "203.0.113.9, [::1]:80,127.0.0.2"}},
     {"Asked by: a unix socket, trusted", "X-Forwarded-For: [::1]:80, trusted", "X-Forwarded-For: 127.0.0.2, trusted",
      "You are: 203.0.113.9"},
     {NULL}},
    {"https://news.example",
     NULL,
     {{"Host", "news.example"}, {"X-Forwarded-Proto", "https"}},
     {"You are: 127.0.0.1"},
     {"The proxy does not tell who asks"}},
    {"https://news.example",
     NULL,
     {{"Host", "10.0.0.7:8080"}},
     {"Host: 10.0.0.7:8080"},
     {"The request is for 10.0.0.7:8080, but base-url says news.example."}},
    {"https://news.example",
     NULL,
     {{"Host", "backend"}, {"X-Forwarded-Host", "News.Example"}},
     {"X-Forwarded-Host: News.Example"},
     {NULL}},
    {"https://news.example:8443", NULL, {{"Host", "News.example"}}, {"Host: News.example"}, {NULL}},
    {"https://news.example:8443",
     NULL,
     {{"Host", "news.exam"}},
     {"Host: news.exam"},
     {"The request is for news.exam, but base-url says news.example:8443."}},
    {"https://wrong.example",
     NULL,
     {{"Host", "127.0.0.1:8080"}, {"X-Forwarded-Host", "news.example"}},
     {"Host: 127.0.0.1:8080"},
     {"The request is for news.example, but base-url says wrong.example."}},
    {"https://example.org/news",
     NULL,
     {{"Host", "example.org"}},
     {"Path prefix: /news, taken off by the proxy",
      "Cookie: __Secure-warta; Path=/news; Max-Age=1209600; HttpOnly; SameSite=Lax; Secure"},
     {NULL}},
    {"https://example.org/news",
     NULL,
     {{"Host", "example.org"}, {"X-Forwarded-Prefix", "/news"}},
     {"Path prefix: /news, kept by the proxy"},
     {NULL},
     "/news/admin/doctor"},
    {"https://example.org",
     NULL,
     {{"Host", "example.org"}, {"X-Forwarded-Prefix", "/news"}},
     {"Path prefix: none", "X-Forwarded-Prefix: /news"},
     {"The proxy says that the site is below /news, but base-url says https://example.org/."}},
    {"https://news.example",
     NULL,
     {{"Host", "news.example"}, {"Sec-Fetch-Site", "same-origin"}, {"Referer", "https://news.example/admin"}},
     {"Origin: not sent", "Sec-Fetch-Site: same-origin", "Referer: https://news.example/admin"},
     {NULL}},
    {"https://news.example",
     NULL,
     {{"Host", "news.example"}, {"Sec-Fetch-Site", "same-origin"}, {"Referer", "https://news.example.evil/admin"}},
     {NULL},
     {"The browser is at another address than https://news.example, so forms will be refused."}},
    {"https://news.example",
     NULL,
     {{"Host", "news.example"}, {"Cookie", "a=b; __Host-warta=stale"}},
     {"Cookies of that name: 2 came back"},
     {"The browser sends 2 cookies of one name"}},
    {"https://news.example",
     NULL,
     {{"Host", "<script>\"'&"}, {"X-Forwarded-Proto", "\xff\xfe"}, {"X-Forwarded-For", "<b>, \xff"}},
     {"Host: &lt;script&gt;&quot;&#39;&amp;", "X-Forwarded-Proto: (not UTF-8)",
      "X-Forwarded-For: &lt;b&gt;, not trusted", "X-Forwarded-For: (not UTF-8), not trusted"},
     {"The request is for &lt;script&gt;"}},
};

static void test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct harness harness;
        size_t headers_len = 0;
        harness_open(&harness, items, requests[i].base_url);
        const struct harness_session admin = harness_login(&harness, "Ada", "admin");
        while (headers_len < HEADERS_MAX && requests[i].headers[headers_len].name != NULL)
            headers_len++;
        char *page = doctor_page(&harness, &admin, requests[i].headers, headers_len, requests[i].client,
                                 requests[i].target == NULL ? "/admin/doctor" : requests[i].target);
        for (size_t j = 0; j < TEXTS_MAX && requests[i].facts[j] != NULL; j++) {
            if (!has_fact(page, requests[i].facts[j]))
                fail_msg("case %zu: no fact %s in\n%s", i, requests[i].facts[j], page);
        }
        for (size_t j = 0; j < TEXTS_MAX && requests[i].says[j] != NULL; j++) {
            if (strstr(page, requests[i].says[j]) == NULL)
                fail_msg("case %zu: not said: %s in\n%s", i, requests[i].says[j], page);
        }
        bool wrong = strstr(page, "</span> The browser") != NULL || strstr(page, ">Wrong</span>") != NULL ||
                     strstr(page, "</span> The proxy") != NULL || strstr(page, "</span> The request") != NULL;
        if (wrong != (requests[i].says[0] != NULL))
            fail_msg("case %zu: %s\n%s", i, wrong ? "something is wrong" : "nothing is wrong", page);
        free(page);
        harness_close(&harness);
    }
}

/* Sets what the note of the last backup says; the clock of the harness stands still. */
static void note_backup(const struct harness *harness, int days_ago)
{
    char path[128];
    const time_t when = HARNESS_NOW_UNIX - (time_t)days_ago * 86400;
    const struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
    snprintf(path, sizeof path, "%s.backed-up", harness->database);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static void expect(struct harness *harness, const struct harness_session *admin, const char *text, bool is_there)
{
    char *page = doctor_page(harness, admin, NULL, 0, NULL, "/admin/doctor");
    if ((strstr(page, text) != NULL) != is_there)
        fail_msg("%s: %s\n%s", is_there ? "not there" : "there", text, page);
    free(page);
}

static void set(struct harness *harness, const char *name, const char *value)
{
    json_array_append_new(harness->settings,
                          json_pack("{s:s, s:s, s:s}", "name", name, "value", value, "origin", "file warta.conf:3"));
}

static void test_site(void **state)
{
    (void)state;
    struct harness harness;
    char path[128];
    harness_open(&harness, items, "http://news.example");
    const struct harness_session admin = harness_login(&harness, "Ada", "admin");
    expect(&harness, &admin, "No backup has been made of this database.", true);
    note_backup(&harness, 6);
    expect(&harness, &admin, "<dd>2026-11-17T12:00:00Z, 6 days ago</dd>", true);
    expect(&harness, &admin, "backup has been made", false);
    expect(&harness, &admin, "The last backup was made", false);
    note_backup(&harness, 7);
    expect(&harness, &admin, "The last backup was made 7 days ago.", true);
    expect(&harness, &admin, harness.database, true);
    char *schema =
        harness_query(&harness, "SELECT '<dt>Schema</dt><dd>' || user_version || '</dd>' FROM pragma_user_version");
    expect(&harness, &admin, schema, true);
    free(schema);
    expect(&harness, &admin, "There is no admin", false);

    expect(&harness, &admin, "No base-url is set", true);
    set(&harness, "base-url", "http://news.example");
    expect(&harness, &admin, "No base-url is set", false);
    expect(&harness, &admin, "so passwords travel for all to read", true);
    set(&harness, "sandbox", "off");
    expect(&harness, &admin, "The server does not confine itself", true);
    expect(&harness, &admin, "<dt>sandbox</dt><dd>off (file warta.conf:3)</dd>", true);
    expect(&harness, &admin, "Finished pages are not kept", false);
    json_object_set_new(json_array_get(harness.settings, 0), "value", json_string("0"));
    expect(&harness, &admin, "Finished pages are not kept", true);

    snprintf(path, sizeof path, "%s.backed-up", harness.database);
    assert_int_equal(unlink(path), 0);
    harness_close(&harness);
}

/* The form that only finds out whether forms get through. */
static void test_form(void **state)
{
    (void)state;
    struct harness harness;
    harness_open(&harness, items, "https://news.example");
    const struct harness_session admin = harness_login(&harness, "Ada", "admin");
    struct harness_message message = {
        .method = "POST", .target = "/admin/doctor", .session = &admin, .origin = "https://news.example"};
    struct response response = harness_send(&harness, &message);
    assert_int_equal(response.status, 303);
    assert_string_equal(response_header_get(&response, "Location"), "/admin/doctor?done=accepted");
    response_release(&response);
    message.origin = "http://news.example";
    response = harness_send(&harness, &message);
    assert_int_equal(response.status, 403);
    assert_non_null(strstr(buf_string(&response.body), "base-url is set wrong"));
    response_release(&response);
    harness_close(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_site),
        cmocka_unit_test(test_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
