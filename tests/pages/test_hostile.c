/* What people with bad intent, and broken programs, put into the fields of forms: each page stays well-formed, what
 * is refused is refused in words with what was typed kept, and nothing is half stored. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"

/* --- the item's form --- */

static const char *const fields[] = {"type",         "kicker",     "title",       "summary",   "body",   "date",
                                     "event_starts", "event_ends", "event_venue", "lang",      "places", "topics",
                                     "link",         "slug",       "aliases",     "publish_at"};

/* Fields of words; the text goes into all of them at once. */
static const char *const word_fields[] = {"kicker", "title", "summary", "body", "event_venue", "places", "topics"};

/* Without white space, and slashes, which cannot stand in an address. */
static void append_alias(struct buf *form, const char *text)
{
    struct buf alias = BUF_EMPTY;
    for (; *text != '\0'; text++) {
        if (strchr(" /,", *text) == NULL)
            buf_char(&alias, *text);
    }
    append(form, "aliases", buf_string(&alias));
    buf_release(&alias);
}

static void append_words(struct buf *form, const char *text)
{
    for (size_t i = 0; i < LEN(word_fields); i++)
        append(form, word_fields[i], text);
    append_alias(form, text);
}

/* Every page that shows the item. */
static void check_pages(struct desk *desk, int id)
{
    static const char *const pages[][2] = {
        {"/admin/items/", ""},
        {"/admin/items/", "/preview"},
        {"/admin/items/", "/revisions"},
        {"/admin/items/", "/revisions/1"},
        {"/admin/items/", "/revisions/2"},
        {"/admin/activity?item=", ""},
        {"/items/hostile-", ""},
        {"/items/hostile-", ".json"},
        {"/items/hostile-", ".md"},
    };
    for (size_t i = 0; i < LEN(pages); i++) {
        char target[64];
        snprintf(target, sizeof target, "%s%d%s", pages[i][0], id, pages[i][1]);
        int status = status_of(get(desk, target));
        if (status != 200)
            fail_msg("%s: %d", target, status);
    }
}

static void check_item(struct desk *desk, int id, const char *text)
{
    char target[64];
    struct buf form = BUF_EMPTY;
    buf_format(&form, "type=news&slug=hostile-%d&action=publish", id);
    append_words(&form, text);
    struct response made = post(desk, "/admin/items", buf_string(&form));
    if (made.status != 303)
        fail_msg("%s: %d\n%s", text, made.status, strstr(buf_string(&made.body), "class=\"error\""));
    response_release(&made);
    snprintf(target, sizeof target, "/admin/items/%d", id);
    struct response page = get(desk, target);
    char *shown = html_form(&page, "name=\"body\"");
    char *summary = html_form_get(shown, "summary");
    assert_string_equal(summary, text);
    response_release(&page);
    /* A second version, and one that is too late: both stand on one page. */
    shown = html_form_set(shown, "kicker", "Another");
    assert_int_equal(status_of(post(desk, target, shown)), 303);
    shown = html_form_set(shown, "title", "Mine");
    char *stale = html_form_set(strdup(shown), "request_id", "stale");
    assert_int_equal(status_of(post(desk, target, stale)), 409);
    check_pages(desk, id);
    free(stale);
    free(summary);
    free(shown);
    buf_release(&form);
}

static void test_item_of_any_text(void **state)
{
    struct desk *desk = *state;
    for (size_t i = 0; i < LEN(texts); i++)
        check_item(desk, (int)i + 2, texts[i]);
    static const char *const lists[] = {
        "/", "/items.json", "/admin", "/admin/activity", "/admin/items/new", "/?place=script-alert-1-script"};
    for (size_t i = 0; i < LEN(lists); i++)
        status_of(get(desk, lists[i]));
    check_store(desk);
}

