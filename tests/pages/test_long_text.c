/* Long text in which Unicode work is costly, at every address that takes text: each is answered with a whole page in time that
 * grows with the length of the text and no faster. The test's time is bounded by the process's CPU limit alone; bench/hostile.py
 * measures. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "hostile.h"

enum { CPU_S = 120, LONG = 100 * 1000, LONG_BY_VALGRIND = 6 * 1000, STEP_BY_VALGRIND = 5, LONGEST = 600 * 1000 };

/* What is repeated up to the length of the text, behind `first` and, for the second half, `then`. */
static const struct {
    const char *first, *repeated, *then;
} patterns[] = {
    {"a", "\u0301", "\u0316"},   /* a high class, then a low one: each mark moves past all others */
    {"a", "\u0301\u0316", NULL}, /* by turns */
    {"a", "\u0345\u0301\u0316\u0338", NULL},
    {"a", "\u0344", NULL},      /* decomposes into two marks */
    {"", "\u0F73\u0F71", NULL}, /* a starter that decomposes into marks */
    {"", "\u0301", NULL},
    {"\u1100", "\u1161", NULL},       /* Hangul vowels, which compose with what precedes them */
    {"", "\u1100\u1161\u11A8", NULL}, /* whole syllables */
    {"\u09C7", "\u09BE", NULL},
    {"", "\U000113C2", NULL}, /* composes with itself, from Unicode 16 on */
    {"", "\U00016D67", NULL},
    {"", "\u5354\u540C\u7D44\u5408", NULL},
    {"", "\u0E2A\u0E2B\u0E01\u0E23\u0E13\u0E4C", NULL}, /* Thai without a space */
    {"", "\u179F\u17A0\u1780\u179A\u178E\u17CD", NULL}, /* Khmer likewise */
    {"", "\u30AB\u3099\uFF76\uFF9E", NULL},
    {"", "\U0001F468\u200D\U0001F469\u200D", NULL},
    {"", "\u202E\u200F\u061C", NULL}, /* marks of direction */
    {"", "\uFDFA", NULL},             /* 18 letters in one */
    {"", "\U0001D160", NULL},         /* three characters in NFC */
    {"", "x", NULL},
    {"", "\u00E9,", NULL},
    {"", "&a", NULL},
    {"<a href='https://x.example/", "a", "'>x<br><br>"},
    {"<a href='https://x.example/'>x", "<br><br>y", NULL},
    {"", "1", ". "},
    {"<ol><li><ol><li><ol><li><ol><li><pre>x", "\n", "x"},
    {"en", "-a", NULL},
    {"en", "-variant1", NULL},
    {"2019-08-30", "T09:30", NULL},
};

/* What is posted; the text goes to each field by itself. */
static const struct {
    const char *target;
    const char *fields[18];
    const char *rest;
} forms[] = {
    {"/admin/login", {"username", "password", "next", "csrf"}, "&username=Ana"},
    {"/admin/setup?token=x", {"name", "password", "token"}, ""},
    {"/admin/reset?token=x", {"password", "token"}, ""},
    {"/admin/account/password", {"password", "password2", "old", "old_password"}, ""},
    {"/admin/users", {"username", "password", "role"}, "&role=editor"},
    {"/admin/types", {"name", "position"}, ""},
    {"/admin/items",
     {"type", "kicker", "title", "summary", "body", "date", "event_starts", "event_ends", "event_venue", "lang",
      "places", "topics", "link", "slug", "aliases", "publish_at", "file_alt"},
     "&type=news&action=publish"},
    {"/admin/items/preview", {"title", "body", "places", "lang"}, "&type=news"},
    {"/admin/items/1", {"title", "body"}, "&version=0&action=save"},
    {"/admin/markdown", {"body"}, ""},
    {"/admin/clean", {"html"}, ""},
    {"/admin/slug", {"title", "id"}, ""},
};

/* The text comes last. */
static const char *const addresses[] = {
    "/?lang=", "/?type=", "/items/", "/admin?q=", "/admin?after=1.", "/admin/login?next=", "/preview/", "/files/1/"};

static bool is_by_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded != NULL && strstr(preloaded, "valgrind") != NULL;
}

static char *text_of(size_t pattern, size_t len)
{
    const char *repeated = patterns[pattern].repeated, *then = patterns[pattern].then;
    struct buf text = BUF_EMPTY;
    buf_text(&text, patterns[pattern].first);
    while (text.len < len)
        buf_text(&text, then == NULL || text.len < len / 2 ? repeated : then);
    return buf_steal(&text);
}

/* Each from a network of its own, so that no login waits for another. */
static int post_from(struct desk *desk, unsigned number, const char *target, const char *form)
{
    char client[24];
    snprintf(client, sizeof client, "10.%u.%u.1", number / 256 % 256, number % 256);
    return status_of(send(desk, &(const struct harness_message){.method = "POST",
                                                                .target = target,
                                                                .body = form,
                                                                .client = client,
                                                                .origin = "http://news.example",
                                                                .session = &desk->session}));
}

