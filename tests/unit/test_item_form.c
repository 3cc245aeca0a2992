#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "warta/newsroom/item.h"
#include "warta/pages/item_form.h"

/* 2026-11-23T12:00:00Z */
enum { NOW_UNIX = 1795435200 };

static int open_text(void **state)
{
    char error[256];
    *state = text_create("en", "Asia/Bangkok", error, sizeof error);
    return *state == NULL ? -1 : 0;
}

static int close_text(void **state)
{
    text_destroy(*state);
    return 0;
}

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (value == NULL)
        fail_msg("%s: %s", error.text, text);
    return value;
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* --- there and back --- */

/* Whatever an item holds, its form saved unchanged is that item. */
static void test_round_trip(void **state)
{
    static const char *const items[] = {
        "{\"slug\":\"a\",\"type\":\"news\",\"kicker\":\"\",\"title\":\"T\",\"summary\":\"\",\"body\":\"\",\"date\":"
        "null,\"event\":null,"
        "\"lang\":\"en\",\"places\":[],\"topics\":[],\"link\":\"\",\"aliases\":[],\"publish_at\":null}",
        "{\"slug\":\"b-2\",\"type\":\"event\",\"kicker\":\"K, "
        "\\\"k\\\"\",\"title\":\"<b>\",\"summary\":\"one\\ntwo\",\"body\":\"# h\\n\\n* x\","
        "\"date\":\"2019-04-25\",\"event\":{\"starts\":\"2019-04-25T09:00\",\"ends\":\"2019-04-26\",\"venue\":\"Hà "
        "Nội, hall 1\"},"
        "\"lang\":\"km\",\"places\":[\"Korea, Republic of\",\"Nepal\",\"\\\"Old\\\" town\",\"\\\"q\\\", "
        "\\\"r\\\"\"],\"topics\":[\"a \\\"b\\\" c\"],"
        "\"link\":\"https://example.org/"
        "a?b=1,2\",\"aliases\":[\"WCMS_1\",\"x,y\"],\"publish_at\":\"2019-04-25T02:00:59Z\"}",
        "{\"slug\":\"c\",\"type\":\"news\",\"kicker\":\"\",\"title\":\"T\",\"summary\":\"\",\"body\":\"\",\"date\":"
        "\"2019-04-25\","
        "\"event\":{\"starts\":null,\"ends\":null,\"venue\":\"Only\"},\"lang\":\"zh-Hant\",\"places\":[],\"topics\":[],"
        "\"link\":\"\","
        "\"aliases\":[],\"publish_at\":\"2030-01-01T00:00:00Z\"}",
    };
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        json_t *item = parse(items[i]);
        json_t *errors = json_array();
        json_t *values = item_form_values(*state, item);
        json_t *checked = item_form_check(*state, values, item, errors);
        char *words = json_dumps(checked, JSON_SORT_KEYS);
        assert_int_equal(json_array_size(errors), 0);
        if (!json_equal(checked, item))
            fail_msg("%s\nbecame %s", items[i], words);
        free(words);
        json_decref(checked);
        json_decref(values);
        json_decref(errors);
        json_decref(item);
    }
}

static void test_empty(void **state)
{
    json_t *values = item_form_values(*state, NULL);
    const char *key;
    json_t *value;
    size_t count = 0;
    json_object_foreach(values, key, value)
    {
        assert_string_equal(json_string_value(value), "");
        count++;
    }
    assert_int_equal(count, 16);
    json_decref(values);
}

/* --- what is typed --- */

struct typed_case {
    const char *key, *typed;
    const char *checked_key, *checked; /* JSON; NULL: left out */
    const char *error;                 /* the words beside the field; NULL: none */
};

static const struct typed_case typed_cases[] = {
    {"places", " Nepal ,, Viet Nam,Nepal", "places", "[\"Nepal\",\"Viet Nam\"]", NULL},
    {"places", "\"Korea, Republic of\", \"Green\" town, \"open, end", "places",
     "[\"Korea, Republic of\",\"\\\"Green\\\" town\",\"\\\"open\",\"end\"]", NULL},
    {"topics", ",,, ,", "topics", "[]", NULL},
    {"aliases", "a/b", "aliases", "[\"a/b\"]", "Other addresses has an entry that cannot stand in an address."},
    {"publish_at", "2027-03-03T09:00", "publish_at", "\"2027-03-03T02:00:00Z\"", NULL},
    {"publish_at", " 2027-03-03 ", "publish_at", "\"2027-03-02T17:00:00Z\"", NULL},
    {"publish_at", "", "publish_at", "null", NULL},
    {"publish_at", "tomorrow", "publish_at", "null", "Publish at is not a date and time such as 2019-08-30T09:30."},
    {"publish_at", "2027-02-30T09:00", "publish_at", "null",
     "Publish at is not a date and time such as 2019-08-30T09:30."},
    {"slug", "", "slug", "\"\"", NULL},
    {"slug", "No Slug", "slug", NULL,
     "Address is not made of words of a-z and 0-9 joined by hyphens, 80 characters at most."},
    {"lang", "", "lang", NULL, NULL},
    {"lang", "PT-br", "lang", "\"pt-BR\"", NULL},
    {"title", "  ", "title", NULL, "Title is missing."},
    {"title", "A\tb\xc2\xa0 c", "title", "\"A b c\"", NULL},
    {"body", "a\r\nb\rc", "body", "\"a\\nb\\nc\"", NULL},
    {"link", "javascript:alert(1)", "link", NULL, "Link is not an http or https address."},
    {"event_venue", "Hanoi", "event", "{\"starts\":null,\"ends\":null,\"venue\":\"Hanoi\"}", NULL},
    {"event_starts", "soon", NULL, NULL, "Event begins is not a date or time such as 2019-08-30 or 2019-08-30T09:30."},
    {"event_ends", "2019-01-01", "event", "{\"starts\":null,\"ends\":\"2019-01-01\",\"venue\":null}", NULL},
    {"date", "30.8.2019", "date", NULL, "Date is not a date such as 2019-08-30."},
};

