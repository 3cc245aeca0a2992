#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/buf.h"
#include "warta/base/text.h"
#include "warta/http/form.h"

enum { MANY = 10000, HUGE_LEN = 1 << 20 };

static const char *const statuses[] = {"draft", "published", NULL};

static const struct field event_fields[] = {
    {.key = "starts", .kind = FIELD_LOCAL_TIME, .required = true},
    {.key = "venue", .kind = FIELD_LINE, .nullable = true, .max_len = 10},
    {0},
};

static const struct field table[] = {
    {.key = "slug", .kind = FIELD_SLUG},
    {.key = "title", .kind = FIELD_LINE, .required = true, .max_len = 10},
    {.key = "body", .kind = FIELD_TEXT, .max_len = 20},
    {.key = "date", .kind = FIELD_DATE, .nullable = true},
    {.key = "day", .kind = FIELD_DATE},
    {.key = "event", .kind = FIELD_OBJECT, .nullable = true, .fields = event_fields},
    {.key = "place", .kind = FIELD_OBJECT, .fields = event_fields},
    {.key = "lang", .kind = FIELD_LANG},
    {.key = "places", .kind = FIELD_LINES, .max_len = 5, .max_entries = 3},
    {.key = "needed", .kind = FIELD_LINES, .required = true},
    {.key = "link", .kind = FIELD_LINK, .max_len = 30},
    {.key = "status", .kind = FIELD_CHOICE, .choices = statuses},
    {.key = "publish_at", .kind = FIELD_INSTANT, .nullable = true},
    {.key = "id", .kind = FIELD_IGNORED},
    {0},
};

/* Input and its normal form, as JSON; keys may be missing. */
static const struct {
    const char *input, *expected;
} good[] = {
    {"{}", "{}"},
    {"{\"title\":\" \\t a \\r\\n b\\u00a0\\u2003 \"}", "{\"title\":\"a b\"}"},
    {"{\"title\":\"e\\u0301\"}", "{\"title\":\"\\u00e9\"}"},
    {"{\"title\":\"1234567890                                                                                     "
     "                                                                 \"}",
     "{\"title\":\"1234567890\"}"},
    {"{\"title\":"
     "\"e\\u0302\\u0301e\\u0302\\u0301e\\u0302\\u0301e\\u0302\\u0301e\\u0302\\u0301e\\u0302\\u0301e\\u0302\\u0301"
     "e\\u0302\\u0301e\\u0302\\u0301e\\u0302\\u0301\"}",
     "{\"title\":\"ếếếếếếếếếế\"}"},
    {"{\"title\":\"ខ្មែរខ្មែរ\"}", "{\"title\":\"ខ្មែរខ្មែរ\"}"},
    {"{\"title\":\"e\\u0301e\\u0301e\\u0301e\\u0301e\\u0301e\\u0301e\\u0301e\\u0301e\\u0301e\\u0301\"}",
     "{\"title\":\"éééééééééé\"}"},
    {"{\"title\":\"😀😀😀😀😀😀😀😀😀😀\"}", "{\"title\":\"😀😀😀😀😀😀😀😀😀😀\"}"},
    {"{\"title\":\"a\\u200bb\"}", "{\"title\":\"a\\u200bb\"}"},
    {"{\"body\":\" a\\r\\n\\rb\\n\\tc \"}", "{\"body\":\" a\\n\\nb\\n\\tc \"}"},
    {"{\"body\":\"\\r\\n\\r\\n\\r\\n\\r\\n\\r\\n\\r\\n\\r\\n\\r\\n\\r\\n\\r\\n\\r\\n\"}",
     "{\"body\":\"\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\"}"},
    {"{\"body\":null}", "{\"body\":\"\"}"},
    {"{\"slug\":\" a-1 \"}", "{\"slug\":\"a-1\"}"},
    {"{\"slug\":\"\"}", "{\"slug\":\"\"}"},
    {"{\"date\":\" 2024-02-29\"}", "{\"date\":\"2024-02-29\"}"},
    {"{\"date\":null}", "{\"date\":null}"},
    {"{\"date\":\"\"}", "{\"date\":null}"},
    {"{\"date\":\" \\n\"}", "{\"date\":null}"},
    {"{\"day\":null}", "{\"day\":\"\"}"},
    {"{\"day\":\"\"}", "{\"day\":\"\"}"},
    {"{\"event\":null}", "{\"event\":null}"},
    {"{\"event\":{}}", "{\"event\":{}}"},
    {"{\"event\":{\"starts\":\"2019-07-05T09:30\",\"venue\":\"\"}}",
     "{\"event\":{\"starts\":\"2019-07-05T09:30\",\"venue\":null}}"},
    {"{\"event\":{\"starts\":\"2019-07-05\"}}", "{\"event\":{\"starts\":\"2019-07-05\"}}"},
    {"{\"place\":null}", "{\"place\":{}}"},
    {"{\"lang\":\"PT-br\"}", "{\"lang\":\"pt-BR\"}"},
    {"{\"places\":[]}", "{\"places\":[]}"},
    {"{\"places\":null}", "{\"places\":[]}"},
    {"{\"places\":[\" b \",\"a\",\"\",\"b\",\" \"]}", "{\"places\":[\"b\",\"a\"]}"},
    {"{\"places\":[\"e\\u0301\",\"\\u00e9\"]}", "{\"places\":[\"é\"]}"},
    {"{\"places\":[\"a\",\"b\",\"c\",\"a\",\"b\"]}", "{\"places\":[\"a\",\"b\",\"c\"]}"},
    {"{\"needed\":[\"a rather long entry that nothing bounds\"]}",
     "{\"needed\":[\"a rather long entry that nothing bounds\"]}"},
    {"{\"link\":\" https://ilo.org/a?b#c \"}", "{\"link\":\"https://ilo.org/a?b#c\"}"},
    {"{\"link\":\"\"}", "{\"link\":\"\"}"},
    {"{\"status\":\"draft\"}", "{\"status\":\"draft\"}"},
    {"{\"status\":null}", "{\"status\":\"\"}"},
    {"{\"publish_at\":\"2019-08-30T09:30:00.5+07:00\"}", "{\"publish_at\":\"2019-08-30T02:30:00Z\"}"},
    {"{\"publish_at\":\"\"}", "{\"publish_at\":null}"},
    {"{\"id\":[{\"any\":\"thing\"}]}", "{}"},
};