static void test_forms(void **state)
{
    struct desk *desk = *state;
    unsigned posts = 0;
    for (size_t pattern = 0; pattern < LEN(patterns); pattern += is_by_valgrind() ? STEP_BY_VALGRIND : 1) {
        char *text = text_of(pattern, is_by_valgrind() ? LONG_BY_VALGRIND : LONG);
        for (size_t i = 0; i < LEN(forms); i++) {
            for (const char *const *field = forms[i].fields; *field != NULL; field++) {
                struct buf form = BUF_EMPTY;
                buf_text(&form, "x=");
                append(&form, *field, text);
                buf_text(&form, forms[i].rest);
                int status = post_from(desk, posts++, forms[i].target, buf_string(&form));
                if (status < 200 || status >= 500)
                    fail_msg("%s %s: %d", forms[i].target, *field, status);
                buf_release(&form);
            }
        }
        free(text);
    }
}

static void test_addresses(void **state)
{
    struct desk *desk = *state;
    for (size_t pattern = 0; pattern < LEN(patterns); pattern++) {
        char *text = text_of(pattern, ADDRESS_MAX / 3);
        char *escaped = encoded(text);
        for (size_t i = 0; i < LEN(addresses); i++) {
            struct buf target = BUF_EMPTY;
            buf_format(&target, "%s%s", addresses[i], escaped);
            int status = status_of(get(desk, buf_string(&target)));
            if (status < 200 || status >= 500)
                fail_msg("%s: %d", addresses[i], status);
            buf_release(&target);
        }
        free(escaped);
        free(text);
    }
}

/* A name that is too long is nobody's: refused as any wrong name, whatever the password, and shown again. */
static void test_login_with_a_long_name(void **state)
{
    static const char *const marks[] = {"\u0301", "\u0316", " "};
    struct desk *desk = *state;
    for (size_t i = 0; i < LEN(marks); i++) {
        char *tail = many(marks[i], LONGEST);
        struct buf name = BUF_EMPTY, form = BUF_EMPTY;
        buf_format(&name, "Ana%s", tail);
        buf_text(&form, "password=correct+horse+battery");
        append(&form, "username", buf_string(&name));
        int status = post_from(desk, (unsigned)i, "/admin/login", buf_string(&form));
        assert_int_equal(status, *marks[i] == ' ' ? 303 : 422);
        buf_release(&form);
        buf_release(&name);
        free(tail);
    }
}

static void test_too_long_is_said_in_words(void **state)
{
    static const char *const rows[][3] = {
        {"/admin/items", "title", "is longer than 300 characters"},
        {"/admin/items", "kicker", "is longer than 200 characters"},
        {"/admin/items", "places", "is longer than 100 characters"},
        {"/admin/items", "slug", "is longer than 200 characters"},
        {"/admin/items", "body", "is longer than 262144 characters"},
        {"/admin/types", "name", "is longer than 80 characters"},
        {"/admin/users", "username", "is longer than 60 characters"},
        {"/admin/markdown", "body", "is longer than 262144 characters"},
    };
    struct desk *desk = *state;
    char *text = many("\u00E9", 2 * LONGEST);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf form = BUF_EMPTY;
        buf_text(&form, "action=publish&role=editor");
        append(&form, rows[i][1], text);
        struct response response = post(desk, rows[i][0], buf_string(&form));
        if (response.status != 422 || strstr(buf_string(&response.body), rows[i][2]) == NULL)
            fail_msg("%s %s: %d", rows[i][0], rows[i][1], response.status);
        response_release(&response);
        buf_release(&form);
    }
    free(text);
}

/* What is stored of a long run of marks is 30 of them, and saving it again changes nothing. */
static void test_marks_are_capped(void **state)
{
    struct desk *desk = *state;
    char *marks = many("\u0316\u0301", 400);
    struct buf form = BUF_EMPTY;
    buf_text(&form, "type=news&slug=marks&action=publish&title=Marks");
    append(&form, "body", marks);
    assert_int_equal(post_from(desk, 0, "/admin/items", buf_string(&form)), 303);
    char *body_len = harness_query(&desk->site, "SELECT length(body) FROM item WHERE slug = 'marks'");
    assert_string_equal(body_len, "30");
    free(body_len);
    buf_release(&form);
    free(marks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_forms, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_addresses, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_login_with_a_long_name, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_too_long_is_said_in_words, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_marks_are_capped, open_desk, close_desk),
    };
    setrlimit(RLIMIT_CPU, &(struct rlimit){CPU_S, CPU_S});
    return cmocka_run_group_tests(tests, NULL, NULL);
}
