/* Somebody who works in a newsroom, for the tests of what hurts. Include it behind cmocka.h. */
#ifndef WARTA_TESTS_HURTS_H
#define WARTA_TESTS_HURTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"
#include "harness/html.h"

enum { HOUR = 3600, DAY = 86400 };

static const char items[] = "[{\"slug\": \"alpha\", \"type\": \"news\", \"title\": \"Alpha\", \"summary\": \"First.\", "
                            "\"body\": \"One *two* three.\", \"date\": \"2020-03-01\"},"
                            " {\"slug\": \"beta\", \"type\": \"news\", \"title\": \"Beta\", \"status\": \"draft\"}]";

/* A clock that a test goes by. */
#define CLOCK(name, seconds)                 \
    static int64_t name(void)                \
    {                                        \
        return HARNESS_NOW_UNIX + (seconds); \
    }

/* --- somebody who works here --- */

struct desk {
    struct harness site;
    struct harness_session session;
};

static inline void sit_down(struct desk *desk, const char *base_url, const char *role)
{
    harness_open(&desk->site, items, base_url);
    desk->site.site.password_memory_kib = 64;
    desk->session = harness_login(&desk->site, "Ana", role);
}

static inline int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    sit_down(desk, NULL, "editor");
    *state = desk;
    return 0;
}

static inline int open_admin(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    sit_down(desk, NULL, "admin");
    *state = desk;
    return 0;
}

static inline int close_desk(void **state)
{
    struct desk *desk = *state;
    harness_close(&desk->site);
    free(desk);
    return 0;
}

static inline struct response get(struct desk *desk, const char *target)
{
    return harness_send(&desk->site, &(const struct harness_message){.target = target, .session = &desk->session});
}

static inline struct response post(struct desk *desk, const char *target, const char *form)
{
    return harness_send(&desk->site, &(const struct harness_message){
                                         .method = "POST", .target = target, .body = form, .session = &desk->session});
}

/* --- what came back --- */

static inline void expect(struct response *response, int status, const char *has, const char * not )
{
    const char *page = buf_string(&response->body);
    const char *location = response_header_get(response, "Location");
    if (response->status != status)
        fail_msg("%d instead of %d (%s):\n%s", response->status, status, location == NULL ? "" : location, page);
    if (has != NULL && strstr(page, has) == NULL)
        fail_msg("'%s' is not in\n%s", has, page);
    if (not != NULL && strstr(page, not ) != NULL)
        fail_msg("'%s' is in\n%s", not, page);
    html_check(response, "page");
    response_release(response);
}

static inline void expect_location(struct response *response, int status, const char *location)
{
    const char *got = response_header_get(response, "Location");
    if (response->status != status || got == NULL || strcmp(got, location) != 0)
        fail_msg("%d %s instead of %d %s:\n%s", response->status, got == NULL ? "" : got, status, location,
                 buf_string(&response->body));
    response_release(response);
}

static inline void expect_page(struct desk *desk, const char *target, int status, const char *has, const char * not )
{
    struct response response = get(desk, target);
    expect(&response, status, has, not );
}

static inline void expect_post(struct desk *desk, const char *target, const char *form, int status, const char *has)
{
    struct response response = post(desk, target, form);
    expect(&response, status, has, NULL);
}

static inline void expect_row(const struct desk *desk, const char *sql, const char *value)
{
    char *got = harness_query(&desk->site, sql);
    if (strcmp(got, value) != 0)
        fail_msg("%s: '%s' instead of '%s'", sql, got, value);
    free(got);
}

/* The page's form as it stands there. */
static inline char *form_of(struct desk *desk, const char *target, const char *mark)
{
    struct response response = get(desk, target);
    char *form = html_form(&response, mark);
    expect(&response, 200, NULL, NULL);
    return form;
}

/* Takes the cookie that a response sets. */
static inline void take_cookie(struct desk *desk, const struct response *response)
{
    const char *cookie = response_header_get(response, "Set-Cookie");
    assert_non_null(cookie);
    const char *value = strchr(cookie, '=') + 1;
    snprintf(desk->session.cookie, sizeof desk->session.cookie, "%.*s", (int)strcspn(value, ";"), value);
    session_csrf(desk->session.cookie, desk->session.csrf);
}

/* The clock that a test goes by; nobody's session ends of it. */
static inline void set_clock(struct desk *desk, int64_t (*clock)(void))
{
    char sql[128];
    desk->site.site.clock = clock;
    snprintf(sql, sizeof sql, "UPDATE session SET created_unix = %lld, seen_unix = %lld", (long long)clock(),
             (long long)clock());
    free(harness_query(&desk->site, sql));
}

#endif