/* Input, and the one mistake that comes of it. */
static const struct {
    const char *input, *key, *reason;
} bad[] = {
    {"[]", "", "is not an object"},
    {"\"title\"", "", "is not an object"},
    {"null", "", "is not an object"},
    {"{\"title\":\"12345678901\"}", "title", "is longer than 10 characters"},
    {"{\"title\":\"😀😀😀😀😀😀😀😀😀😀😀\"}", "title", "is longer than 10 characters"},
    {"{\"title\":"
     "\"e\\u0302\\u0301e\\u0302\\u0301e\\u0302\\u0301e\\u0302\\u0301e\\u0302\\u0301e\\u0302\\u0301e\\u0302\\u0301"
     "e\\u0302\\u0301e\\u0302\\u0301e\\u0302\\u0301e\"}",
     "title", "is longer than 10 characters"},
    {"{\"title\":1}", "title", "is not text"},
    {"{\"title\":true}", "title", "is not text"},
    {"{\"title\":[\"a\"]}", "title", "is not text"},
    {"{\"title\":{}}", "title", "is not text"},
    {"{\"title\":\"a\\u0000b\"}", "title", "is not text"},
    {"{\"title\":\"a\\u0007b\"}", "title", "holds a control character"},
    {"{\"title\":\"a\\u009bb\"}", "title", "holds a control character"},
    {"{\"title\":\"a\\ufffe\"}", "title", "holds a control character"},
    {"{\"body\":\"a\\u000bb\"}", "body", "holds a control character"},
    {"{\"body\":\"a\\u0085b\"}", "body", "holds a control character"},
    {"{\"title\":\"\"}", "title", "is missing"},
    {"{\"title\":\" \\n\\u3000\"}", "title", "is missing"},
    {"{\"title\":null}", "title", "is missing"},
    {"{\"needed\":[]}", "needed", "is missing"},
    {"{\"needed\":[\" \"]}", "needed", "is missing"},
    {"{\"needed\":null}", "needed", "is missing"},
    {"{\"slug\":\"A\"}", "slug", "is not made of words of a-z and 0-9 joined by hyphens, 80 characters at most"},
    {"{\"slug\":\"a b\"}", "slug", "is not made of words of a-z and 0-9 joined by hyphens, 80 characters at most"},
    {"{\"slug\":\"../a\"}", "slug", "is not made of words of a-z and 0-9 joined by hyphens, 80 characters at most"},
    {"{\"date\":\"2019-02-29\"}", "date", "is not a date such as 2019-08-30"},
    {"{\"date\":\"30/08/2019\"}", "date", "is not a date such as 2019-08-30"},
    {"{\"date\":\"2019-8-30\"}", "date", "is not a date such as 2019-08-30"},
    {"{\"date\":20190830}", "date", "is not text"},
    {"{\"event\":\"2019\"}", "event", "is not an object"},
    {"{\"event\":[]}", "event", "is not an object"},
    {"{\"event\":{\"starts\":\"\"}}", "event.starts", "is missing"},
    {"{\"event\":{\"starts\":\"2019-07-05 09:30\"}}", "event.starts",
     "is not a date or time such as 2019-08-30 or 2019-08-30T09:30"},
    {"{\"event\":{\"venue\":\"12345678901\"}}", "event.venue", "is longer than 10 characters"},
    {"{\"event\":{\"start\":\"2019\"}}", "event.start", "is not a known key: did you mean event.starts?"},
    {"{\"event\":{\"title\":\"x\"}}", "event.title", "is not a known key"},
    {"{\"lang\":\"in English\"}", "lang", "is not a language tag such as km or pt-BR"},
    {"{\"lang\":\"km_KH\"}", "lang", "is not a language tag such as km or pt-BR"},
    {"{\"places\":\"Nepal, India\"}", "places", "is not a list"},
    {"{\"places\":{\"a\":1}}", "places", "is not a list"},
    {"{\"places\":[\"a\",1]}", "places", "has an entry that is not text"},
    {"{\"places\":[null]}", "places", "has an entry that is not text"},
    {"{\"places\":[[\"a\"]]}", "places", "has an entry that is not text"},
    {"{\"places\":[\"a\",\"123456\"]}", "places", "has an entry that is longer than 5 characters"},
    {"{\"places\":[\"a\\u0001\"]}", "places", "has an entry that holds a control character"},
    {"{\"places\":[\"a\",\"b\",\"c\",\"d\"]}", "places", "has more than 3 entries"},
    {"{\"link\":\"javascript:alert(1)\"}", "link", "is not an http or https address"},
    {"{\"link\":\"http://a b\"}", "link", "is not an http or https address"},
    {"{\"link\":\"//ilo.org\"}", "link", "is not an http or https address"},
    {"{\"link\":\"https://ilo.org/1234567890123456\"}", "link", "is longer than 30 characters"},
    {"{\"status\":\"Draft\"}", "status", "is none of draft, published"},
    {"{\"status\":\"trashed\"}", "status", "is none of draft, published"},
    {"{\"publish_at\":\"2019-08-30\"}", "publish_at", "is not a time such as 2019-08-30T09:30:00Z"},
    {"{\"publish_at\":\"2019-08-30T25:30:00Z\"}", "publish_at", "is not a time such as 2019-08-30T09:30:00Z"},
    {"{\"titel\":\"a\"}", "titel", "is not a known key: did you mean title?"},
    {"{\"Title\":\"a\"}", "Title", "is not a known key: did you mean title?"},
    {"{\"publishat\":\"a\"}", "publishat", "is not a known key: did you mean publish_at?"},
    {"{\"place_s\":[]}", "place_s", "is not a known key: did you mean places?"},
    {"{\"\":\"a\"}", "", "is not a known key"},
    {"{\"author\":\"a\"}", "author", "is not a known key"},
    {"{\"a\\nb\\u202e\":1}", "a?b?", "is not a known key"},
    {"{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":1}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…",
     "is not a known key"},
};

