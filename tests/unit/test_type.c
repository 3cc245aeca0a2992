/* Types: adding, naming, ordering, merging and deleting them, and what that does to items and the listing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"
#include "warta/newsroom/editing.h"
#include "warta/newsroom/listing.h"
#include "warta/newsroom/type.h"

struct desk {
    struct harness harness;
    struct store *store;
    struct text *text;
    json_t *errors;
    int64_t undo_id; /* of the last change */
};

static const struct actor admin = {0, "Ana"};

static void desk_open(struct desk *desk, const char *items)
{
    char error[256] = "";
    harness_open(&desk->harness, items, NULL);
    desk->store = store_open(desk->harness.database, STORE_WRITE, &desk->harness.log, error, sizeof error);
    desk->text = text_create("en", "Asia/Bangkok", error, sizeof error);
    if (desk->store == NULL || desk->text == NULL)
        fail_msg("%s", error);
    desk->errors = json_array();
}

static void desk_close(struct desk *desk)
{
    store_destroy(desk->store);
    text_destroy(desk->text);
    json_decref(desk->errors);
    harness_close(&desk->harness);
}

/* The types' slugs in their order, parted by spaces. */
static void assert_order(const struct desk *desk, const char *expected)
{
    struct buf order = BUF_EMPTY;
    json_t *types = type_list(desk->store);
    size_t i;
    json_t *type;
    json_array_foreach(types, i, type)
    {
        buf_format(&order, "%s%s", i == 0 ? "" : " ", json_string_value(json_object_get(type, "value")));
        assert_int_equal(json_integer_value(json_object_get(type, "position")), i + 1);
    }
    assert_string_equal(buf_string(&order), expected);
    buf_release(&order);
    json_decref(types);
}

static json_t *type_of(const struct desk *desk, int64_t id)
{
    json_t *types = type_list(desk->store);
    json_t *found = NULL;
    size_t i;
    json_t *type;
    json_array_foreach(types, i, type)
    {
        if (json_integer_value(json_object_get(type, "id")) == id)
            found = json_incref(type);
    }
    json_decref(types);
    return found;
}

static size_t activities(const struct desk *desk, const char *action)
{
    json_t *rows = activity_list(desk->store, 0, 0, action, 0, 100);
    size_t len = json_array_size(rows);
    json_decref(rows);
    return len;
}

static enum type_outcome put(struct desk *desk, int64_t id, const char *name, int64_t position)
{
    json_array_clear(desk->errors);
    return type_save(desk->store, desk->text, admin, id, name, position, HARNESS_NOW_UNIX, desk->errors,
                     &desk->undo_id);
}

static enum type_outcome merge(struct desk *desk, int64_t from, int64_t into, size_t *items)
{
    json_array_clear(desk->errors);
    return type_merge(desk->store, admin, from, into, HARNESS_NOW_UNIX, items, desk->errors, &desk->undo_id);
}

