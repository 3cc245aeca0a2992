/* A newsroom under attack: what is thrown at it, and what is looked at in every answer. Include it behind cmocka.h. */
#ifndef WARTA_TESTS_HOSTILE_H
#define WARTA_TESTS_HOSTILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"
#include "harness/html.h"

enum { MEGABYTE = 1000 * 1000, ADDRESS_MAX = 8000, HEADER_MAX = 8000, REPEATS = 5000, REPEATS_TAKEN = 120 };

/* Text that is text: any field of words takes it as it is. */
static const char *const texts[] = {
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)' x='",
    "</textarea></select></form><script>alert(1)</script>",
    "</title></script><svg onload=alert(1)>",
    "--><!--[if IE]><![CDATA[]]>",
    "[x](javascript:alert(1))![x](\"onerror=alert(1))<https://x.example/\"onclick=alert(1)>",
    "{{title}}{{{body_html}}}{{>partials/head.html}}{{#x}}{{/y}}{{!",
    "&lt;b&gt;&amp;amp;&#x3c;script&#62;&quot;&nbsp",
    "%00%0d%0aSet-Cookie:x=y%3Cscript%3E&csrf=x+y",
    "'; DROP TABLE item; -- \" OR 1=1 /*",
    "\\\"\\u003cscript\\u003e\\",
    "\xe2\x80\xae"
    "gnp.exe\xe2\x81\xa6\xe2\x80\x8f\xd8\xa7\xd9\x84\xe2\x81\xa9", /* marks that turn the direction around */
    "a\xe2\x80\xa8"
    "b\xe2\x80\xa9"
    "c", /* U+2028, U+2029 */
    "\xef\xbb\xbfx\xe2\x80\x8b\xcc\x81\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\xef\xbf\xbd\xf4\x80\x80\x80",
    "../../../etc/passwd ${jndi:ldap://x} $(reboot) `reboot` =cmd|' /C calc'!A0",
};

/* Text that holds what no text may hold. */
static const char *const controls[] = {"a\x01z", "\x1b[31m", "\x08\x7f", "\xc2\x80", "\xef\xbf\xbf", "\xef\xb7\x90"};

/* What is no text at all, as it is sent. */
static const char *const broken[] = {"a%00z",
                                     "%ED%A0%80",
                                     "%ED%BF%BF%ED%A0%80",
                                     "%C0%BCscript%C0%BE",
                                     "%E0%80%BC",
                                     "%F0%80%80%BC",
                                     "%F4%90%80%80",
                                     "%FF%FE",
                                     "%E1%9E",
                                     "%80",
                                     "%zz",
                                     "%",
                                     "%u003c",
                                     "\xed\xa0\x80",
                                     "\xff"};

#define LEN(array) (sizeof(array) / sizeof *(array))

/* --- a newsroom under attack --- */

static const char items[] =
    "[{\"slug\": \"alpha\", \"type\": \"news\", \"title\": \"Alpha\", \"date\": \"2020-03-01\"}]";

struct desk {
    struct harness site;
    struct harness_session session;
};

static const unsigned char gif[] = {'G', 'I',  'F', '8', '9', 'a', 1, 0, 1, 0, 0x80, 0, 0, 0xff, 0xff, 0xff, 0,   0,
                                    0,   0x2c, 0,   0,   0,   0,   1, 0, 1, 0, 0,    2, 2, 0x44, 1,    0,    0x3b};

static inline int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    harness_open(&desk->site, items, NULL);
    desk->site.site.password_memory_kib = 64;
    desk->session = harness_login(&desk->site, "Ana", "admin");
    *state = desk;
    return 0;
}

static inline void check_store(const struct desk *desk)
{
    static const enum sql checks[] = {SQL_CHECK_COUNTS, SQL_CHECK_LISTING};
    char error[256];
    struct store *store = store_open(desk->site.database, STORE_READ, &desk->site.log, error, sizeof error);
    assert_non_null(store);
    store_request(store, NULL, false);
    for (size_t i = 0; i < LEN(checks); i++) {
        json_t *wrong = store_value(store, checks[i], NULL);
        assert_int_equal(json_integer_value(wrong), 0);
        json_decref(wrong);
    }
    store_destroy(store);
}

static inline int close_desk(void **state)
{
    struct desk *desk = *state;
    check_store(desk);
    char *faults = harness_log(&desk->site);
    if (strstr(faults, "level=error") != NULL || strstr(faults, "\"error\"") != NULL)
        fail_msg("%s", strstr(faults, "error"));
    free(faults);
    harness_close(&desk->site);
    free(desk);
    return 0;
}

/* Nothing in a header that could end it, or that no server could send. */
static inline void check_headers(const struct response *response, const char *what)
{
    for (size_t i = 0; i < response->headers_len; i++) {
        const char *value = response->headers[i].value;
        for (const char *c = value; *c != '\0'; c++) {
            if (*c < ' ' || *c > '~')
                fail_msg("%.200s: %s: %.100s", what, response->headers[i].name, value);
        }
        if (strlen(value) > HEADER_MAX)
            fail_msg("%.200s: %s has %zu bytes", what, response->headers[i].name, strlen(value));
    }
}

static inline void check_json(const struct response *response, const char *what)
{
    json_error_t error;
    const char *type = response_header_get(response, "Content-Type");
    if (type == NULL || strstr(type, "json") == NULL)
        return;
    json_t *json = json_loadb(buf_string(&response->body), response->body.len, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        fail_msg("%.200s: %s\n%.400s", what, error.text, buf_string(&response->body));
    json_decref(json);
}

/* Whatever was sent: no fault, a whole page, and words where it was refused. */
static inline struct response send(struct desk *desk, const struct harness_message *message)
{
    char what[300];
    struct response response = harness_send(&desk->site, message);
    snprintf(what, sizeof what, "%s %.120s %.150s", message->method == NULL ? "GET" : message->method, message->target,
             message->body == NULL ? "" : message->body);
    if (response.status >= 500)
        fail_msg("%s: %d", what, response.status);
    if (response.status >= 400 && response.body.len < 100)
        fail_msg("%s: %d without words", what, response.status);
    check_headers(&response, what);
    check_json(&response, what);
    html_check(&response, what);
    return response;
}

static inline struct response get(struct desk *desk, const char *target)
{
    return send(desk, &(const struct harness_message){.target = target, .session = &desk->session});
}

static inline struct response post(struct desk *desk, const char *target, const char *form)
{
    return send(desk, &(const struct harness_message){
                          .method = "POST", .target = target, .body = form, .session = &desk->session});
}

static inline int status_of(struct response response)
{
    int status = response.status;
    response_release(&response);
    return status;
}

static inline char *count_all(const struct desk *desk)
{
    return harness_query(
        &desk->site, "SELECT (SELECT count(*) || max(version) FROM item), (SELECT count(*) FROM revision),"
                     " (SELECT count(*) FROM place), (SELECT count(*) FROM file), (SELECT count(*) FROM type),"
                     " (SELECT count(*) FROM user), (SELECT count(*) FROM submission), (SELECT count(*) FROM alias)");
}

static inline void append(struct buf *form, const char *name, const char *text)
{
    buf_format(form, "&%s=", name);
    url_encode(form, text);
}

static inline char *encoded(const char *text)
{
    struct buf out = BUF_EMPTY;
    url_encode(&out, text);
    return buf_steal(&out);
}

static inline char *many(const char *piece, size_t len)
{
    struct buf out = BUF_EMPTY;
    while (out.len + strlen(piece) <= len)
        buf_text(&out, piece);
    return buf_steal(&out);
}

#endif