static json_t *load(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (value == NULL)
        fail_msg("%s is no JSON", text);
    return value;
}

static void assert_json(const char *what, const json_t *actual, const char *expected_text)
{
    json_t *expected = load(expected_text);
    if (!json_equal(actual, expected))
        fail_msg("%s: got %s, expected %s", what, json_dumps(actual, JSON_ENCODE_ANY), expected_text);
    json_decref(expected);
}

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        json_t *input = load(good[i].input), *untouched = json_deep_copy(input), *errors = json_array();
        json_t *values = form_check(table, input, false, errors);
        assert_json(good[i].input, errors, "[]");
        assert_json(good[i].input, values, good[i].expected);
        assert_true(json_equal(input, untouched));
        json_decref(values);
        /* The normal form is its own. */
        input = (json_decref(input), load(good[i].expected));
        values = form_check(table, input, false, errors);
        assert_json(good[i].expected, errors, "[]");
        assert_json(good[i].expected, values, good[i].expected);
        json_decref(values);
        json_decref(errors);
        json_decref(untouched);
        json_decref(input);
    }
}

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *input = load(bad[i].input), *errors = json_array();
        json_t *values = form_check(table, input, false, errors);
        assert_true(json_is_object(values));
        if (json_array_size(errors) != 1)
            fail_msg("%s: %zu mistakes", bad[i].input, json_array_size(errors));
        const json_t *error = json_array_get(errors, 0);
        assert_string_equal(json_string_value(json_object_get(error, "key")), bad[i].key);
        assert_string_equal(json_string_value(json_object_get(error, "reason")), bad[i].reason);
        assert_null(json_object_get(values, bad[i].key));
        json_decref(values);
        json_decref(errors);
        json_decref(input);
    }
}