/* A link is an address, so it holds no white space; whatever else it holds stays within its attribute. */
static void test_link_of_any_text(void **state)
{
    static const char *const links[] = {
        "https://x.example/\"><script>alert(1)</script>",
        "https://x.example/'onclick='alert(1)",
        "https://<script>alert(1)</script>/",
        "HTTPS://x.example/{{title}}",
        "http://x.example/\xe2\x80\xae/&lt;&amp;",
        "https://user:pass@x.example/`$(x)`",
    };
    static const char *const refused[] = {"javascript:alert(1)",
                                          "data:text/html,<script>alert(1)</script>",
                                          "//x.example/",
                                          "https://",
                                          "https://x example/",
                                          " vbscript:x",
                                          "https:/x",
                                          "java\nscript:alert(1)"};
    struct desk *desk = *state;
    for (size_t i = 0; i < LEN(links) + LEN(refused); i++) {
        bool taken = i < LEN(links);
        const char *link = taken ? links[i] : refused[i - LEN(links)];
        struct buf form = BUF_EMPTY;
        buf_format(&form, "type=news&title=T&slug=hostile-%zu&action=publish", i + 2);
        append(&form, "link", link);
        struct response response = post(desk, "/admin/items", buf_string(&form));
        if (response.status != (taken ? 303 : 422))
            fail_msg("%s: %d", link, response.status);
        if (!taken) {
            char *kept = html_form_get(buf_string(&form), "link");
            assert_string_equal(kept, link);
            free(kept);
        }
        response_release(&response);
        buf_release(&form);
        char target[64];
        snprintf(target, sizeof target, "/items/hostile-%zu", i + 2);
        assert_int_equal(status_of(get(desk, target)), taken ? 200 : 404);
    }
}

/* The page says what is wrong, and has in the field what was typed there. */
static void check_kept(const struct response *response, const char *field, const char *text)
{
    char *form = html_form(response, "name=\"body\"");
    char *kept = html_form_get(form, field);
    if (response->status != 422 || strstr(buf_string(&response->body), "Not saved yet") == NULL)
        fail_msg("%s of '%.60s': %d", field, text, response->status);
    if (strcmp(field, "type") != 0 && (kept == NULL || strcmp(kept, text) != 0))
        fail_msg("%s: '%.60s' became '%.60s'", field, text, kept == NULL ? "" : kept);
    free(kept);
    free(form);
}

static void check_refused(struct desk *desk, const char *field, const char *text)
{
    static const char *const targets[] = {"/admin/items", "/admin/items/1"};
    for (size_t i = 0; i < LEN(targets); i++) {
        struct buf form = BUF_EMPTY;
        buf_text(&form, "version=1");
        append(&form, field, text);
        buf_text(&form, "&type=news&title=T&action=publish");
        struct response response = post(desk, targets[i], buf_string(&form));
        check_kept(&response, field, text);
        response_release(&response);
        buf_release(&form);
    }
}

