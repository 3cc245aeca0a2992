#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/view/template.h"

static const char before[] = "before ";

/* ---- the cases in tests/render/, each an object:
 * name, template (rendered as "main"), partials (name: text), data (the model), globals, and either expected or error
 * (a part of the message). */

static struct template_source string_source(const char *name, const json_t *text)
{
    return (struct template_source){name, json_string_value(text), json_string_length(text)};
}

static struct templates *case_templates(json_t *test, char error[static TEMPLATE_ERROR_CAP])
{
    struct template_source sources[8];
    size_t len = 0;
    const char *name;
    json_t *text;
    sources[len++] = string_source("main", json_object_get(test, "template"));
    json_object_foreach(json_object_get(test, "partials"), name, text)
    {
        assert_true(len < sizeof sources / sizeof *sources);
        sources[len++] = string_source(name, text);
    }
    return templates_create(sources, len, error);
}

static bool is_expected(const json_t *test, bool done, const struct buf *out, const char *error)
{
    const json_t *expected = json_object_get(test, "expected");
    const char *reason = json_string_value(json_object_get(test, "error"));
    const char *text = out->data + strlen(before);
    size_t text_len = out->len - strlen(before);
    if (expected == NULL)
        return !done && text_len == 0 && reason != NULL && reason[0] != '\0' && strstr(error, reason) != NULL;
    return done && text_len == json_string_length(expected) && memcmp(text, json_string_value(expected), text_len) == 0;
}

static bool run_case(json_t *test, const char *file)
{
    char error[TEMPLATE_ERROR_CAP] = "";
    struct buf out = BUF_EMPTY;
    buf_text(&out, before);
    struct templates *templates = case_templates(test, error);
    bool done = templates != NULL && template_render(templates, "main", json_object_get(test, "data"),
                                                     json_object_get(test, "globals"), &out, error);
    bool ok = strncmp(out.data, before, strlen(before)) == 0 && is_expected(test, done, &out, error);
    if (!ok)
        print_error("%s: \"%s\" gave [%s] %s\n", file, json_string_value(json_object_get(test, "name")),
                    out.data + strlen(before), error);
    templates_destroy(templates);
    buf_release(&out);
    return ok;
}

static size_t failing_cases(const char *file)
{
    json_error_t reason;
    json_t *cases = json_load_file(file, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &reason);
    if (!json_is_array(cases) || json_array_size(cases) == 0)
        fail_msg("%s: not an array of cases: %s (line %d)", file, reason.text, reason.line);
    size_t failing = 0;
    size_t i;
    json_t *test;
    json_array_foreach(cases, i, test) failing += !run_case(test, file);
    json_decref(cases);
    return failing;
}

static void test_cases(void **state)
{
    (void)state;
    const char *source_dir = getenv("WARTA_SOURCE_DIR");
    char pattern[4096];
    snprintf(pattern, sizeof pattern, "%s/tests/render/*.json", source_dir == NULL ? "." : source_dir);
    glob_t files;
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    assert_true(files.gl_pathc >= 8);
    size_t failing = 0;
    for (size_t i = 0; i < files.gl_pathc; i++)
        failing += failing_cases(files.gl_pathv[i]);
    globfree(&files);
    assert_int_equal(failing, 0);
}

/* ---- what is too large or too odd for a case file */

static struct templates *one_template(const char *text, size_t len)
{
    char error[TEMPLATE_ERROR_CAP] = "";
    struct template_source source = {"main", text, len};
    struct templates *templates = templates_create(&source, 1, error);
    if (templates == NULL)
        fail_msg("%s", error);
    return templates;
}

/* Renders `text` with `model`, which is stolen; the result is in `out`. */
static bool render(const char *text, json_t *model, struct buf *out, char error[static TEMPLATE_ERROR_CAP])
{
    struct templates *templates = one_template(text, strlen(text));
    bool done = template_render(templates, "main", model, NULL, out, error);
    templates_destroy(templates);
    json_decref(model);
    return done;
}

static void escape_slowly(const char *bytes, size_t len, struct buf *out)
{
    static const char *const entities[256] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"};
    for (size_t i = 0; i < len; i++) {
        const char *entity = entities[(unsigned char)bytes[i]];
        if (entity == NULL)
            buf_char(out, bytes[i]);
        else
            buf_text(out, entity);
    }
}

static void assert_escaped(const char *bytes, size_t len)
{
    char error[TEMPLATE_ERROR_CAP] = "";
    struct buf out = BUF_EMPTY;
    struct buf expected = BUF_EMPTY;
    escape_slowly(bytes, len, &expected);
    assert_true(render("{{.}}", json_stringn_nocheck(bytes, len), &out, error));
    assert_int_equal(out.len, expected.len);
    if (len > 0)
        assert_memory_equal(out.data, expected.data, out.len);
    buf_release(&out);
    buf_release(&expected);
}