static void check_typed(struct text *text, const struct typed_case *test)
{
    json_t *item = parse("{\"type\":\"news\",\"title\":\"T\",\"publish_at\":null}");
    json_t *blank = item_form_values(text, item);
    json_t *form = json_pack("{s:s, s:s}", test->key, test->typed, "unknown", "x");
    json_t *values = item_form_typed(blank, form);
    json_t *errors = json_array();
    json_t *checked = item_form_check(text, values, item, errors);
    json_t *said = item_form_errors(errors);
    const char *words = text_of(json_object_get(said, "errors"), test->key);
    json_t *expected = test->checked == NULL ? NULL : parse(test->checked);
    const json_t *got = test->checked_key == NULL ? NULL : json_object_get(checked, test->checked_key);
    if ((expected == NULL) != (got == NULL) || (got != NULL && !json_equal(expected, got)))
        fail_msg("%s = '%s' became %s", test->key, test->typed,
                 got == NULL ? "nothing" : json_dumps(got, JSON_ENCODE_ANY));
    if ((words == NULL) != (test->error == NULL) || (words != NULL && strcmp(words, test->error) != 0))
        fail_msg("%s = '%s' is said to be: %s", test->key, test->typed, words == NULL ? "right" : words);
    assert_int_equal(json_is_true(json_object_get(said, "has_errors")), test->error != NULL);
    assert_null(json_object_get(values, "unknown"));
    json_decref(expected);
    json_decref(said);
    json_decref(checked);
    json_decref(errors);
    json_decref(values);
    json_decref(form);
    json_decref(blank);
    json_decref(item);
}

static void test_typed(void **state)
{
    for (size_t i = 0; i < sizeof typed_cases / sizeof *typed_cases; i++)
        check_typed(*state, &typed_cases[i]);
}

/* A time that the form shows without its seconds is no change. */
static void test_publish_at_kept(void **state)
{
    json_t *item = parse("{\"publish_at\":\"2019-04-25T02:00:59Z\"}");
    json_t *errors = json_array();
    json_t *values = item_form_values(*state, item);
    assert_string_equal(text_of(values, "publish_at"), "2019-04-25T09:00");
    json_t *kept = item_form_check(*state, values, item, errors);
    assert_string_equal(text_of(kept, "publish_at"), "2019-04-25T02:00:59Z");
    json_object_set_new(values, "publish_at", json_string("2019-04-25T09:01"));
    json_t *moved = item_form_check(*state, values, item, errors);
    assert_string_equal(text_of(moved, "publish_at"), "2019-04-25T02:01:00Z");
    json_decref(moved);
    json_decref(kept);
    json_decref(values);
    json_decref(errors);
    json_decref(item);
}

static void test_errors(void **state)
{
    (void)state;
    json_t *errors = parse(
        "[{\"key\":\"event.ends\",\"reason\":\"is before event.starts\"},{\"key\":\"title\",\"reason\":\"is missing\"},"
        "{\"key\":\"title\",\"reason\":\"is odd\"},{\"key\":\"files\",\"words\":\"a.bmp: no\"},"
        "{\"key\":\"status\",\"reason\":\"is odd\"}]");
    json_t *said = item_form_errors(errors);
    const json_t *by_field = json_object_get(said, "errors");
    const json_t *list = json_object_get(said, "error_list");
    assert_string_equal(text_of(by_field, "event_ends"), "Event ends is before it begins.");
    assert_string_equal(text_of(by_field, "title"), "Title is missing.");
    assert_string_equal(text_of(by_field, "files"), "a.bmp: no");
    assert_string_equal(text_of(by_field, "form"), "status is odd.");
    assert_true(json_is_null(json_object_get(by_field, "slug")));
    assert_int_equal(json_array_size(list), 5);
    assert_string_equal(text_of(json_array_get(list, 0), "field"), "event_ends");
    assert_string_equal(text_of(json_array_get(list, 1), "words"), "is missing.");
    assert_string_equal(text_of(json_array_get(list, 3), "label"), "Files");
    json_decref(said);
    json_decref(errors);
}

