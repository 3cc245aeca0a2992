/* The listing against a plain reading of its rules: random items, random changes, random filters. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"
#include "warta/newsroom/listing.h"

enum { ITEMS = 70, ROUNDS = 4, FILTERS = 60 };

static const char *const types[] = {"news", "project", "event"};
static const char *const places[] = {"Nepal", "Asia", "Laos"};
static const char *const topics[] = {"Youth", "Policy"};
static const char *const langs[] = {"en", "km"};
static const char *const statuses[] = {"published", "published", "published", "draft", "trashed"};
static const char *const instants[] = {"2017-05-01T00:00:00Z", "2018-12-31T18:30:00Z", "2027-01-01T00:00:00Z"};

#define PICK(array) ((array)[random_below(sizeof(array) / sizeof *(array))])

static uint32_t random_state;

/* Numbers that are the same in every run (a linear congruential generator, as in ISO C's example of rand). */
static size_t random_below(size_t bound)
{
    random_state = random_state * 1103515245u + 12345u;
    return (random_state >> 16) % bound;
}

static json_t *random_subset(const char *const *names, size_t len)
{
    json_t *subset = json_array();
    for (size_t i = 0; i < len; i++) {
        if (random_below(2) == 0)
            json_array_append_new(subset, json_string(names[i]));
    }
    return subset;
}

static json_t *random_item(int n)
{
    json_t *item = json_pack("{s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:n}", "slug", json_sprintf("item-%d", n),
                             "title", json_sprintf("Item %d", n), "type", PICK(types), "lang", PICK(langs), "status",
                             PICK(statuses), "publish_at", PICK(instants), "places", random_subset(places, 3), "topics",
                             random_subset(topics, 2), "date");
    if (random_below(4) > 0)
        json_object_set_new(item, "date",
                            json_sprintf("20%02d-%02d-01", (int)(17 + random_below(3)), (int)(1 + random_below(2))));
    return item;
}

/* --- the rules, read plainly --- */

static bool is_public(const json_t *item)
{
    return strcmp(json_string_value(json_object_get(item, "status")), "published") == 0 &&
           strcmp(json_string_value(json_object_get(item, "publish_at")), "2026-11-23T12:00:00Z") <= 0;
}

/* The day an item sorts by: its date, else that of its publishing in Bangkok, seven hours on. */
static const char *plain_day(const json_t *item)
{
    const char *date = json_string_value(json_object_get(item, "date"));
    const char *publish_at = json_string_value(json_object_get(item, "publish_at"));
    if (date != NULL)
        return date;
    return strcmp(publish_at, instants[0]) == 0   ? "2017-05-01"
           : strcmp(publish_at, instants[1]) == 0 ? "2019-01-01"
                                                  : "2027-01-01";
}

static bool slug_is(const char *slug, const char *name)
{
    return strcasecmp(slug, name) == 0;
}

/* Whether an item has a value of a facet. */
static bool has_value(const json_t *item, const char *facet, const char *value)
{
    size_t i;
    json_t *name;
    if (strcmp(facet, "year") == 0)
        return strncmp(plain_day(item), value, 4) == 0;
    if (strcmp(facet, "type") == 0 || strcmp(facet, "lang") == 0)
        return strcmp(json_string_value(json_object_get(item, facet)), value) == 0;
    json_array_foreach(json_object_get(item, strcmp(facet, "place") == 0 ? "places" : "topics"), i, name)
    {
        if (slug_is(value, json_string_value(name)))
            return true;
    }
    return false;
}

static const char *const facets[] = {"type", "place", "topic", "year", "lang"};

/* Whether a filter finds an item, whatever it says of facet `skip`. */
static bool finds(const json_t *filter, const json_t *item, const char *skip)
{
    for (size_t f = 0; f < 5; f++) {
        const json_t *values = json_object_get(filter, facets[f]);
        bool any = json_array_size(values) == 0 || (skip != NULL && strcmp(skip, facets[f]) == 0);
        for (size_t v = 0; v < json_array_size(values) && !any; v++) {
            char year[8];
            const json_t *value = json_array_get(values, v);
            snprintf(year, sizeof year, "%d", (int)json_integer_value(value));
            any = has_value(item, facets[f], json_is_integer(value) ? year : json_string_value(value));
        }
        if (!any)
            return false;
    }
    return is_public(item);
}

/* --- comparing --- */