static void test_escapes_every_byte_at_every_place(void **state)
{
    (void)state;
    char bytes[70];
    for (int c = 0; c < 256; c++)
        for (size_t at = 0; at < sizeof bytes; at += 3) {
            memset(bytes, 'x', sizeof bytes);
            bytes[at] = (char)c;
            assert_escaped(bytes, sizeof bytes);
            assert_escaped(bytes, at + 1);
        }
    for (size_t len = 0; len < sizeof bytes; len++)
        assert_escaped("&&&&&&&&&&&&&&&&<<<<<<<<<<<<<<<<>>>>>>>>>>>>>>>>\"\"\"\"\"\"\"\"''''''''aaaaaaaaaaaaaaaa", len);
}

static void test_renders_a_megabyte(void **state)
{
    (void)state;
    size_t len = 1 << 20;
    char *bytes = malloc(len);
    assert_non_null(bytes);
    static const char fills[] = {'a', '&', '\''};
    for (size_t i = 0; i < sizeof fills; i++) {
        memset(bytes, fills[i], len);
        assert_escaped(bytes, len);
    }
    for (size_t i = 0; i < len; i++)
        bytes[i] = "0123456789abcdefghijklm<"[i % 24];
    assert_escaped(bytes, len);
    free(bytes);
}

static void test_renders_a_huge_array(void **state)
{
    (void)state;
    enum { LEN = 200000 };
    char error[TEMPLATE_ERROR_CAP] = "";
    json_t *list = json_array();
    for (int i = 0; i < LEN; i++)
        json_array_append_new(list, json_pack("{s:i}", "n", i));
    struct buf out = BUF_EMPTY;
    assert_true(render("{{#list}}{{n}}\n{{/list}}", json_pack("{s:o}", "list", list), &out, error));
    const char *at = out.data;
    for (int i = 0; i < LEN; i++) {
        char *end;
        assert_int_equal(strtol(at, &end, 10), i);
        assert_int_equal(*end, '\n');
        at = end + 1;
    }
    assert_ptr_equal(at, out.data + out.len);
    buf_release(&out);
}

static void repeat(struct buf *out, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buf_text(out, text);
}

static void nest(struct buf *out, const char *open, size_t depth)
{
    repeat(out, open, depth);
    buf_text(out, "x");
    repeat(out, "{{/k}}", depth);
}

static void test_sections_nest_up_to_the_limit(void **state)
{
    (void)state;
    static const struct {
        const char *open;
        size_t depth;
        const char *model;
        const char *expected; /* NULL: too deep */
    } cases[] = {
        {"{{#k}}", TEMPLATE_DEPTH_MAX, "{\"k\":1}", "x"},
        {"{{#k}}", TEMPLATE_DEPTH_MAX + 1, "{\"k\":1}", NULL},
        {"{{#k}}", TEMPLATE_DEPTH_MAX + 1, "{\"k\":[1,2]}", NULL},
        {"{{#k}}", 100000, "{\"k\":{\"k\":1}}", NULL},
        {"{{#k}}", 100000, "{\"k\":null}", ""},
        {"{{^k}}", 100000, "{\"k\":null}", "x"},
        {"{{^k}}", 100000, "{\"k\":1}", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char error[TEMPLATE_ERROR_CAP] = "";
        struct buf text = BUF_EMPTY;
        struct buf out = BUF_EMPTY;
        buf_text(&out, before);
        nest(&text, cases[i].open, cases[i].depth);
        bool done = render(buf_string(&text), json_loads(cases[i].model, 0, NULL), &out, error);
        assert_int_equal(done, cases[i].expected != NULL);
        assert_memory_equal(out.data, before, strlen(before));
        assert_string_equal(out.data + strlen(before), done ? cases[i].expected : "");
        if (!done)
            assert_string_equal(error, "main:1: 'k' is a section in too many others");
        buf_release(&text);
        buf_release(&out);
    }
}

/* p0 holds p1, p1 holds p2, and so on; `len` templates are len - 1 partials in each other. */
static bool render_chain(size_t len, struct buf *out, char error[static TEMPLATE_ERROR_CAP])
{
    char names[TEMPLATE_DEPTH_MAX + 2][32];
    char texts[TEMPLATE_DEPTH_MAX + 2][32];
    struct template_source sources[TEMPLATE_DEPTH_MAX + 2];
    for (size_t i = 0; i < len; i++) {
        snprintf(names[i], sizeof names[i], "p%zu", i);
        snprintf(texts[i], sizeof texts[i], i + 1 < len ? "{{>p%zu}}" : "end %zu", i + 1);
        sources[i] = (struct template_source){names[i], texts[i], strlen(texts[i])};
    }
    struct templates *templates = templates_create(sources, len, error);
    assert_non_null(templates);
    json_t *model = json_object();
    bool done = template_render(templates, "p0", model, NULL, out, error);
    json_decref(model);
    templates_destroy(templates);
    return done;
}

static void test_partials_nest_up_to_the_limit(void **state)
{
    (void)state;
    char error[TEMPLATE_ERROR_CAP] = "";
    struct buf out = BUF_EMPTY;
    assert_true(render_chain(TEMPLATE_DEPTH_MAX + 1, &out, error));
    assert_string_equal(buf_string(&out), "end 65");
    assert_false(render_chain(TEMPLATE_DEPTH_MAX + 2, &out, error));
    assert_string_equal(error, "p64:1: 'p65' is a partial in too many others");
    assert_string_equal(buf_string(&out), "end 65");
    buf_release(&out);
}

static void test_long_names_fit_the_message(void **state)
{
    (void)state;
    static const char *const texts[] = {"{{%s}}",  "{{{%s}}}", "{{#%s}}", "{{#%s}}{{/a}}",
                                        "{{>%s}}", "{{/%s}}",  "{{%s-}}"};
    char name[2001];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    json_t *model = json_object();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf text = BUF_EMPTY;
        struct buf out = BUF_EMPTY;
        char error[TEMPLATE_ERROR_CAP];
        memset(error, '?', sizeof error);
        const char *hole = strstr(texts[i], "%s");
        buf_append(&text, texts[i], (size_t)(hole - texts[i]));
        buf_text(&text, name);
        buf_text(&text, hole + 2);
        struct template_source source = {name, text.data, text.len};
        struct templates *templates = templates_create(&source, 1, error);
        assert_true(templates == NULL || !template_render(templates, name, model, NULL, &out, error));
        assert_non_null(memchr(error, '\0', sizeof error));
        assert_memory_equal(error, "nnnn", 4);
        assert_non_null(strstr(error, ":1: "));
        templates_destroy(templates);
        buf_release(&text);
        buf_release(&out);
    }
    json_decref(model);
}