static void test_save(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, "[]");
    assert_order(&desk, "news article project publication document event interview presentation");
    assert_int_equal(put(&desk, 0, "  Case   study ", 0), TYPE_OK);
    assert_int_equal(put(&desk, 0, "ករណីសិក្សា", 1), TYPE_OK);
    assert_order(&desk,
                 "karonnii-siksaa news article project publication document event interview presentation case-study");
    assert_int_equal(put(&desk, 9, "Story", 3), TYPE_OK);
    assert_int_equal(put(&desk, 1, "News", 99), TYPE_OK);
    assert_order(&desk,
                 "karonnii-siksaa case-study article project publication document event interview presentation news");
    json_t *story = type_of(&desk, 9);
    assert_string_equal(json_string_value(json_object_get(story, "name")), "Story");
    json_decref(story);
    assert_int_equal(put(&desk, 9, "Story", 0), TYPE_OK);
    assert_int_equal(put(&desk, 9, "Story", 2), TYPE_OK);
    assert_int_equal(put(&desk, 9, "STORY", -1), TYPE_OK);
    assert_int_equal(put(&desk, 99, "Else", 1), TYPE_GONE);
    assert_int_equal(activities(&desk, "add type"), 2);
    assert_int_equal(activities(&desk, "rename type"), 2);
    assert_int_equal(activities(&desk, "move type"), 2);
    desk_close(&desk);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        int64_t id;
        const char *name, *reason;
    } cases[] = {
        {0, "", "is missing"},
        {0, " \t ", "is missing"},
        {0, "!?", "no letter"},
        {0, "news", "\"News\""},
        {0, "News!", "\"News\""},
        {2, "NEWS", "\"News\""},
        {2, "case-study", "\"Case study\""},
        {0, "a\x01", "control"},
        {0, "\xff\xfe", "is not text"},
        {0, "12345678901234567890123456789012345678901234567890123456789012345678901234567890x", "longer than 80"},
    };
    struct desk desk;
    desk_open(&desk, "[]");
    assert_int_equal(put(&desk, 0, "Case study", 0), TYPE_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(put(&desk, cases[i].id, cases[i].name, 1), TYPE_REFUSED);
        const json_t *error = json_array_get(desk.errors, 0);
        assert_string_equal(json_string_value(json_object_get(error, "key")), "name");
        if (strstr(json_string_value(json_object_get(error, "reason")), cases[i].reason) == NULL)
            fail_msg("\"%s\": %s", cases[i].name, json_string_value(json_object_get(error, "reason")));
    }
    assert_order(&desk, "news article project publication document event interview presentation case-study");
    desk_close(&desk);
}

static const char items[] =
    "[{\"slug\": \"a\", \"type\": \"article\", \"title\": \"A\", \"date\": \"2019-01-01\", \"places\": [\"Nepal\", "
    "\"Laos\"], \"topics\": [\"Youth\"]},"
    "{\"slug\": \"b\", \"type\": \"article\", \"title\": \"B\", \"date\": \"2018-01-01\", \"places\": [\"Nepal\"], "
    "\"lang\": \"km\"},"
    "{\"slug\": \"c\", \"type\": \"article\", \"title\": \"C\", \"status\": \"draft\"},"
    "{\"slug\": \"d\", \"type\": \"article\", \"title\": \"D\", \"status\": \"trashed\"},"
    "{\"slug\": \"e\", \"type\": \"article\", \"title\": \"E\", \"publish_at\": \"2027-01-01T00:00:00Z\"},"
    "{\"slug\": \"f\", \"type\": \"news\", \"title\": \"F\", \"date\": \"2019-01-01\", \"places\": [\"Nepal\"]}]";

static void check_tables(const struct desk *desk)
{
    static const enum sql checks[] = {SQL_CHECK_COUNTS, SQL_CHECK_LISTING};
    for (size_t i = 0; i < 2; i++) {
        json_t *wrong = store_value(desk->store, checks[i], NULL);
        assert_int_equal(json_integer_value(wrong), 0);
        json_decref(wrong);
    }
}

/* How many items readers find by that type, in Nepal where asked. */
static json_int_t found(const struct desk *desk, const char *type, bool in_nepal)
{
    bool too_many;
    json_t *filter = json_pack("{s:[s], s:[], s:[], s:[], s:[], s:n, s:n}", "type", type, "place", "topic", "year",
                               "lang", "before", "after");
    if (in_nepal)
        json_array_append_new(json_object_get(filter, "place"), json_string("nepal"));
    json_t *page = listing_page(desk->store, desk->text, filter, HARNESS_NOW_UNIX, SQL_ITEM_CARDS, &too_many);
    json_int_t total = json_integer_value(json_object_get(page, "total"));
    assert_int_equal(json_array_size(json_object_get(page, "items")), total);
    json_decref(page);
    json_decref(filter);
    return total;
}