static json_t *random_filter(void)
{
    json_t *filter = json_pack("{s:[], s:[], s:[], s:[], s:[], s:n, s:n}", "type", "place", "topic", "year", "lang",
                               "before", "after");
    for (size_t i = 0; i < 3; i++) {
        if (random_below(4) == 0)
            json_array_append_new(json_object_get(filter, "type"), json_string(types[i]));
        if (random_below(4) == 0)
            json_array_append_new(json_object_get(filter, "place"), json_string(i == 0   ? "nepal"
                                                                                : i == 1 ? "asia"
                                                                                         : "laos"));
        if (random_below(5) == 0)
            json_array_append_new(json_object_get(filter, "year"), json_integer((json_int_t)(2017 + i)));
        if (i < 2 && random_below(5) == 0)
            json_array_append_new(json_object_get(filter, "topic"), json_string(i == 0 ? "youth" : "policy"));
        if (i < 2 && random_below(6) == 0)
            json_array_append_new(json_object_get(filter, "lang"), json_string(langs[i]));
    }
    return filter;
}

static void check_facets(const json_t *items, const json_t *filter, const json_t *page, const char *words)
{
    for (size_t f = 0; f < 5; f++) {
        size_t v;
        json_t *value;
        json_array_foreach(json_object_get(json_object_get(page, "facets"), facets[f]), v, value)
        {
            const char *text = json_string_value(json_object_get(value, "value"));
            size_t expected = 0;
            for (size_t i = 0; i < json_array_size(items); i++) {
                const json_t *item = json_array_get(items, i);
                expected += finds(filter, item, facets[f]) && has_value(item, facets[f], text);
            }
            if (expected != (size_t)json_integer_value(json_object_get(value, "items")))
                fail_msg("%s: %s=%s has %d items, not %zu", words, facets[f], text,
                         (int)json_integer_value(json_object_get(value, "items")), expected);
        }
    }
}

static size_t type_position(const char *type)
{
    size_t i = 0;
    while (strcmp(types[i], type) != 0)
        i++;
    return i;
}

/* Types come in the newsroom's order, years newest first, the others by the alphabet, however many filters are merged. */
static void check_facet_order(const json_t *page, const char *words)
{
    for (size_t f = 0; f < 5; f++) {
        const json_t *values = json_object_get(json_object_get(page, "facets"), facets[f]);
        for (size_t v = 1; v < json_array_size(values); v++) {
            const char *before = json_string_value(json_object_get(json_array_get(values, v - 1), "name"));
            const char *after = json_string_value(json_object_get(json_array_get(values, v), "name"));
            bool in_order = strcmp(before, after) < 0;
            if (strcmp(facets[f], "type") == 0)
                in_order = type_position(json_string_value(json_object_get(json_array_get(values, v - 1), "value"))) <
                           type_position(json_string_value(json_object_get(json_array_get(values, v), "value")));
            if (strcmp(facets[f], "year") == 0)
                in_order = strcmp(before, after) > 0;
            if (!in_order)
                fail_msg("%s: %s stands before %s", words, before, after);
        }
    }
}

static void check_order(const json_t *items, const json_t *filter, const json_t *page, const char *words)
{
    size_t i;
    json_t *card;
    char last[16] = "9999-99-99";
    json_int_t last_id = INT32_MAX;
    json_array_foreach(json_object_get(page, "items"), i, card)
    {
        int n = atoi(json_string_value(json_object_get(card, "slug")) + strlen("item-"));
        const json_t *item = json_array_get(items, (size_t)n);
        json_int_t id = json_integer_value(json_object_get(card, "id"));
        int order = strcmp(last, plain_day(item));
        if (!finds(filter, item, NULL) || order < 0 || (order == 0 && last_id <= id))
            fail_msg("%s: item %d is out of place", words, n);
        snprintf(last, sizeof last, "%s", plain_day(item));
        last_id = id;
    }
}

static void check_filter(struct store *store, struct text *text, const json_t *items)
{
    json_t *filter = random_filter();
    char *words = json_dumps(filter, JSON_COMPACT);
    bool too_many;
    size_t expected = 0;
    json_t *page = listing_page(store, text, filter, HARNESS_NOW_UNIX, SQL_ITEM_CARDS, &too_many);
    assert_non_null(page);
    assert_int_equal(json_array_size(json_object_get(page, "unknown")), 0);
    for (size_t i = 0; i < json_array_size(items); i++)
        expected += finds(filter, json_array_get(items, i), NULL);
    size_t shown = json_array_size(json_object_get(page, "items"));
    if (expected != (size_t)json_integer_value(json_object_get(page, "total")) ||
        shown != (expected > 20 ? 20 : expected))
        fail_msg("%s: total is %d, %zu are shown; they should be %zu", words,
                 (int)json_integer_value(json_object_get(page, "total")), shown, expected);
    assert_int_equal(json_is_string(json_object_get(page, "older")), expected > 20);
    check_order(items, filter, page, words);
    check_facets(items, filter, page, words);
    check_facet_order(page, words);
    json_decref(page);
    json_decref(filter);
    free(words);
}

