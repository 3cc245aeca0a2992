#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "warta/app/match.h"

static struct match matched(enum method method, const char *path, const char *query)
{
    struct match match;
    const struct request request = {.method = method, .path = path, .query = query};
    match_init(&match, "/news", &request);
    return match;
}

/* The parameters as one text, sorted by name; those that are absent are left out. */
static void expect_params(const struct match *match, const char *expected)
{
    json_t *present = json_object();
    const char *name;
    json_t *value;
    json_object_foreach(match->params, name,
                        value) if (!json_is_null(value) && !(json_is_array(value) && json_array_size(value) == 0))
        json_object_set(present, name, value);
    char *text = json_dumps(present, JSON_SORT_KEYS | JSON_COMPACT);
    assert_string_equal(text, expected);
    free(text);
    json_decref(present);
}

/* What a row captured that did not fit in the end leaves nothing behind. */
static void captures_are_of_the_row_alone(void **state)
{
    (void)state;
    static const struct {
        enum method method;
        const char *path, *pattern, *params;
    } cases[] = {
        {METHOD_GET, "/items/a.json", "/items/{slug}.json", "{\"slug\":\"a\"}"},
        {METHOD_HEAD, "/news/items/a.md", "/items/{slug}.md", "{\"slug\":\"a\"}"},
        {METHOD_GET, "/items/a.b", "/items/{slug}", "{\"slug\":\"a.b\"}"},
        {METHOD_GET, "/items/%E1%9E%81", "/items/{slug}", "{\"slug\":\"\xe1\x9e\x81\"}"},
        {METHOD_GET, "/admin/items/5/revisions", "/admin/items/{id}/revisions", "{\"id\":\"5\"}"},
        {METHOD_POST, "/admin/items/5/trash", "/admin/items/{id}/{action}", "{\"action\":\"trash\",\"id\":\"5\"}"},
        {METHOD_GET, "/admin/items/new", "/admin/items/new", "{}"},
        {METHOD_POST, "/admin/users/undo", "/admin/users/undo", "{}"},
        {METHOD_POST, "/admin/users/7", "/admin/users/{id}", "{\"id\":\"7\"}"},
        {METHOD_GET, "/preview/t/files/7/a.pdf", "/preview/{token}/files/{id}/{name}",
         "{\"id\":\"7\",\"name\":\"a.pdf\",\"token\":\"t\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct match match = matched(cases[i].method, cases[i].path, "");
        if (match.route == NULL)
            fail_msg("%s fits no row", cases[i].path);
        assert_string_equal(match.route->pattern, cases[i].pattern);
        expect_params(&match, cases[i].params);
        match_release(&match);
    }
}

static void where_no_row_fits_methods_are_named(void **state)
{
    (void)state;
    static const struct {
        enum method method;
        const char *path, *allow;
    } cases[] = {
        {METHOD_POST, "/", "GET, HEAD, OPTIONS"},
        {METHOD_OTHER, "/admin/login", "GET, HEAD, POST, OPTIONS"},
        {METHOD_GET, "/admin/bulk", "POST, OPTIONS"},
        {METHOD_GET, "/nothing", ""},
        {METHOD_GET, "/items/a/", ""},
        {METHOD_GET, "/items/%ff", ""},
        {METHOD_GET, "/newsroom", ""},
        {METHOD_GET, "//", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct match match = matched(cases[i].method, cases[i].path, "");
        assert_null(match.route);
        assert_null(match.key);
        assert_string_equal(match.allow, cases[i].allow);
        match_release(&match);
    }
    struct match prefix = matched(METHOD_GET, "/news", "");
    assert_null(prefix.path);
    match_release(&prefix);
    assert_true(match_knows("/admin/bulk"));
    assert_false(match_knows("/admin/bulks"));
}

/* All requests for the same page have one key. */
static void pages_that_are_kept_have_one_key(void **state)
{
    (void)state;
    static const struct {
        enum method method;
        const char *path, *query, *key;
    } cases[] = {
        {METHOD_GET, "/", "", "/"},
        {METHOD_HEAD, "/", "", "/"},
        {METHOD_GET, "/news/", "utm_source=x", "/news/"},
        {METHOD_GET, "/", "year=2019&type=news&type=event&type=news&place=", "/?type=event&type=news&year=2019"},
        {METHOD_GET, "/", "type=event&type=news&year=2019", "/?type=event&type=news&year=2019"},
        {METHOD_GET, "/items/a", "anything=1", "/items/a"},
        {METHOD_GET, "/items/%61", "", NULL},
        {METHOD_GET, "/", "year=x", NULL},
        {METHOD_GET, "/admin", "", NULL},
        {METHOD_GET, "/healthz", "", NULL},
        {METHOD_POST, "/", "", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct match match = matched(cases[i].method, cases[i].path, cases[i].query);
        if (cases[i].key == NULL)
            assert_null(match.key);
        else
            assert_string_equal(match.key, cases[i].key);
        match_release(&match);
    }
    struct match wrong = matched(METHOD_GET, "/", "year=x");
    assert_non_null(strstr(wrong.error, "year takes a year"));
    match_release(&wrong);
}

/* A row that says nothing of access lets nobody in. */
static void access_fails_closed(void **state)
{
    (void)state;
    const struct route empty = {.pattern = "/"};
    assert_int_equal(empty.access, ACCESS_NOBODY);
    size_t len;
    const struct route *routes = route_table(&len);
    for (size_t i = 0; i < len; i++) {
        assert_int_not_equal(routes[i].access, ACCESS_NOBODY);
        assert_true(routes[i].access != ACCESS_PUBLIC || routes[i].method == METHOD_GET);
        assert_true((routes[i].flags & ROUTE_CACHED) == 0 || routes[i].access == ACCESS_PUBLIC);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(captures_are_of_the_row_alone),
        cmocka_unit_test(where_no_row_fits_methods_are_named),
        cmocka_unit_test(pages_that_are_kept_have_one_key),
        cmocka_unit_test(access_fails_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