static void test_merge(void **state)
{
    (void)state;
    struct desk desk;
    size_t moved;
    int64_t version;
    desk_open(&desk, items);
    const struct editing editing = {desk.store, desk.text, admin, HARNESS_NOW_UNIX};
    assert_int_equal(edit_status(&editing, 1, 1, "unpublish", &version), EDIT_OK);
    assert_int_equal(edit_status(&editing, 1, 2, "publish", &version), EDIT_OK);
    assert_int_equal(merge(&desk, 2, 1, &moved), TYPE_OK);
    assert_int_equal(moved, 5);
    check_tables(&desk);
    assert_order(&desk, "news project publication document event interview presentation");
    assert_int_equal(found(&desk, "news", false), 3);
    assert_int_equal(found(&desk, "news", true), 3);
    assert_int_equal(found(&desk, "article", false), 3);
    assert_int_equal(activities(&desk, "merge types"), 1);

    json_t *revision = edit_revision(desk.store, 1, 4);
    json_t *item = edit_get(desk.store, 1);
    json_t *whole = revision_whole(item);
    assert_true(json_equal(whole, json_object_get(revision, "item")));
    assert_string_equal(json_string_value(json_object_get(whole, "type")), "news");
    assert_string_equal(json_string_value(json_object_get(revision, "action")), "merge");
    json_decref(whole);
    json_decref(item);
    json_decref(revision);
    json_t *none = edit_revisions(desk.store, 2);
    assert_int_equal(json_array_size(none), 0);
    json_decref(none);

    assert_int_equal(edit_status(&editing, 1, 3, "trash", &version), EDIT_STALE);
    assert_int_equal(edit_revert(&editing, 1, 4, 1, &version), EDIT_OK);
    assert_int_equal(found(&desk, "news", true), 3);
    size_t counts[3];
    assert_null(harness_import(&desk.harness, items, counts));
    assert_int_equal(counts[2], 6);
    assert_order(&desk, "news project publication document event interview presentation");
    desk_close(&desk);
}

/* A chain of merges leads to its end; a new type may have an old slug. */
static void test_merge_again(void **state)
{
    (void)state;
    struct desk desk;
    size_t moved;
    desk_open(&desk, items);
    assert_int_equal(merge(&desk, 2, 1, &moved), TYPE_OK);
    assert_int_equal(merge(&desk, 1, 3, &moved), TYPE_OK);
    assert_int_equal(moved, 6);
    check_tables(&desk);
    assert_int_equal(found(&desk, "article", true), 3);
    assert_int_equal(found(&desk, "project", true), 3);
    assert_int_equal(merge(&desk, 1, 3, &moved), TYPE_GONE);
    assert_int_equal(merge(&desk, 3, 1, &moved), TYPE_GONE);
    assert_int_equal(merge(&desk, 3, 3, &moved), TYPE_REFUSED);
    assert_int_equal(merge(&desk, -1, 3, &moved), TYPE_GONE);
    assert_int_equal(put(&desk, 0, "Article", 0), TYPE_OK);
    assert_order(&desk, "project publication document event interview presentation article");
    assert_int_equal(found(&desk, "article", false), 0);
    assert_int_equal(found(&desk, "news", false), 3);
    check_tables(&desk);
    desk_close(&desk);
}

static void test_delete(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, items);
    assert_int_equal(type_delete(desk.store, admin, 2, HARNESS_NOW_UNIX, desk.errors, &desk.undo_id), TYPE_REFUSED);
    assert_int_equal(json_array_size(desk.errors), 1);
    assert_int_equal(type_delete(desk.store, admin, 99, HARNESS_NOW_UNIX, desk.errors, &desk.undo_id), TYPE_GONE);
    for (int64_t id = 3; id <= 8; id++)
        assert_int_equal(type_delete(desk.store, admin, id, HARNESS_NOW_UNIX, desk.errors, &desk.undo_id), TYPE_OK);
    assert_order(&desk, "news article");
    assert_int_equal(activities(&desk, "delete type"), 6);
    check_tables(&desk);
    desk_close(&desk);
}

