#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "warta/base/asset.h"
#include "warta/view/template.h"
#include "warta/view/view.h"

/* These stand before the executable's own assets, so that the test knows every name and hash. */
static const struct asset good_assets[] = {
    {.name = "sql/item_get.sql", .bytes = "{{", .len = 2, .hash = "0000000000000000"},
    {.name = "static/LICENSE", .bytes = "", .hash = "1111111111111111"},
    {.name = "static/icons.v2/menu-open", .bytes = "", .hash = "2222222222222222"},
    {.name = "static/icons/menu-open.min.svg", .bytes = "", .hash = "3333333333333333"},
    {.name = "static/site.css", .bytes = "", .hash = "0123456789abcdef"},
    {.name = "templates/partials/head.html", .bytes = "<link href=\"{{base}}{{static.site_css}}\">", .len = 41},
    {.name = "templates/public/globals.html", .bytes = "{{origin}}{{site_title}}{{site_lang}}", .len = 37},
    {.name = "templates/public/page.html", .bytes = "{{>partials/head.html}}\n<h1>{{title}}</h1>\n", .len = 43},
    {.name = "templates/public/static.html",
     .bytes = "{{static.LICENSE}} {{static.icons_v2_menu_open}} {{static.icons_menu_open_min_svg}}",
     .len = 83},
};
static const struct asset bad_assets[] = {
    {.name = "templates/public/good.html", .bytes = "x", .len = 1},
    {.name = "templates/public/page.html", .bytes = "\n{{>partials/gone.html}}", .len = 24},
};
static const struct asset *assets;
static size_t assets_len;

size_t asset_range(const char *prefix, const struct asset **first)
{
    size_t count = 0;
    *first = NULL;
    for (size_t i = 0; i < assets_len; i++)
        if (strncmp(assets[i].name, prefix, strlen(prefix)) == 0 && count++ == 0)
            *first = &assets[i];
    return count;
}

const struct asset *asset_find(const char *name)
{
    const struct asset *first;
    return asset_range(name, &first) == 0 || strcmp(first->name, name) != 0 ? NULL : first;
}

static struct view *create(const struct asset *some_assets, size_t len, char error[static TEMPLATE_ERROR_CAP])
{
    assets = some_assets;
    assets_len = len;
    json_t *site = json_pack("{s:s, s:s, s:s, s:s, s:s}", "base", "/news", "origin", "https://example.org",
                             "site_title", "A & B", "site_description", "", "site_lang", "en");
    struct view *view = view_create(site, NULL, error, TEMPLATE_ERROR_CAP);
    assert_null(json_object_get(site, "static"));
    json_object_clear(site);
    json_decref(site);
    return view;
}

static struct view *create_good(void)
{
    char error[TEMPLATE_ERROR_CAP] = "";
    struct view *view = create(good_assets, sizeof good_assets / sizeof *good_assets, error);
    if (view == NULL)
        fail_msg("%s", error);
    return view;
}

static void test_renders_pages(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *expected;
    } cases[] = {
        {"public/page.html", "<link href=\"/news/static/site.0123456789abcdef.css\"><h1>T &lt;</h1>\n"},
        {"public/globals.html", "https://example.orgA &amp; Ben"},
        {"public/static.html", "/static/LICENSE.1111111111111111 /static/icons.v2/menu-open.2222222222222222 "
                               "/static/icons/menu-open.min.3333333333333333.svg"},
    };
    struct view *view = create_good();
    json_t *model = json_pack("{s:s}", "title", "T <");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char error[TEMPLATE_ERROR_CAP] = "";
        struct buf out = BUF_EMPTY;
        buf_text(&out, "before ");
        if (!view_render(view, cases[i].name, model, &out, error, sizeof error))
            fail_msg("%s", error);
        assert_memory_equal(buf_string(&out), "before ", 7);
        assert_string_equal(buf_string(&out) + 7, cases[i].expected);
        buf_release(&out);
    }
    json_decref(model);
    view_destroy(view);
}

static void test_names_what_cannot_be_rendered(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *error;
    } cases[] = {
        {"public/page.html", "public/page.html:2: 'title' is in no scope"},
        {"public/nowhere.html", "public/nowhere.html: there is no such template"},
        {"templates/public/page.html", "templates/public/page.html: there is no such template"},
    };
    struct view *view = create_good();
    json_t *model = json_object();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char error[TEMPLATE_ERROR_CAP] = "";
        char short_error[8];
        struct buf out = BUF_EMPTY;
        buf_text(&out, "before");
        assert_false(view_render(view, cases[i].name, model, &out, error, sizeof error));
        assert_string_equal(error, cases[i].error);
        assert_string_equal(buf_string(&out), "before");
        assert_false(view_render(view, cases[i].name, model, &out, short_error, sizeof short_error));
        assert_int_equal(strlen(short_error), sizeof short_error - 1);
        buf_release(&out);
    }
    json_decref(model);
    view_destroy(view);
}

static void test_refuses_a_bad_template(void **state)
{
    (void)state;
    char error[TEMPLATE_ERROR_CAP] = "";
    assert_null(create(bad_assets, sizeof bad_assets / sizeof *bad_assets, error));
    assert_string_equal(error, "public/page.html:2: there is no partial 'partials/gone.html'");
    view_destroy(NULL);
}

static void test_does_without_assets(void **state)
{
    (void)state;
    char error[TEMPLATE_ERROR_CAP] = "";
    struct view *view = create(NULL, 0, error);
    assert_non_null(view);
    view_destroy(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_renders_pages),
        cmocka_unit_test(test_names_what_cannot_be_rendered),
        cmocka_unit_test(test_refuses_a_bad_template),
        cmocka_unit_test(test_does_without_assets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