/* --- warnings --- */

struct warning_case {
    const char *values;
    const char *files;
    const char *warnings[4];
};

static const struct warning_case warning_cases[] = {
    {"{\"summary\":\"s\",\"lang\":\"en\",\"date\":\"2026-11-23\"}", "[]", {NULL}},
    {"{\"summary\":\"\",\"lang\":\"en\"}", "[]", {"There is no summary"}},
    {"{\"summary\":\"s\",\"date\":\"2028-11-23\",\"event_starts\":\"1990-01-01T00:00\"}", "[]", {NULL}},
    {"{\"summary\":\"s\",\"date\":\"2028-11-24\",\"event_starts\":\"1989-12-31T23:59\"}",
     "[]",
     {"The date is more than two years ahead", "The event is before 1990"}},
    {"{\"summary\":\"s\",\"date\":\"later\"}", "[]", {NULL}},
    {"{\"summary\":\"s\",\"body\":\"[a](https://a.b) [b](/items/b) [c](mailto:c@d.e) <http://f.g> [h](#h)\"}",
     "[]",
     {NULL}},
    {"{\"summary\":\"s\",\"body\":\"[a](https://a.b) [b](www.ilo.org)\"}", "[]", {"“www.ilo.org”"}},
    {"{\"summary\":\"s\",\"body\":\"![b](ftp://a.b/c)\"}", "[]", {"“ftp://a.b/c”"}},
    {"{\"summary\":\"s\",\"body\":\"[b](<java script:alert(1)>) [c]()\"}", "[]", {"A link in the text"}},
    {"{\"summary\":\"s\",\"body\":\"![a](/files/4/a.png) [b](/news/files/5/b.pdf) [c](/files/) [d](/files/x/6/) "
     "[e](/files/6)\"}",
     "[{\"id\":4,\"name\":\"a.png\",\"media_type\":\"image/png\",\"alt\":\"A\"},{\"id\":5,\"name\":\"b.pdf\","
     "\"media_type\":\"application/pdf\"}]",
     {NULL}},
    {"{\"summary\":\"s\",\"body\":\"![a](/files/4/a.png) ![c](/news/files/44/c.png)\"}",
     "[{\"id\":4,\"name\":\"a.png\",\"media_type\":\"image/png\",\"alt\":\"A\"}]",
     {"not among this item's, so readers may not get it: “/news/files/44/c.png”."}},
    {"{\"summary\":\"s\"}",
     "[{\"name\":\"a.jpg\",\"media_type\":\"image/"
     "jpeg\",\"alt\":\"\"},{\"name\":\"b.pdf\",\"media_type\":\"application/pdf\","
     "\"alt\":\"\"},{\"name\":\"c.png\",\"media_type\":\"image/png\",\"alt\":\"C\"}]",
     {"a.jpg has no description"}},
    {"{\"summary\":\"s\",\"lang\":\"en\",\"title\":\"សហករណ៍កសិកម្ម\"}", "[]", {"Title does not look like English"}},
    {"{\"summary\":\"s\",\"lang\":\"km\",\"title\":\"សហករណ៍កសិកម្ម ILO\",\"body\":\"In English, for once\"}",
     "[]",
     {"Text does not look like ខ្មែរ"}},
    {"{\"summary\":\"日本語で書かれた文章です\",\"lang\":\"ja\",\"title\":\"ILO\"}", "[]", {NULL}},
};

static void test_warnings(void **state)
{
    for (size_t i = 0; i < sizeof warning_cases / sizeof *warning_cases; i++) {
        const struct warning_case *test = &warning_cases[i];
        json_t *values = parse(test->values);
        json_t *files = parse(test->files);
        json_t *blank = item_form_values(*state, NULL);
        json_object_update(blank, values);
        json_t *warnings = item_form_warnings(*state, blank, files, NOW_UNIX);
        size_t count = 0;
        for (; test->warnings[count] != NULL; count++) {
            const char *words = json_string_value(json_object_get(json_array_get(warnings, count), "words"));
            if (words == NULL || strstr(words, test->warnings[count]) == NULL)
                fail_msg("%s: %s", test->values, words == NULL ? "no warning" : words);
        }
        assert_int_equal(json_array_size(warnings), count);
        json_decref(warnings);
        json_decref(blank);
        json_decref(files);
        json_decref(values);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),      cmocka_unit_test(test_empty),  cmocka_unit_test(test_typed),
        cmocka_unit_test(test_publish_at_kept), cmocka_unit_test(test_errors), cmocka_unit_test(test_warnings),
    };
    return cmocka_run_group_tests(tests, open_text, close_text);
}
