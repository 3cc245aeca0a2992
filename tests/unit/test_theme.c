/* Themes: what of a folder is taken, and what is said of one that is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/harness.h"
#include "warta/base/buf.h"
#include "warta/view/theme.h"
#include "warta/view/view.h"

static char folder[] = "/tmp/warta-theme-XXXXXX";

static char *path_of(const char *name, struct buf *path)
{
    buf_truncate(path, 0);
    buf_format(path, "%s/%s", folder, name);
    return path->data;
}

static void put(const char *name, const char *bytes, size_t len)
{
    struct buf path = BUF_EMPTY;
    for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        char *parent = strndup(name, (size_t)(slash - name));
        mkdir(path_of(parent, &path), 0700);
        free(parent);
    }
    int fd = open(path_of(name, &path), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
    buf_release(&path);
}

static int set_up(void **state)
{
    (void)state;
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    struct buf command = BUF_EMPTY;
    buf_format(&command, "chmod -R u+rwx %s && rm -rf %s", folder, folder);
    int result = system(buf_string(&command));
    buf_release(&command);
    return result;
}

static struct view *create(char *error, size_t error_len)
{
    json_t *site = json_pack("{s:s, s:s, s:s, s:s, s:s}", "base", "/news", "origin", "https://example.org",
                             "site_title", "A & B", "site_description", "", "site_lang", "en");
    struct view *view = view_create(site, folder, error, error_len);
    json_decref(site);
    return view;
}

static const struct {
    const char *name, *text;
    const char *error; /* behind the folder's name and a slash */
} mistakes[] = {
    {"templates/public/listing.html", "one\n{{#months}}\n", "templates/public/listing.html:2: "},
    {"templates/public/listing.html", "one\n{{>partials/gone.html}}",
     "templates/public/listing.html:2: there is no partial 'partials/gone.html'"},
    {"templates/public/listing.html", "{{{site_title}}}", "templates/public/listing.html:1: "},
    {"templates/public/item.html", "\n\n{{titel}}",
     "templates/public/item.html:3: there is no key 'titel'; did you mean title?"},
    {"templates/public/item.html", "{{#word.skipp}}{{/word.skipp}}",
     "templates/public/item.html:1: there is no key 'word.skipp'; did you mean skip?"},
    {"templates/public/item.html", "{{static.sites_css}}",
     "templates/public/item.html:1: there is no key 'static.sites_css'; did you mean site_css?"},
    {"templates/public/listings.html", "",
     "templates/public/listings.html: stands in for no file of warta; did you mean templates/public/listing.html?"},
    {"templates/public/listing.html~", "", "templates/public/listing.html~: stands in for no file"},
    {"templates/words.txt", "# words\nskipp = Go on\n",
     "templates/words.txt:2: 'skipp' is none of the words that warta has; did you mean skip?"},
    {"templates/words.txt", "skip = one\n\nskip = two\n", "templates/words.txt:3: 'skip' is there twice"},
    {"templates/words.txt", "skip\n", "templates/words.txt:1: is not 'name = words'"},
    {"templates/words.txt", "skip = \xff\n", "templates/words.txt:1: 'skip' is not plain text"},
    {"sql/item_public.sql", "", "sql/item_public.sql: stands in for no file of warta; a theme has"},
    {"site.css", "", "site.css: stands in for no file of warta"},
    {"static", "", "static: stands in for no file of warta"},
    {"static/site", "", "static/site: no media type"},
    {"static/program.exe", "", "static/program.exe: no media type"},
    {"static/a b.css", "", "static/a b.css: a static file is named with letters"},
    {"static/icons/open.svg", "", "static/icons/open.svg: a static file is named with letters"},
    {"static/site_css", "", "static/site_css: no media type"},
    {"static/site-css.css", "", NULL},
    {"static/new.svg", "", NULL},
    {"static/icon-svg", "", "static/icon-svg: no media type"},
    {"static/.hidden", "", NULL},
    {"README.md", "", NULL},
    {"templates/README.md", "", "templates/README.md: stands in for no file of warta"},
    {"a/b/c/d.css", "", "a/b/c: is no file that a theme may have there"},
};

static void test_mistakes(void **state)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        char error[512] = "";
        set_up(state);
        put(mistakes[i].name, mistakes[i].text, strlen(mistakes[i].text));
        struct view *view = create(error, sizeof error);
        const char *said = mistakes[i].error;
        bool right = said == NULL ? view != NULL
                                  : view == NULL && strncmp(error, folder, strlen(folder)) == 0 &&
                                        strncmp(error + strlen(folder) + 1, said, strlen(said)) == 0 &&
                                        strchr(error, '\n') == NULL;
        if (!right)
            fail_msg("%s: %s", mistakes[i].name, error);
        view_destroy(view);
        tear_down(state);
    }
    set_up(state);
}

