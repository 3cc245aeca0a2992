#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "warta/base/buf.h"
#include "warta/http/form_data.h"

#define MULTIPART "multipart/form-data; boundary=xYz"
#define URLENCODED "application/x-www-form-urlencoded"
#define PART(head) "--xYz\r\nContent-Disposition: form-data; " head "\r\n\r\n"
#define END "\r\n--xYz--\r\n"

struct scene {
    struct arena arena;
    struct form_data form;
    char *fields; /* as JSON */
};

static int read_form(struct scene *scene, const char *type, const char *body, size_t len, bool cut)
{
    json_t *fields = json_object();
    arena_init(&scene->arena);
    scene->form.arena = &scene->arena;
    scene->form.fields = fields;
    char *copy = malloc(len + 1); /* so that nothing behind it is read */
    assert_non_null(copy);
    memcpy(copy, body, len);
    int status = form_data_read(&scene->form, type, copy, len, cut);
    for (size_t i = 0; i < scene->form.uploads_len; i++) {
        struct upload *upload = &scene->form.uploads[i];
        upload->bytes = upload->len == 0 ? "" : body + (upload->bytes - copy);
    }
    scene->fields = json_dumps(fields, JSON_COMPACT);
    json_decref(fields);
    free(copy);
    return status;
}

static void end(struct scene *scene)
{
    free(scene->fields);
    arena_release(&scene->arena);
}

static void forms_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *type, *body;
        int status;
        const char *fields;
    } cases[] = {
        {URLENCODED, "", 200, "{}"},
        {URLENCODED "; charset=utf-8", "a=1&b=%C3%A9+x&a=2&a=&c", 200,
         "{\"a\":[\"1\",\"2\",\"\"],\"b\":\"\xc3\xa9 x\",\"c\":\"\"}"},
        {URLENCODED, "a=%ff", 400, NULL},
        {URLENCODED, "a=%0", 400, NULL},
        {"text/plain", "a=1", 415, NULL},
        {URLENCODED "x", "a=1", 415, NULL},
        {NULL, "a=1", 415, NULL},
        {MULTIPART, PART("name=\"a\"") "1\r\n" PART("name=b") "two\r\nlines" END, 200,
         "{\"a\":\"1\",\"b\":\"two\\r\\nlines\"}"},
        {MULTIPART, "preamble\r\n" PART("name=\"a\\\"b\"") END "epilogue", 200, "{\"a\\\"b\":\"\"}"},
        {MULTIPART, "\r\n" PART("name=\"a\"") "--xYz\r\n--xY" END, 200, "{\"a\":\"--xYz\\r\\n--xY\"}"},
        {MULTIPART, PART("filename=\"x\"") "nameless" END, 200, "{}"},
        {MULTIPART, "--xYz\r\n\r\nheadless" END, 200, "{}"},
        {MULTIPART, "--xYz--", 200, "{}"},
        {MULTIPART, PART("name=\"a\"") "1\r\n--xYz\r\n", 400, NULL},
        {MULTIPART, PART("name=\"a\"") "1", 400, NULL},
        {MULTIPART, PART("name=\"a\"") "1\r\n--xYzz\r\n", 400, NULL},
        {MULTIPART, PART("name=\"a\"") "\xff" END, 400, NULL},
        {MULTIPART, "", 400, NULL},
        {MULTIPART, "a=1", 400, NULL},
        {"multipart/form-data", PART("name=\"a\"") "1" END, 400, NULL},
        {"multipart/form-data; boundary=\"\"", PART("name=\"a\"") "1" END, 400, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;
        int status = read_form(&scene, cases[i].type, cases[i].body, strlen(cases[i].body), false);
        if (status != cases[i].status)
            fail_msg("row %zu: %d", i, status);
        if (cases[i].fields != NULL)
            assert_string_equal(scene.fields, cases[i].fields);
        assert_int_equal(scene.form.problem != NULL, status == 400);
        end(&scene);
    }
}

static void files_are_slices_of_the_body(void **state)
{
    (void)state;
    static const char body[] = PART("name=\"f\"; filename=\"../a b.png\"") "\0\x89PNG\r\n--xY\r\n" PART(
        "name=\"f\"; filename=\"\"") "\r\n" PART("name=\"t\"") "x\r\n" PART("name=\"f\"; filename=\"e\"") END;
    struct scene scene;
    assert_int_equal(read_form(&scene, MULTIPART, body, sizeof body - 1, false), 200);
    assert_string_equal(scene.fields, "{\"t\":\"x\"}");
    assert_int_equal(scene.form.uploads_len, 2);
    assert_string_equal(scene.form.uploads[0].name, "../a b.png");
    assert_int_equal(scene.form.uploads[0].len, 11);
    assert_memory_equal(scene.form.uploads[0].bytes, "\0\x89PNG\r\n--xY", 11);
    assert_string_equal(scene.form.uploads[1].name, "e");
    assert_int_equal(scene.form.uploads[1].len, 0);
    end(&scene);
}