static void test_control_characters(void **state)
{
    struct desk *desk = *state;
    char *before = count_all(desk);
    for (size_t i = 0; i < LEN(fields); i++) {
        for (size_t k = 0; k < LEN(controls); k++)
            check_refused(desk, fields[i], controls[k]);
    }
    char *after = count_all(desk);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

/* Fields that are no words: nothing but what they are for. */
static void test_fields_of_a_form(void **state)
{
    static const char *const strict[] = {"type", "date", "event_starts", "event_ends",
                                         "lang", "link", "slug",         "publish_at"};
    struct desk *desk = *state;
    char *before = count_all(desk);
    for (size_t i = 0; i < LEN(strict); i++) {
        for (size_t k = 0; k < LEN(texts); k++)
            check_refused(desk, strict[i], texts[k]);
    }
    char *after = count_all(desk);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

/* --- every form --- */

/* A form with one field to be attacked. */
struct target {
    const char *target, *field, *rest;
};

static const struct target forms[] = {
    {"/admin/items", "request_id", "type=news&title=T"},
    {"/admin/items/1", "version", "title=T"},
    {"/admin/items/1", "action", "title=T"},
    {"/admin/items/1", "file_id", "title=T&version=1"},
    {"/admin/items/1", "file_alt", "file_id=1&title=T&version=1"},
    {"/admin/items/1", "file_remove", "file_id=1&file_alt=x&version=1"},
    {"/admin/items/1", "upload_alt", "title=T&version=1"},
    {"/admin/items/1", "file_add", "title=T&version=1"},
    {"/admin/items/1/trash", "version", ""},
    {"/admin/items/1/revisions/1/restore", "version", ""},
    {"/admin/items/1/share", "version", ""},
    {"/admin/items/preview", "title", "type=news"},
    {"/admin/items/preview", "body", "type=news"},
    {"/admin/items/preview", "places", "type=news"},
    {"/admin/markdown", "body", ""},
    {"/admin/clean", "html", ""},
    {"/admin/slug", "title", ""},
    {"/admin/bulk", "item", "action=trash"},
    {"/admin/bulk", "action", "item=1.1"},
    {"/admin/bulk", "q", "action=trash&item=9.9"},
    {"/admin/bulk", "status", "action=trash&item=9.9"},
    {"/admin/bulk", "type", "action=trash&item=9.9"},
    {"/admin/bulk", "sort", "action=trash&item=9.9"},
    {"/admin/types", "name", "id=&position=3"},
    {"/admin/types", "name", "id=2&position=3"},
    {"/admin/types", "position", "id=&name=Fine"},
    {"/admin/types", "id", "name=Fine&position=1"},
    {"/admin/types/merge", "from", "into=1"},
    {"/admin/types/merge", "into", "from=1"},
    {"/admin/types/undo", "undo", ""},
    {"/admin/users/undo", "undo", ""},
    {"/admin/files/undo", "undo", ""},
    {"/admin/users", "username", "role=editor&password="},
    {"/admin/users", "role", "username=Boris&password=x"},
    {"/admin/users", "password", "username=Boris&role=editor"},
    {"/admin/users/1", "do", ""},
    {"/admin/items/1/share", "end", ""},
    {"/admin/account/password", "old", "password=the+tiger+swims+at+dawn&password2=the+tiger+swims+at+dawn"},
    {"/admin/account/password", "password", "old=x&password2=y"},
    {"/admin/account/sessions", "session_id", ""},
    {"/admin/login", "username", "password=x"},
    {"/admin/login", "password", "username=nobody"},
    {"/admin/login", "next", "username=nobody2&password=x"},
    {"/admin/login", "carry", "username=nobody3&password=x&carry_path=%2Fadmin%2Fitems"},
    {"/admin/login", "carry_path", "username=nobody4&password=x&carry=title%3Dx"},
    {"/admin/setup", "token", "name=x&password=x&password2=x"},
    {"/admin/setup", "name", "token=x&password=x&password2=x"},
    {"/admin/reset", "token", "password=x&password2=x"},
};

static int post_field(struct desk *desk, const struct target *form, const char *encoded)
{
    struct buf body = BUF_EMPTY;
    buf_format(&body, "%s=", form->field);
    buf_text(&body, encoded);
    buf_format(&body, "&%s", form->rest);
    int status = status_of(post(desk, form->target, buf_string(&body)));
    buf_release(&body);
    return status;
}

static void test_every_form(void **state)
{
    struct desk *desk = *state;
    for (size_t i = 0; i < LEN(forms); i++) {
        for (size_t k = 0; k < LEN(texts) + LEN(controls); k++) {
            char *text = encoded(k < LEN(texts) ? texts[k] : controls[k - LEN(texts)]);
            post_field(desk, &forms[i], text);
            free(text);
        }
    }
    static const char *const pages[] = {"/admin/types",  "/admin/users", "/admin/activity", "/admin", "/",
                                        "/admin/items/1"};
    for (size_t i = 0; i < LEN(pages); i++)
        assert_int_equal(status_of(get(desk, pages[i])), 200);
}

/* What is no text is no form, whatever the field: it is refused as a whole. */
static void test_broken_text(void **state)
{
    struct desk *desk = *state;
    char *before = count_all(desk);
    for (size_t i = 0; i < LEN(forms) + LEN(fields); i++) {
        const struct target item = {"/admin/items", i < LEN(fields) ? fields[i] : "", "type=news&title=T"};
        const struct target *form = i < LEN(fields) ? &item : &forms[i - LEN(fields)];
        for (size_t k = 0; k < LEN(broken); k++) {
            int status = post_field(desk, form, broken[k]);
            if (status != 400)
                fail_msg("%s %s=%s: %d", form->target, form->field, broken[k], status);
        }
    }
    char *after = count_all(desk);
    assert_string_equal(before, after);
    free(before);
    free(after);
    assert_int_equal(status_of(post(desk, "/admin/items", "%ED%A0%80=x&type=news&title=T")), 400);
}

/* A NUL that was not even escaped: the form's length says that there is more behind it. */
static void test_nul_in_a_form(void **state)
{
    struct desk *desk = *state;
    static const char body[] = "type=news&title=T\0&csrf=x";
    const struct header headers[] = {{"Content-Type", "application/x-www-form-urlencoded"}};
    const struct request request = {.method = METHOD_POST,
                                    .path = "/admin/items",
                                    .query = "",
                                    .headers = headers,
                                    .headers_len = 1,
                                    .body = body,
                                    .body_len = sizeof body - 1,
                                    .client = "127.0.0.1"};
    struct response response;
    response_init(&response);
    app_handle(desk->site.staff, &request, &response);
    assert_int_equal(response.status, 400);
    response_release(&response);
}

/* --- too much of it --- */

/* What a field of the item cannot hold is said so, and all of it stays in the form. */
static void check_megabyte(struct desk *desk, const char *field, const char *piece)
{
    char *text = many(piece, MEGABYTE);
    struct buf form = BUF_EMPTY;
    buf_format(&form, "version=1&%s=", field);
    buf_text(&form, text);
    buf_text(&form, "&type=news&title=T");
    struct response response = post(desk, "/admin/items/1", buf_string(&form));
    char *typed = html_form_get(buf_string(&form), field);
    check_kept(&response, field, typed);
    free(typed);
    response_release(&response);
    buf_release(&form);
    free(text);
}

static void test_megabyte_in_a_field(void **state)
{
    struct desk *desk = *state;
    char *before = count_all(desk);
    static const char *const long_fields[] = {"summary", "body", "date", "lang",
                                              "places",  "link", "slug", "publish_at"};
    for (size_t i = 0; i < LEN(long_fields); i++)
        check_megabyte(desk, long_fields[i], "x");
    check_megabyte(desk, "body", "\"");
    check_megabyte(desk, "title", "x%0A");
    char *after = count_all(desk);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void test_megabyte_in_every_form(void **state)
{
    struct desk *desk = *state;
    char *text = many("x", MEGABYTE);
    for (size_t i = 0; i < LEN(forms); i++)
        post_field(desk, &forms[i], text);
    char *path = many("/admin/a", MEGABYTE);
    post_field(desk, &(const struct target){"/admin/login", "next", "username=Ana&password=correct+horse+battery"},
               path);
    post_field(desk,
               &(const struct target){"/admin/login", "carry_path", "username=Ana&password=correct+horse+battery"},
               path);
    free(path);
    free(text);
}

static void test_field_repeated(void **state)
{
    struct desk *desk = *state;
    for (size_t i = 0; i < LEN(forms) + LEN(fields); i++) {
        const struct target item = {"/admin/items", i < LEN(fields) ? fields[i] : "", "type=news&title=T"};
        const struct target *form = i < LEN(fields) ? &item : &forms[i - LEN(fields)];
        struct buf body = BUF_EMPTY;
        for (int n = 0; n < REPEATS; n++)
            buf_format(&body, "%s=7&", form->field);
        buf_text(&body, form->rest);
        assert_int_equal(status_of(post(desk, form->target, buf_string(&body))), 413);
        buf_release(&body);
    }
    struct buf names = BUF_EMPTY;
    buf_text(&names, "type=news&title=T&places=0");
    for (int n = 1; n < REPEATS; n++)
        buf_format(&names, ",%d", n);
    for (int n = 0; n < REPEATS_TAKEN; n++)
        buf_format(&names, "&x%d=1&file_id=%d&file_alt=x&file_remove=%d", n, n, n);
    assert_int_equal(status_of(post(desk, "/admin/items", buf_string(&names))), 422);
    buf_release(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_item_of_any_text, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_link_of_any_text, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_control_characters, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_fields_of_a_form, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_every_form, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_broken_text, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_nul_in_a_form, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_megabyte_in_a_field, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_megabyte_in_every_form, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_field_repeated, open_desk, close_desk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