static void expect_refused(const char *said)
{
    char error[512] = "";
    assert_null(create(error, sizeof error));
    if (strstr(error, said) == NULL)
        fail_msg("%s", error);
}

static void test_stays_in_its_folder(void **state)
{
    (void)state;
    struct buf path = BUF_EMPTY;
    put("static/site.css", "", 0);
    assert_int_equal(symlink("/etc/passwd", path_of("static/new.css", &path)), 0);
    expect_refused("static/new.css: is a link, which a theme may not have");
    assert_int_equal(unlink(path.data), 0);
    assert_int_equal(symlink("/etc", path_of("templates", &path)), 0);
    expect_refused("templates: ");
    assert_int_equal(unlink(path.data), 0);
    assert_int_equal(mkfifo(path_of("static/pipe.css", &path), 0600), 0);
    expect_refused("static/pipe.css: is no file that a theme may have there");
    buf_release(&path);
}

static void test_is_bounded(void **state)
{
    (void)state;
    char *large = calloc(1, THEME_FILE_MAX + 1);
    put("static/large.css", large, THEME_FILE_MAX + 1);
    expect_refused("static/large.css: is larger than 1024 KiB");
    put("static/large.css", large, THEME_FILE_MAX);
    for (char name[] = "static/a.css"; name[7] < 'i'; name[7]++)
        put(name, large, THEME_FILE_MAX);
    expect_refused("is larger than 8 MiB");
    free(large);
}

static void test_holds_so_many_files(void **state)
{
    (void)state;
    struct buf name = BUF_EMPTY;
    for (int i = 0; i <= THEME_FILES_MAX; i++) {
        buf_truncate(&name, 0);
        buf_format(&name, "static/%d.css", i);
        put(name.data, "", 0);
    }
    expect_refused("holds more than 256 files");
    buf_release(&name);
}

static void test_names_that_templates_cannot_tell_apart(void **state)
{
    (void)state;
    put("static/a-b.css", "", 0);
    put("static/a_b.css", "", 0);
    expect_refused("static/a_b.css: templates could not tell it from a file of nearly the same name");
}

static void test_a_folder_that_is_not_there(void **state)
{
    assert_int_equal(tear_down(state), 0);
    expect_refused(": No such file or directory");
    assert_int_equal(set_up(state), 0);
}

static void render(const struct view *view, json_t *model, const char *expected, const char *said)
{
    struct buf out = BUF_EMPTY;
    char error[512] = "";
    assert_true(view_render(view, "partials/kicker.html", model, &out, error, sizeof error));
    assert_string_equal(buf_string(&out), expected);
    assert_string_equal(error, said);
    buf_release(&out);
}

static void test_stands_in(void **state)
{
    (void)state;
    char error[512] = "";
    char style[4000];
    memset(style, 'a', sizeof style);
    put("templates/partials/kicker.html", "{{word.skip}}, {{kicker}}{{#date}}{{date_words}}{{/date}}", 57);
    put("templates/words.txt", "skip = <Weiter>\n", 16);
    put("static/site.css", style, sizeof style);
    struct view *view = create(error, sizeof error);
    if (view == NULL)
        fail_msg("%s", error);
    json_t *model =
        json_pack("{s:s, s:s, s:b, s:b}", "kicker", "K", "date", "", "kicker_is_type", 0, "lang_differs", 0);
    render(view, model, "&lt;Weiter&gt;, K", "");
    /* What this page does not have is the theme's fault, not the reader's. */
    json_object_set_new(model, "date", json_string("2020-01-01"));
    render(view, model, "<p class=\"kicker\">K</p>\n", "partials/kicker.html:1: 'date_words' is in no scope");
    json_decref(model);
    assert_string_equal(view_words(view, "skip"), "<Weiter>");
    assert_string_equal(view_words(view, "back_to_top"), "Back to the top");
    assert_null(view_words(view, "back_to_front"));
    const struct asset *css = view_static(view, "site.css");
    assert_int_equal(css->len, sizeof style);
    assert_string_equal(css->media_type, "text/css; charset=utf-8");
    assert_int_equal(strlen(css->hash), 16);
    assert_true(css->brotli_len > 0 && css->brotli_len < 100 && css->gzip_len > 0 && css->gzip_len < 100);
    assert_ptr_equal(view_theme_static(view, "site.css"), css);
    assert_null(view_theme_static(view, "admin.css"));
    assert_ptr_equal(view_static(view, "admin.css"), asset_find("static/admin.css"));
    assert_null(view_static(view, "../sql/item_public.sql"));
    view_destroy(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_mistakes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stays_in_its_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_holds_so_many_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_that_templates_cannot_tell_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_folder_that_is_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stands_in, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