/* Of a body that was cut, whole fields count; a file may be missing, but nothing that was typed. */
static void a_cut_form_keeps_what_was_typed(void **state)
{
    (void)state;
    static const struct {
        const char *type, *body;
        int status;
        const char *fields;
    } cases[] = {
        {URLENCODED, "a=1&b=2&c=%C", 200, "{\"a\":\"1\",\"b\":\"2\"}"},
        {MULTIPART, PART("name=\"a\"") "1\r\n" PART("name=\"f\"; filename=\"x\"") "cut", 200, "{\"a\":\"1\"}"},
        {MULTIPART, PART("name=\"a\"") "1\r\n--xYz\r\nContent-Dis", 200, "{\"a\":\"1\"}"},
        {MULTIPART, PART("name=\"a\"") "1\r\n" PART("name=\"b\"") "cut", 413, NULL},
        {MULTIPART, "", 200, "{}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;
        int status = read_form(&scene, cases[i].type, cases[i].body, strlen(cases[i].body), true);
        if (status != cases[i].status)
            fail_msg("row %zu: %d", i, status);
        if (cases[i].fields != NULL)
            assert_string_equal(scene.fields, cases[i].fields);
        end(&scene);
    }
}

static void expect_repeated(const char *type, const char *begin, const char *part, size_t times, const char *last,
                            int status)
{
    struct scene scene;
    struct buf body = BUF_EMPTY;
    buf_text(&body, begin);
    for (size_t i = 0; i < times; i++)
        buf_text(&body, part);
    buf_text(&body, last);
    int got = read_form(&scene, type, body.data, body.len, false);
    if (got != status)
        fail_msg("%zu times %s: %d", times, part, got);
    end(&scene);
    buf_release(&body);
}

static void numbers_and_lengths_are_bounded(void **state)
{
    (void)state;
    expect_repeated(URLENCODED, "a=1", "&a=1", FORM_FIELDS_MAX - 1, "", 200);
    expect_repeated(URLENCODED, "a=1", "&a=1", FORM_FIELDS_MAX, "", 413);
    expect_repeated(URLENCODED, "a", "&a", 1000000, "", 413);
    expect_repeated(URLENCODED, "", "&", 1000000, "", 413);
    expect_repeated(MULTIPART, "", PART("name=\"a\"") "1\r\n", FORM_FIELDS_MAX, "--xYz--", 200);
    expect_repeated(MULTIPART, "", PART("name=\"a\"") "1\r\n", FORM_FIELDS_MAX + 1, "--xYz--", 413);
    expect_repeated(MULTIPART, "", PART("filename=\"a\"") "1\r\n", FORM_FIELDS_MAX + 1, "--xYz--", 413);
    expect_repeated(MULTIPART, "", PART("name=\"a\"; filename=\"b\"") "1\r\n", FORM_DATA_UPLOADS_MAX, "--xYz--", 200);
    expect_repeated(MULTIPART, "", PART("name=\"a\"; filename=\"b\"") "1\r\n", FORM_DATA_UPLOADS_MAX + 1, "--xYz--",
                    413);
    expect_repeated(MULTIPART, PART("name=\"a\""), "x", FORM_DATA_TEXT_MAX - 1, END, 200);
    expect_repeated(MULTIPART, PART("name=\"a\""), "x", FORM_DATA_TEXT_MAX, END, 413);
    expect_repeated(MULTIPART, PART("name=\"f\"; filename=\"a\""), "x", 3 * FORM_DATA_TEXT_MAX, END, 200);
    expect_repeated(MULTIPART, "--xYz\r\nContent-Disposition: form-data; name=\"", "a", FORM_DATA_NAME_MAX,
                    "\"\r\n\r\n" END, 200);
    expect_repeated(MULTIPART, "--xYz\r\nContent-Disposition: form-data; name=\"", "a", FORM_DATA_NAME_MAX + 1,
                    "\"\r\n\r\n" END, 413);
    expect_repeated(MULTIPART, "--xYz\r\nX: ", "a", FORM_DATA_HEAD_MAX, "\r\n\r\n" END, 400);
    expect_repeated(MULTIPART, "", "\r\n--xY", 200000, "\r\n--xYz--", 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_read),
        cmocka_unit_test(files_are_slices_of_the_body),
        cmocka_unit_test(a_cut_form_keeps_what_was_typed),
        cmocka_unit_test(numbers_and_lengths_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