static void test_sets(void **state)
{
    (void)state;
    char error[TEMPLATE_ERROR_CAP] = "";
    char text[] = "{{>a}}{{k}}";
    char name[] = "z";
    struct template_source sources[] = {{name, text, strlen(text)}, {"a", "A, not this", 1}, {"m", "", 0}};
    struct templates *templates = templates_create(sources, 3, error);
    assert_non_null(templates);
    memset(text, '!', sizeof text);
    memset(name, '!', sizeof name);
    json_t *model = json_pack("{s:s}", "k", "v");
    struct buf out = BUF_EMPTY;
    assert_true(template_render(templates, "m", model, NULL, &out, error));
    assert_true(template_render(templates, "z", model, NULL, &out, error));
    assert_string_equal(buf_string(&out), "Av");
    assert_false(template_render(templates, "y", model, NULL, &out, error));
    assert_string_equal(error, "y: there is no such template");
    assert_string_equal(buf_string(&out), "Av");
    templates_destroy(templates);

    struct template_source twice[] = {{"b", "", 0}, {"a", "", 0}, {"b", "", 0}};
    assert_null(templates_create(twice, 3, error));
    assert_string_equal(error, "b: two templates have this name");
    templates = templates_create(NULL, 0, error);
    assert_non_null(templates);
    assert_false(template_render(templates, "z", model, NULL, &out, error));
    templates_destroy(templates);
    templates_destroy(NULL);
    json_decref(model);
    buf_release(&out);
}

struct reader {
    const struct templates *templates;
    const json_t *model;
    const json_t *globals;
    bool same;
};

static void *render_often(void *arg)
{
    struct reader *reader = arg;
    reader->same = true;
    for (int i = 0; i < 500; i++) {
        char error[TEMPLATE_ERROR_CAP];
        struct buf out = BUF_EMPTY;
        reader->same &= template_render(reader->templates, "main", reader->model, reader->globals, &out, error);
        reader->same &= strcmp(buf_string(&out), "a 1.5 &lt; b 1.5 &lt; ") == 0;
        buf_release(&out);
    }
    return NULL;
}

static void test_many_threads_render_one_set(void **state)
{
    (void)state;
    static const char text[] = "{{#list}}{{.}} {{real}} {{global}} {{/list}}";
    struct templates *templates = one_template(text, strlen(text));
    json_t *model = json_pack("{s:[s,s], s:f}", "list", "a", "b", "real", 1.5);
    json_t *globals = json_pack("{s:s}", "global", "<");
    pthread_t threads[4];
    struct reader readers[4];
    for (size_t i = 0; i < 4; i++) {
        readers[i] = (struct reader){.templates = templates, .model = model, .globals = globals};
        assert_int_equal(pthread_create(&threads[i], NULL, render_often, &readers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_true(readers[i].same);
    }
    json_decref(model);
    json_decref(globals);
    templates_destroy(templates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_escapes_every_byte_at_every_place),
        cmocka_unit_test(test_renders_a_megabyte),
        cmocka_unit_test(test_renders_a_huge_array),
        cmocka_unit_test(test_sections_nest_up_to_the_limit),
        cmocka_unit_test(test_partials_nest_up_to_the_limit),
        cmocka_unit_test(test_long_names_fit_the_message),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_many_threads_render_one_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