static void test_missing(void **state)
{
    json_t *input = load("{\"event\":{},\"title\":\"a\"}"), *errors = json_array();
    (void)state;
    json_decref(form_check(table, input, true, errors));
    assert_json("whole", errors,
                "[{\"key\":\"event.starts\",\"reason\":\"is missing\"},"
                "{\"key\":\"needed\",\"reason\":\"is missing\"}]");
    json_array_clear(errors);
    json_decref(form_check(table, input, false, errors));
    assert_json("part", errors, "[]");
    json_decref(errors);
    json_decref(input);
}

/* All mistakes are told at once, behind those that the array already held. */
static void test_several_mistakes(void **state)
{
    json_t *input = load("{\"titel\":1,\"date\":\"x\",\"slug\":\"ok\","
                         "\"event\":{\"venue\":1,\"starts\":\"2019-07-05\"}}");
    json_t *errors = load("[\"earlier\"]");
    (void)state;
    json_t *values = form_check(table, input, false, errors);
    assert_json("errors", errors,
                "[\"earlier\",{\"key\":\"date\",\"reason\":\"is not a date such as 2019-08-30\"},"
                "{\"key\":\"event.venue\",\"reason\":\"is not text\"},"
                "{\"key\":\"titel\",\"reason\":\"is not a known key: did you mean title?\"}]");
    assert_json("values", values, "{\"slug\":\"ok\",\"event\":{\"starts\":\"2019-07-05\"}}");
    json_decref(values);
    json_decref(errors);
    json_decref(input);
}

/* What json_loads would never let through, but json_string_nocheck does. */
static void test_invalid_utf8(void **state)
{
    static const char *const texts[] = {"\xff", "a\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe1\x9e", "\xc3"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *input = json_object(), *errors = json_array();
        json_object_set_new(input, "title", json_string_nocheck(texts[i]));
        json_object_set_new(input, "places", json_pack("[o]", json_string_nocheck(texts[i])));
        json_decref(form_check(table, input, false, errors));
        assert_json("invalid", errors,
                    "[{\"key\":\"title\",\"reason\":\"is not text\"},"
                    "{\"key\":\"places\",\"reason\":\"has an entry that is not text\"}]");
        json_decref(errors);
        json_decref(input);
    }
}

static void test_huge(void **state)
{
    char *text = malloc(HUGE_LEN + 1);
    json_t *input = json_object(), *errors = json_array(), *places = json_array();
    (void)state;
    assert_non_null(text);
    memset(text, 'x', HUGE_LEN);
    text[HUGE_LEN] = '\0';
    for (int i = 0; i < MANY; i++)
        json_array_append_new(places, json_string("same"));
    json_object_set_new(input, "title", json_string(text));
    json_object_set_new(input, "body", json_string(text));
    json_object_set_new(input, "link", json_string(text));
    json_object_set_new(input, "places", places);
    json_object_set_new(input, text, json_true());
    json_t *values = form_check(table, input, false, errors);
    assert_json("huge", values, "{\"places\":[\"same\"]}");
    assert_int_equal(json_array_size(errors), 4);
    json_decref(values);
    json_decref(errors);
    json_decref(input);
    free(text);
}

static void test_many_keys_and_entries(void **state)
{
    json_t *input = json_object(), *errors = json_array(), *needed = json_array();
    (void)state;
    for (int i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        json_object_set_new(input, name, json_null());
        json_array_append_new(needed, json_string(name));
    }
    json_object_set_new(input, "needed", needed);
    json_t *values = form_check(table, input, false, errors);
    assert_int_equal(json_array_size(json_object_get(values, "needed")), MANY);
    assert_int_equal(json_array_size(errors), MANY);
    json_decref(values);
    json_decref(errors);
    json_decref(input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_several_mistakes),
        cmocka_unit_test(test_invalid_utf8),
        cmocka_unit_test(test_huge),
        cmocka_unit_test(test_many_keys_and_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