static void check_tables(struct store *store)
{
    static const enum sql checks[] = {SQL_CHECK_COUNTS, SQL_CHECK_LISTING};
    for (size_t i = 0; i < 2; i++) {
        json_t *wrong = store_value(store, checks[i], NULL);
        assert_int_equal(json_integer_value(wrong), 0);
        json_decref(wrong);
    }
}

static void test_random_filters(void **state)
{
    (void)state;
    struct harness harness;
    char error[256] = "";
    random_state = 20190830;
    harness_open(&harness, "[]", NULL);
    json_t *items = json_array();
    for (int n = 0; n < ITEMS; n++)
        json_array_append_new(items, random_item(n));
    struct store *store = store_open(harness.database, STORE_READ, &harness.log, error, sizeof error);
    struct text *text = text_create("en", "Asia/Bangkok", error, sizeof error);
    for (int round = 0; round < ROUNDS; round++) {
        size_t counts[3];
        char *all = json_dumps(items, 0);
        assert_null(harness_import(&harness, all, counts));
        assert_int_equal(counts[0], round == 0 ? ITEMS : 0);
        free(all);
        check_tables(store);
        for (int i = 0; i < FILTERS; i++)
            check_filter(store, text, items);
        for (int i = 0; i < ITEMS / 3; i++) {
            int n = (int)random_below(ITEMS);
            json_array_set_new(items, (size_t)n, random_item(n));
        }
    }
    json_decref(items);
    store_destroy(store);
    text_destroy(text);
    harness_close(&harness);
}

/* --- import's rules --- */

static void test_import(void **state)
{
    (void)state;
    static const struct {
        const char *items;
        size_t counts[3];
        const char *mistake;
    } steps[] = {
        {"[{\"type\": \"News\", \"title\": \"One\", \"date\": \"2020-01-01\"}]", {1, 0, 0}, NULL},
        {"[{\"type\": \"news\", \"title\": \"One\", \"date\": \"2020-01-01\"}]", {0, 0, 1}, NULL},
        {"[{\"type\": \"NEWS\", \"title\": \" One \", \"date\": \"2020-01-01\", \"summary\": \"\"}]", {0, 0, 1}, NULL},
        {"[{\"slug\": \"one\", \"summary\": \"Words\"}]", {0, 1, 0}, NULL},
        {"[{\"slug\": \"one\", \"aliases\": [\"WCMS_1\"]}]", {0, 1, 0}, NULL},
        {"[{\"aliases\": [\"WCMS_1\"], \"title\": \"One!\"}]", {0, 1, 0}, NULL},
        {"[{\"type\": \"Case study\", \"title\": \"Two\"}]", {1, 0, 0}, NULL},
        {"[{\"type\": \"case-study\", \"title\": \"Two\"}]", {0, 0, 1}, NULL},
        {"[{\"slug\": \"two\", \"aliases\": [\"WCMS_1\"]}]", {0, 0, 0}, "belongs to another item"},
        {"[{\"slug\": \"three\", \"type\": \"news\", \"title\": \"T\"}, {\"slug\": \"three\", \"title\": \"U\"}]",
         {0, 0, 0},
         "same item"},
        {"[{\"slug\": \"three\"}]", {0, 0, 0}, "is missing"},
        {"[{\"slug\": \"one\", \"aliases\": [\"a/b\"]}]", {0, 0, 0}, "address"},
        {"[{\"slug\": \"one\", \"files\": [{\"name\": \"x\"}]}]", {0, 0, 0}, "files"},
        {"[{\"slug\": \"one\", \"id\": 77, \"version\": 9, \"files\": []}]", {0, 0, 1}, NULL},
        {"[{\"slug\": \"uno\", \"aliases\": [\"WCMS_1\"]}]", {0, 1, 0}, NULL},
        {"[{\"slug\": \"one\"}]", {0, 0, 1}, NULL},
        {"[{\"slug\": \"uno\", \"status\": \"trashed\"}]", {0, 1, 0}, NULL},
    };
    struct harness harness;
    harness_open(&harness, "[]", NULL);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        size_t counts[3];
        char *mistakes = harness_import(&harness, steps[i].items, counts);
        if (steps[i].mistake == NULL ? mistakes != NULL
                                     : mistakes == NULL || strstr(mistakes, steps[i].mistake) == NULL)
            fail_msg("%s: %s", steps[i].items, mistakes == NULL ? "no mistake" : mistakes);
        if (steps[i].mistake == NULL && memcmp(counts, steps[i].counts, sizeof counts) != 0)
            fail_msg("%s: %zu new, %zu changed, %zu unchanged", steps[i].items, counts[0], counts[1], counts[2]);
        free(mistakes);
    }
    harness_close(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_filters),
        cmocka_unit_test(test_import),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