/* Without any type there still comes a first one. */
static void test_none(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, "[]");
    for (int64_t id = 1; id <= 8; id++)
        assert_int_equal(type_delete(desk.store, admin, id, HARNESS_NOW_UNIX, desk.errors, &desk.undo_id), TYPE_OK);
    assert_order(&desk, "");
    assert_int_equal(put(&desk, 0, "Report", 5), TYPE_OK);
    assert_order(&desk, "report");
    desk_close(&desk);
}

static enum type_outcome undo(struct desk *desk, int64_t undo_id)
{
    json_array_clear(desk->errors);
    return type_undo(desk->store, admin, undo_id, HARNESS_NOW_UNIX, desk->errors, &desk->undo_id);
}

static void assert_name(const struct desk *desk, int64_t id, const char *name)
{
    json_t *type = type_of(desk, id);
    assert_string_equal(json_string_value(json_object_get(type, "name")), name);
    json_decref(type);
}

static const char first_order[] = "news article project publication document event interview presentation";

/* Adding, renaming, moving and deleting are taken back, and that is taken back. */
static void test_undo(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, "[]");
    assert_int_equal(put(&desk, 0, "Case study", 1), TYPE_OK);
    int64_t added = desk.undo_id;
    assert_true(added > 0);
    assert_int_equal(undo(&desk, added), TYPE_OK);
    assert_order(&desk, first_order);
    assert_int_equal(undo(&desk, desk.undo_id), TYPE_OK);
    assert_order(&desk, "case-study news article project publication document event interview presentation");
    assert_int_equal(undo(&desk, added), TYPE_STALE);

    assert_int_equal(put(&desk, 2, "Essay", 9), TYPE_OK);
    int64_t changed = desk.undo_id;
    assert_int_equal(undo(&desk, changed), TYPE_OK);
    assert_name(&desk, 2, "Article");
    assert_order(&desk, "case-study news article project publication document event interview presentation");
    assert_int_equal(undo(&desk, desk.undo_id), TYPE_OK);
    assert_name(&desk, 2, "Essay");
    assert_order(&desk, "case-study news project publication document event interview presentation article");
    assert_int_equal(undo(&desk, changed), TYPE_STALE);

    assert_int_equal(put(&desk, 2, "Essay", 9), TYPE_OK);
    assert_int_equal(desk.undo_id, 0);
    assert_int_equal(undo(&desk, 0), TYPE_STALE);
    assert_int_equal(undo(&desk, 999), TYPE_STALE);
    desk_close(&desk);
}

/* What somebody did meanwhile is not undone with it. */
static void test_undo_too_late(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, items);
    assert_int_equal(put(&desk, 3, "Programme", 0), TYPE_OK);
    int64_t renamed = desk.undo_id;
    assert_int_equal(put(&desk, 0, "Project!", 0), TYPE_REFUSED);
    assert_int_equal(put(&desk, 3, "Undertaking", 0), TYPE_OK);
    assert_int_equal(undo(&desk, renamed), TYPE_STALE);

    assert_int_equal(put(&desk, 4, "Publications", 0), TYPE_OK);
    int64_t publications = desk.undo_id;
    assert_int_equal(put(&desk, 5, "Publication", 0), TYPE_REFUSED);

    assert_int_equal(type_delete(desk.store, admin, 8, HARNESS_NOW_UNIX, desk.errors, &desk.undo_id), TYPE_OK);
    int64_t deleted = desk.undo_id;
    assert_int_equal(put(&desk, 0, "Presentation", 0), TYPE_OK);
    assert_int_equal(undo(&desk, deleted), TYPE_REFUSED);
    assert_string_equal(json_string_value(json_object_get(json_array_get(desk.errors, 0), "key")), "name");

    assert_int_equal(put(&desk, 0, "Podcast", 0), TYPE_OK);
    int64_t added = desk.undo_id;
    assert_null(harness_import(&desk.harness, "[{\"type\": \"podcast\", \"title\": \"On air\"}]", NULL));
    assert_int_equal(undo(&desk, added), TYPE_REFUSED);
    json_array_clear(desk.errors);
    int64_t now_unix = HARNESS_NOW_UNIX + 30 * 86400;
    assert_int_equal(type_undo(desk.store, admin, publications, now_unix, desk.errors, NULL), TYPE_STALE);
    assert_int_equal(type_undo(desk.store, admin, publications, now_unix - 1, desk.errors, NULL), TYPE_OK);
    check_tables(&desk);
    desk_close(&desk);
}

/* The items that are still where the merge put them go back, and the slugs with them. */
static void test_undo_merge(void **state)
{
    (void)state;
    struct desk desk;
    size_t moved;
    int64_t version;
    desk_open(&desk, items);
    const struct editing editing = {desk.store, desk.text, admin, HARNESS_NOW_UNIX};
    assert_int_equal(put(&desk, 0, "Essay", 0), TYPE_OK);
    assert_int_equal(merge(&desk, 9, 2, &moved), TYPE_OK);
    assert_int_equal(edit_status(&editing, 1, 1, "unpublish", &version), EDIT_OK);
    assert_int_equal(edit_status(&editing, 1, 2, "publish", &version), EDIT_OK);
    assert_int_equal(merge(&desk, 2, 1, &moved), TYPE_OK);
    int64_t merged = desk.undo_id;
    assert_int_equal(found(&desk, "news", true), 3);
    json_t *errors = json_array();
    json_t *values = json_pack("{s:s}", "type", "event");
    int64_t saved_id, saved_version;
    assert_int_equal(edit_save(&editing, 2, 2, values, NULL, "save", errors, &saved_id, &saved_version), EDIT_OK);
    json_decref(values);
    json_decref(errors);
    assert_null(harness_import(&desk.harness, "[{\"slug\": \"new\", \"type\": \"news\", \"title\": \"N\"}]", NULL));

    assert_int_equal(undo(&desk, merged), TYPE_OK);
    assert_int_equal(desk.undo_id, 0);
    check_tables(&desk);
    assert_order(&desk, first_order);
    assert_int_equal(found(&desk, "article", false), 1);
    assert_int_equal(found(&desk, "essay", false), 1);
    assert_int_equal(found(&desk, "news", false), 2);
    assert_int_equal(found(&desk, "event", false), 1);
    json_t *item = edit_get(desk.store, 1);
    json_t *whole = revision_whole(item);
    json_t *revision = edit_revision(desk.store, 1, 5);
    assert_true(json_equal(whole, json_object_get(revision, "item")));
    assert_string_equal(json_string_value(json_object_get(whole, "type")), "article");
    assert_string_equal(json_string_value(json_object_get(revision, "action")), "undo merge");
    json_decref(revision);
    json_decref(whole);
    json_decref(item);
    assert_int_equal(undo(&desk, merged), TYPE_STALE);

    /* Not while the type that they went into is no more. */
    json_t *types = type_list(desk.store);
    int64_t article = json_integer_value(json_object_get(json_array_get(types, 1), "id"));
    json_decref(types);
    assert_int_equal(merge(&desk, article, 1, &moved), TYPE_OK);
    assert_int_equal(moved, 4);
    merged = desk.undo_id;
    assert_int_equal(merge(&desk, 1, 3, &moved), TYPE_OK);
    assert_int_equal(undo(&desk, merged), TYPE_STALE);
    check_tables(&desk);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_save),        cmocka_unit_test(test_refused),       cmocka_unit_test(test_merge),
        cmocka_unit_test(test_merge_again), cmocka_unit_test(test_delete),        cmocka_unit_test(test_none),
        cmocka_unit_test(test_undo),        cmocka_unit_test(test_undo_too_late), cmocka_unit_test(test_undo_merge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
