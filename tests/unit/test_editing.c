/* What staff do to items: the rules one by one, then random edits against all that must stay true, then two at once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"
#include "warta/base/mem.h"
#include "warta/newsroom/editing.h"
#include "warta/newsroom/type.h"

enum { DAY_S = 86400 };

/* --- a desk with one editor at it --- */

struct desk {
    struct harness harness;
    struct store *store;
    struct text *text;
    struct editing editing;
    json_t *errors;
};

static void sql_run(const struct desk *desk, const char *sql)
{
    sqlite3 *db;
    char *error = NULL;
    assert_int_equal(sqlite3_open(desk->harness.database, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
    sqlite3_close(db);
}

static int sql_number(const struct desk *desk, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(desk->harness.database, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int number = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

static void seat(struct desk *desk, int64_t user_id, const char *name)
{
    char error[256] = "";
    desk->store = store_open(desk->harness.database, STORE_WRITE, &desk->harness.log, error, sizeof error);
    desk->text = text_create("en", "Asia/Bangkok", error, sizeof error);
    if (desk->store == NULL || desk->text == NULL)
        fail_msg("%s", error);
    desk->editing = (struct editing){desk->store, desk->text, {user_id, name}, HARNESS_NOW_UNIX};
    desk->errors = json_array();
}

static void leave(struct desk *desk)
{
    store_destroy(desk->store);
    text_destroy(desk->text);
    json_decref(desk->errors);
}

static void desk_open(struct desk *desk, const char *items)
{
    harness_open(&desk->harness, items, NULL);
    sql_run(desk, "INSERT INTO user (id, name, role, password, created_unix) VALUES (1, 'Ana', 'editor', '', 0), "
                  "(2, 'Ben', 'editor', '', 0);"
                  "INSERT INTO file (id, name, media_type, size, sha256, content, created_unix, changed_unix) VALUES "
                  "(1, 'one.jpg', 'image/jpeg', 10, '', 1, 0, 0), (2, 'two.pdf', 'application/pdf', 20, '', 2, 0, 0), "
                  "(3, 'three.png', 'image/png', 30, '', 3, 0, 0);");
    seat(desk, 1, "Ana");
}

static void desk_close(struct desk *desk)
{
    leave(desk);
    harness_close(&desk->harness);
}

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, 0, &error);
    if (value == NULL)
        fail_msg("%s: %s", text, error.text);
    return value;
}

/* One save; the item's id and version take what it became. */
static enum edit_outcome save(struct desk *desk, int64_t *id, int64_t *version, const char *values_text,
                              const char *request_id)
{
    json_t *values = parse(values_text);
    json_array_clear(desk->errors);
    enum edit_outcome outcome = edit_save(&desk->editing, *id, *version, values, request_id,
                                          *id == 0 ? "create" : "save", desk->errors, id, version);
    json_decref(values);
    return outcome;
}

/* A new item, of which the test knows nothing but these values. */
static int64_t created(struct desk *desk, const char *values)
{
    int64_t id = 0;
    int64_t version = 0;
    enum edit_outcome outcome = save(desk, &id, &version, values, NULL);
    if (outcome != EDIT_OK)
        fail_msg("%s: %s", values, json_dumps(desk->errors, 0));
    assert_int_equal(version, 1);
    return id;
}

/* The item has this value under a key, given as JSON. */
static void assert_value(const struct desk *desk, int64_t id, const char *key, const char *expected_text)
{
    json_t *item = edit_get(desk->store, id);
    json_t *expected = json_loads(expected_text, JSON_DECODE_ANY, NULL);
    char *actual = json_dumps(json_object_get(item, key), JSON_ENCODE_ANY | JSON_COMPACT);
    if (!json_equal(json_object_get(item, key), expected))
        fail_msg("item %d: %s is %s, not %s", (int)id, key, actual, expected_text);
    free(actual);
    json_decref(expected);
    json_decref(item);
}

static void assert_error(const struct desk *desk, const char *key, const char *reason)
{
    size_t i;
    json_t *error;
    json_array_foreach(desk->errors, i, error)
    {
        if (strcmp(json_string_value(json_object_get(error, "key")), key) == 0 &&
            strstr(json_string_value(json_object_get(error, "reason")), reason) != NULL)
            return;
    }
    fail_msg("no mistake in %s that says \"%s\": %s", key, reason, json_dumps(desk->errors, 0));
}

static int rows_written(const struct desk *desk)
{
    return sql_number(desk, "SELECT (SELECT count(*) FROM revision) + (SELECT count(*) FROM activity) + "
                            "(SELECT count(*) FROM item) + (SELECT sum(version) FROM item)");
}

static void check_tables(const struct desk *desk)
{
    static const enum sql checks[] = {SQL_CHECK_COUNTS, SQL_CHECK_LISTING};
    for (size_t i = 0; i < 2; i++) {
        json_t *wrong = store_value(desk->store, checks[i], NULL);
        assert_int_equal(json_integer_value(wrong), 0);
        json_decref(wrong);
    }
}

/* --- saving --- */

static const char small[] = "{\"type\": \"news\", \"title\": \"A title\", \"lang\": \"en\"}";

static void test_create(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, "[]");
    int64_t id = created(&desk, small);
    assert_value(&desk, id, "slug", "\"a-title\"");
    assert_value(&desk, id, "status", "\"draft\"");
    assert_value(&desk, id, "publish_at", "null");
    assert_value(&desk, id, "changed_unix", "1795435200");
    assert_value(&desk, id, "trashed_unix", "null");
    assert_value(&desk, created(&desk, small), "slug", "\"a-title-2\"");
    assert_value(&desk, created(&desk, "{\"type\": \"NEWS\", \"title\": \"សហករណ៍\", \"lang\": \"km\"}"), "type",
                 "\"news\"");

    json_t *revision = edit_revision(desk.store, id, 1);
    assert_string_equal(json_string_value(json_object_get(revision, "user_name")), "Ana");
    assert_string_equal(json_string_value(json_object_get(revision, "action")), "create");
    json_decref(revision);
    json_t *rows = activity_list(desk.store, 0, id, "", 0, 10);
    assert_int_equal(json_array_size(rows), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "subject")), "A title");
    assert_true(json_is_true(json_object_get(json_array_get(rows, 0), "item_exists")));
    json_decref(rows);
    desk_close(&desk);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *values, *key, *reason; /* of a new item */
    } cases[] = {
        {"{}", "type", "is missing"},
        {"{}", "title", "is missing"},
        {"{}", "lang", "is missing"},
        {"{\"type\": \"poem\", \"title\": \"T\", \"lang\": \"en\"}", "type", "none of the types"},
        {"{\"type\": \"news\", \"title\": \"T\", \"lang\": \"en\", \"slug\": \"one\"}", "slug", "another item"},
        {"{\"type\": \"news\", \"title\": \"T\", \"lang\": \"en\", \"slug\": \"uno\"}", "slug", "another item"},
        {"{\"type\": \"news\", \"title\": \"T\", \"lang\": \"en\", \"slug\": \"2024\"}", "slug", "number"},
        {"{\"type\": \"news\", \"title\": \"T\", \"lang\": \"en\", \"aliases\": [\"x\", \"uno\"]}", "aliases",
         "\"uno\""},
        {"{\"type\": \"news\", \"title\": \"T\", \"lang\": \"en\", \"aliases\": [\"one\"]}", "aliases", "\"one\""},
        {"{\"type\": \"news\", \"title\": \"T\", \"lang\": \"en\", \"files\": [{\"id\": 1, \"alt\": \"\"}, {\"id\": "
         "99, \"alt\": \"\"}]}",
         "files", "deleted"},
    };
    struct desk desk;
    desk_open(&desk, "[{\"type\": \"news\", \"title\": \"One\", \"slug\": \"one\", \"aliases\": [\"uno\"]}]");
    int before = rows_written(&desk);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t id = 0;
        int64_t version = 0;
        assert_int_equal(save(&desk, &id, &version, cases[i].values, "form"), EDIT_REFUSED);
        assert_error(&desk, cases[i].key, cases[i].reason);
        assert_int_equal(rows_written(&desk), before);
    }
    assert_int_equal(sql_number(&desk, "SELECT count(*) FROM submission"), 0);
    desk_close(&desk);
}

static void test_save(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, "[]");
    int64_t id = created(&desk, small);
    int64_t version = 1;
    assert_int_equal(save(&desk, &id, &version, "{\"title\": \"A title\", \"lang\": \"\", \"slug\": \"\"}", NULL),
                     EDIT_OK);
    assert_int_equal(version, 1);
    assert_int_equal(sql_number(&desk, "SELECT count(*) FROM activity"), 1);

    assert_int_equal(save(&desk, &id, &version, "{\"title\": \"Other\", \"places\": [\"Nepal\"]}", NULL), EDIT_OK);
    assert_int_equal(version, 2);
    assert_value(&desk, id, "slug", "\"a-title\"");
    assert_int_equal(sql_number(&desk, "SELECT count(*) FROM activity WHERE detail = 'title, places'"), 1);

    int before = rows_written(&desk);
    version = 1;
    assert_int_equal(save(&desk, &id, &version, "{\"title\": \"Mine\"}", NULL), EDIT_STALE);
    version = 3;
    assert_int_equal(save(&desk, &id, &version, "{\"title\": \"Mine\"}", NULL), EDIT_STALE);
    id = 999;
    assert_int_equal(save(&desk, &id, &version, "{\"title\": \"Mine\"}", NULL), EDIT_GONE);
    assert_int_equal(rows_written(&desk), before);
    desk_close(&desk);
}

static void test_slug(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, "[]");
    int64_t id = created(&desk, small);
    int64_t version = 1;
    assert_int_equal(save(&desk, &id, &version, "{\"slug\": \"second\", \"aliases\": [\"WCMS_1\", \"second\"]}", NULL),
                     EDIT_OK);
    assert_value(&desk, id, "aliases", "[\"WCMS_1\", \"a-title\"]");
    assert_int_equal(save(&desk, &id, &version, "{\"slug\": \"third\"}", NULL), EDIT_OK);
    assert_value(&desk, id, "aliases", "[\"WCMS_1\", \"a-title\", \"second\"]");
    assert_int_equal(save(&desk, &id, &version, "{\"slug\": \"a-title\"}", NULL), EDIT_OK);
    assert_value(&desk, id, "aliases", "[\"WCMS_1\", \"second\", \"third\"]");
    assert_int_equal(save(&desk, &id, &version, "{\"aliases\": [\"third\", \"second\"]}", NULL), EDIT_OK);
    assert_value(&desk, id, "aliases", "[\"third\", \"second\"]");
    assert_value(&desk, created(&desk, small), "slug", "\"a-title-2\"");
    /* An emptied one is made from the title again, which may be the one it has, or has had. */
    assert_int_equal(save(&desk, &id, &version, "{\"slug\": \"\"}", NULL), EDIT_OK);
    assert_value(&desk, id, "slug", "\"a-title\"");
    assert_int_equal(save(&desk, &id, &version, "{\"title\": \"Third\", \"slug\": \"\"}", NULL), EDIT_OK);
    assert_value(&desk, id, "slug", "\"third\"");
    assert_value(&desk, id, "aliases", "[\"second\", \"a-title\"]");
    assert_int_equal(save(&desk, &id, &version, "{\"title\": \"A title 2\", \"slug\": \"\"}", NULL), EDIT_OK);
    assert_value(&desk, id, "slug", "\"a-title-2-2\"");
    desk_close(&desk);
}

static void test_double_form(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, "[]");
    int64_t id[2] = {0, 0};
    int64_t version[2] = {0, 0};
    for (int i = 0; i < 2; i++)
        assert_int_equal(save(&desk, &id[i], &version[i], small, "form-1"), EDIT_OK);
    assert_int_equal(id[0], id[1]);
    assert_int_equal(sql_number(&desk, "SELECT count(*) FROM item"), 1);

    assert_int_equal(save(&desk, &id[0], &version[0], "{\"title\": \"B\"}", "form-2"), EDIT_OK);
    assert_int_equal(save(&desk, &id[1], &version[1], "{\"title\": \"B\"}", "form-2"), EDIT_OK);
    assert_int_equal(version[0], 2);
    assert_int_equal(version[1], 2);

    desk.editing.now_unix += 8 * DAY_S;
    assert_int_equal(save(&desk, &id[0], &version[0], "{\"title\": \"C\"}", "form-3"), EDIT_OK);
    assert_int_equal(sql_number(&desk, "SELECT count(*) FROM submission"), 1);
    sql_run(&desk, "DELETE FROM item");
    assert_int_equal(save(&desk, &id[0], &version[0], "{\"title\": \"C\"}", "form-3"), EDIT_GONE);
    desk_close(&desk);
}

static void test_files(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, "[]");
    int64_t id = created(
        &desk, "{\"type\": \"news\", \"title\": \"T\", \"lang\": \"en\", \"files\": [{\"id\": 2, \"alt\": \"\"}, "
               "{\"id\": 1, \"alt\": \"A photo\"}, {\"id\": 2, \"alt\": \"again\"}]}");
    int64_t version = 1;
    json_t *item = edit_get(desk.store, id);
    json_t *files = json_object_get(item, "files");
    assert_int_equal(json_array_size(files), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(files, 0), "name")), "two.pdf");
    assert_string_equal(json_string_value(json_object_get(json_array_get(files, 1), "alt")), "A photo");
    json_decref(item);
    assert_int_equal(save(&desk, &id, &version, "{\"title\": \"U\"}", NULL), EDIT_OK);
    assert_int_equal(sql_number(&desk, "SELECT count(*) FROM item_file"), 2);
    assert_int_equal(save(&desk, &id, &version,
                          "{\"files\": [{\"id\": 2, \"alt\": \"\"}, {\"id\": 1, \"alt\": \"A photo\"}]}", NULL),
                     EDIT_OK);
    assert_int_equal(version, 2);
    assert_int_equal(save(&desk, &id, &version, "{\"files\": []}", NULL), EDIT_OK);
    assert_int_equal(version, 3);

    sql_run(&desk, "DELETE FROM file WHERE id = 1");
    assert_int_equal(edit_revert(&desk.editing, id, 3, 1, &version), EDIT_OK);
    assert_int_equal(sql_number(&desk, "SELECT group_concat(file_id) = '2' FROM item_file"), 1);
    desk_close(&desk);
}

/* --- status --- */

static void test_status(void **state)
{
    (void)state;
    static const struct {
        const char *action, *status, *publish_at; /* what the item then has */
        int64_t version;
        const char *done; /* as the activity list has it; NULL: nothing was done */
    } steps[] = {
        {"restore", "draft", "null", 1, NULL},
        {"unpublish", "draft", "null", 1, NULL},
        {"publish", "published", "\"2026-11-23T12:00:00Z\"", 2, "publish"},
        {"publish", "published", "\"2026-11-23T12:00:00Z\"", 2, NULL},
        {"unpublish", "draft", "\"2026-11-23T12:00:00Z\"", 3, "unpublish"},
        {"trash", "trashed", "\"2026-11-23T12:00:00Z\"", 4, "trash"},
        {"trash", "trashed", "\"2026-11-23T12:00:00Z\"", 4, NULL},
        {"unpublish", "trashed", "\"2026-11-23T12:00:00Z\"", 4, NULL},
        {"restore", "draft", "\"2026-11-23T12:00:00Z\"", 5, "restore"},
    };
    struct desk desk;
    desk_open(&desk, "[]");
    int64_t id = created(&desk, small);
    int64_t version = 1;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int before = sql_number(&desk, "SELECT count(*) FROM activity");
        char status[32];
        assert_int_equal(edit_status(&desk.editing, id, version, steps[i].action, &version), EDIT_OK);
        assert_int_equal(version, steps[i].version);
        snprintf(status, sizeof status, "\"%s\"", steps[i].status);
        assert_value(&desk, id, "status", status);
        assert_value(&desk, id, "publish_at", steps[i].publish_at);
        assert_value(&desk, id, "trashed_unix", strcmp(steps[i].status, "trashed") == 0 ? "1795435200" : "null");
        assert_int_equal(sql_number(&desk, "SELECT count(*) FROM activity"), before + (steps[i].done != NULL));
        json_t *rows = activity_list(desk.store, 1, id, steps[i].done == NULL ? "create" : steps[i].done, 0, 1);
        assert_int_equal(json_array_size(rows), 1);
        json_decref(rows);
        check_tables(&desk);
    }
    assert_int_equal(edit_status(&desk.editing, id, version, "burn", &version), EDIT_GONE);
    assert_int_equal(edit_status(&desk.editing, 999, 1, "trash", &version), EDIT_GONE);
    desk_close(&desk);
}

static void test_status_stale(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, "[]");
    int64_t id = created(&desk, small);
    int64_t version = 1;
    int64_t saved = 0;
    assert_int_equal(save(&desk, &id, &version, "{\"title\": \"B\"}", NULL), EDIT_OK);
    assert_int_equal(edit_status(&desk.editing, id, 1, "publish", &saved), EDIT_STALE);
    assert_int_equal(edit_status(&desk.editing, id, 2, "publish", &saved), EDIT_OK);
    assert_int_equal(saved, 3);
    assert_int_equal(edit_status(&desk.editing, id, 2, "publish", &saved), EDIT_OK);
    assert_int_equal(saved, 3);
    assert_int_equal(edit_status(&desk.editing, id, 1, "publish", &saved), EDIT_STALE);
    assert_int_equal(edit_status(&desk.editing, id, 2, "trash", &saved), EDIT_STALE);
    assert_int_equal(edit_revert(&desk.editing, id, 2, 1, &saved), EDIT_STALE);

    version = 3;
    assert_int_equal(save(&desk, &id, &version, "{\"status\": \"draft\", \"title\": \"C\"}", NULL), EDIT_OK);
    assert_int_equal(edit_status(&desk.editing, id, 3, "unpublish", &saved), EDIT_STALE);
    assert_value(&desk, id, "title", "\"C\"");
    desk_close(&desk);
}

static void test_publish_at(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, "[]");
    int64_t id = created(&desk, small);
    int64_t version = 1;
    assert_int_equal(save(&desk, &id, &version, "{\"publish_at\": \"2027-01-01T00:00:00Z\"}", NULL), EDIT_OK);
    assert_int_equal(edit_status(&desk.editing, id, version, "publish", &version), EDIT_OK);
    assert_value(&desk, id, "publish_at", "\"2027-01-01T00:00:00Z\"");
    assert_int_equal(sql_number(&desk, "SELECT count(*) FROM activity WHERE action = 'schedule'"), 1);
    json_t *counts = edit_counts(desk.store, HARNESS_NOW_UNIX);
    assert_int_equal(json_integer_value(json_object_get(counts, "scheduled")), 1);
    assert_int_equal(json_integer_value(json_object_get(counts, "published")), 0);
    json_decref(counts);

    assert_int_equal(save(&desk, &id, &version, "{\"publish_at\": null}", NULL), EDIT_OK);
    assert_value(&desk, id, "publish_at", "\"2026-11-23T12:00:00Z\"");
    desk.editing.now_unix += DAY_S;
    int64_t now = version;
    assert_int_equal(save(&desk, &id, &version, "{\"publish_at\": null}", NULL), EDIT_OK);
    assert_int_equal(version, now);
    assert_int_equal(save(&desk, &id, &version, "{\"publish_at\": null, \"status\": \"draft\"}", NULL), EDIT_OK);
    assert_value(&desk, id, "publish_at", "null");
    assert_int_equal(
        save(&desk, &id, &version, "{\"publish_at\": \"2019-08-30T02:00:00Z\", \"status\": \"published\"}", NULL),
        EDIT_OK);
    assert_value(&desk, id, "publish_at", "\"2019-08-30T02:00:00Z\"");
    check_tables(&desk);
    desk_close(&desk);
}

/* --- history --- */

static void assert_changed(const json_t *revisions, size_t index, const char *action, const char *user_name,
                           const char *changed_text)
{
    const json_t *revision = json_array_get(revisions, index);
    const char *name = json_string_value(json_object_get(revision, "user_name"));
    json_t *changed = parse(changed_text);
    assert_string_equal(json_string_value(json_object_get(revision, "action")), action);
    assert_string_equal(name == NULL ? "" : name, user_name);
    if (!json_equal(changed, json_object_get(revision, "changed")))
        fail_msg("version %d changed %s", (int)json_integer_value(json_object_get(revision, "version")),
                 json_dumps(json_object_get(revision, "changed"), 0));
    json_decref(changed);
}

static void test_history_of_imported(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, "[{\"type\": \"news\", \"title\": \"One\", \"slug\": \"one\", \"date\": \"2019-01-01\"}]");
    assert_null(harness_import(&desk.harness, "[{\"slug\": \"one\", \"kicker\": \"K\"}]", NULL));
    assert_int_equal(sql_number(&desk, "SELECT count(*) FROM revision"), 0);
    int64_t id = 1;
    int64_t version = 2;
    assert_int_equal(save(&desk, &id, &version,
                          "{\"title\": \"Uno\", \"date\": null, \"event\": {\"starts\": \"2019-01-01\", "
                          "\"ends\": null, \"venue\": null}}",
                          NULL),
                     EDIT_OK);
    assert_null(
        harness_import(&desk.harness, "[{\"slug\": \"one\", \"title\": \"Eins\", \"topics\": [\"Youth\"]}]", NULL));
    assert_null(harness_import(&desk.harness, "[{\"slug\": \"one\", \"title\": \"Eins\"}]", NULL));
    json_t *revisions = edit_revisions(desk.store, id);
    assert_int_equal(json_array_size(revisions), 3);
    assert_changed(revisions, 0, "import", "", "[\"title\", \"topics\"]");
    assert_changed(revisions, 1, "save", "Ana", "[\"title\", \"date\", \"event\"]");
    assert_changed(revisions, 2, "import", "", "[]");
    json_decref(revisions);
    assert_int_equal(sql_number(&desk, "SELECT count(*) FROM activity"), 1);

    version = 3;
    assert_int_equal(save(&desk, &id, &version, "{\"title\": \"Mine\"}", NULL), EDIT_STALE);
    assert_int_equal(edit_revert(&desk.editing, id, 4, 2, &version), EDIT_OK);
    assert_value(&desk, id, "title", "\"One\"");
    assert_value(&desk, id, "date", "\"2019-01-01\"");
    assert_value(&desk, id, "event", "null");
    assert_value(&desk, id, "topics", "[]");
    json_t *none = edit_revision(desk.store, id, 1);
    assert_true(json_is_null(none));
    json_decref(none);
    desk_close(&desk);
}

static void test_revert(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, "[]");
    int64_t id = created(
        &desk,
        "{\"type\": \"article\", \"title\": \"T\", \"lang\": \"en\", \"slug\": \"first\", \"aliases\": [\"old\"]}");
    int64_t version = 1;
    int64_t other = 0;
    int64_t other_version = 0;
    assert_int_equal(save(&desk, &id, &version, "{\"slug\": \"second\", \"aliases\": [\"old\", \"typo\"]}", NULL),
                     EDIT_OK);
    assert_int_equal(edit_revert(&desk.editing, id, 2, 1, &version), EDIT_OK);
    assert_value(&desk, id, "slug", "\"first\"");
    assert_value(&desk, id, "aliases", "[\"old\", \"second\"]");
    assert_int_equal(edit_revert(&desk.editing, id, 2, 1, &version), EDIT_OK);
    assert_int_equal(edit_revert(&desk.editing, id, 3, 1, &version), EDIT_OK);
    assert_int_equal(version, 3);
    assert_int_equal(edit_revert(&desk.editing, id, 3, 77, &version), EDIT_GONE);
    assert_int_equal(edit_revert(&desk.editing, 77, 3, 1, &version), EDIT_GONE);
    assert_int_equal(
        sql_number(&desk, "SELECT count(*) FROM activity WHERE action = 'go back' AND detail = 'version 1'"), 1);

    assert_int_equal(save(&desk, &id, &version, "{\"slug\": \"fourth\", \"aliases\": []}", NULL), EDIT_OK);
    assert_int_equal(save(&desk, &id, &version, "{\"aliases\": []}", NULL), EDIT_OK);
    assert_int_equal(save(&desk, &other, &other_version,
                          "{\"type\": \"news\", \"title\": \"O\", \"lang\": \"en\", \"slug\": \"first\", "
                          "\"aliases\": [\"old\"]}",
                          NULL),
                     EDIT_OK);
    size_t moved;
    assert_int_equal(type_merge(desk.store, desk.editing.actor, 2, 1, HARNESS_NOW_UNIX, &moved, desk.errors, NULL),
                     TYPE_OK);
    assert_int_equal(moved, 1);
    assert_int_equal(edit_revert(&desk.editing, id, version, 1, &version), EDIT_STALE);
    assert_int_equal(edit_revert(&desk.editing, id, version + 1, 1, &version), EDIT_OK);
    assert_value(&desk, id, "slug", "\"fourth\"");
    assert_value(&desk, id, "aliases", "[\"second\"]");
    assert_value(&desk, id, "type", "\"news\"");
    assert_value(&desk, other, "slug", "\"first\"");
    desk_close(&desk);
}

static void test_compare(void **state)
{
    (void)state;
    json_t *before =
        parse("{\"title\": \"Old title\", \"status\": \"draft\", \"places\": [\"Nepal\"], \"date\": null, "
              "\"event\": {\"starts\": \"2019-01-01\", \"ends\": null, \"venue\": \"Hanoi\"}, \"body\": \"same\", "
              "\"files\": [{\"id\": 1, \"name\": \"a.jpg\", \"alt\": \"A\"}], \"only\": 1, \"link\": \"x\"}");
    json_t *after = parse("{\"title\": \"New title\", \"status\": \"draft\", \"places\": [\"Nepal\", \"Laos\"], "
                          "\"date\": \"2019-01-01\", "
                          "\"event\": null, \"body\": \"same\", \"version\": 7, "
                          "\"files\": [{\"id\": 1, \"name\": \"a.jpg\", \"alt\": \"A\", \"size\": 9}, {\"id\": 2, "
                          "\"name\": \"b\", \"alt\": \"\"}]}");
    static const struct {
        const char *key, *last;
    } expected[] = {{"title", " title"},
                    {"date", "2019-01-01"},
                    {"event", "2019-01-01, Hanoi"},
                    {"places", ", Laos"},
                    {"files", "\nb"}};
    json_t *changes = edit_compare(before, after);
    assert_int_equal(json_array_size(changes), sizeof expected / sizeof *expected);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const json_t *change = json_array_get(changes, i);
        const json_t *parts = json_object_get(change, "parts");
        const json_t *last = json_array_get(parts, json_array_size(parts) - 1);
        assert_string_equal(json_string_value(json_object_get(change, "key")), expected[i].key);
        assert_string_equal(json_string_value(json_object_get(last, "text")), expected[i].last);
    }
    json_decref(changes);
    json_decref(before);
    json_decref(after);
}

static void test_trash(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, "[]");
    int64_t version;
    int64_t old = created(&desk, "{\"type\": \"event\", \"title\": \"Old\", \"lang\": \"en\", \"status\": "
                                 "\"published\", \"places\": [\"Nepal\"], "
                                 "\"aliases\": [\"x\"], \"files\": [{\"id\": 3, \"alt\": \"\"}]}");
    int64_t young = created(&desk, small);
    created(&desk, small);
    assert_int_equal(edit_status(&desk.editing, old, 1, "trash", &version), EDIT_OK);
    desk.editing.now_unix += 20 * DAY_S;
    assert_int_equal(save(&desk, &old, &version, "{\"title\": \"Older\"}", NULL), EDIT_OK);
    assert_int_equal(edit_status(&desk.editing, young, 1, "trash", &version), EDIT_OK);
    desk.editing.now_unix += 10 * DAY_S;
    size_t count;
    assert_int_equal(edit_empty_trash(&desk.editing, 30, &count), EDIT_OK);
    assert_int_equal(count, 0);
    desk.editing.now_unix += 1;
    assert_int_equal(edit_empty_trash(&desk.editing, 30, &count), EDIT_OK);
    assert_int_equal(count, 1);
    assert_int_equal(sql_number(&desk, "SELECT count(*) FROM item"), 2);
    assert_int_equal(sql_number(&desk, "SELECT (SELECT count(*) FROM item_file) + (SELECT count(*) FROM alias) + "
                                       "(SELECT count(*) FROM revision WHERE item_id = 1)"),
                     0);
    json_t *rows = activity_list(desk.store, 0, old, "delete", 0, 10);
    assert_int_equal(json_array_size(rows), 1);
    assert_true(json_is_false(json_object_get(json_array_get(rows, 0), "item_exists")));
    assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "subject")), "Older");
    json_decref(rows);
    json_t *none = edit_get(desk.store, old);
    assert_true(json_is_null(none));
    json_decref(none);
    check_tables(&desk);
    desk_close(&desk);
}

/* --- lists --- */

static void test_activity(void **state)
{
    (void)state;
    static const struct {
        int64_t user_id, item_id;
        const char *action;
        size_t rows;
    } cases[] = {
        {0, 0, "", 12},    {1, 0, "", 8},      {0, 1, "", 6}, {0, 0, "save", 6}, {1, 1, "", 4},
        {1, 1, "save", 2}, {2, 0, "trash", 2}, {3, 0, "", 0}, {0, 9, "", 0},     {0, 0, "x", 0},
    };
    struct desk desk;
    desk_open(&desk, "[]");
    for (int i = 0; i < 12; i++) {
        struct actor actor = {i % 3 == 2 ? 2 : 1, i % 3 == 2 ? "Ben" : "Ana"};
        assert_true(activity_add(desk.store, actor,
                                 i % 3 == 0   ? "create"
                                 : i % 6 == 5 ? "trash"
                                              : "save",
                                 i < 6 ? 1 : 0, "S", "", i));
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_int_t before = 0;
        size_t found = 0;
        for (size_t page = 5; page == 5;) {
            json_t *rows = activity_list(desk.store, cases[i].user_id, cases[i].item_id, cases[i].action, before, 5);
            page = json_array_size(rows);
            found += page;
            for (size_t r = 0; r < page; r++) {
                json_int_t id = json_integer_value(json_object_get(json_array_get(rows, r), "id"));
                assert_true(before == 0 || id < before);
                before = id;
            }
            json_decref(rows);
        }
        if (found != cases[i].rows)
            fail_msg("case %zu: %zu rows", i, found);
    }
    desk_close(&desk);
}

/* All pages of a list, one after the other: how many items, each once. */
static size_t count_list(const struct desk *desk, const char *status, const char *type, const char *q, const char *sort)
{
    char seen[256] = "";
    char *cursor = mem_copy("", 0);
    size_t found = 0;
    while (cursor != NULL) {
        char *next;
        size_t i;
        json_t *row;
        json_t *rows = edit_list(desk->store, status, type, q, sort, cursor, 7, HARNESS_NOW_UNIX, &next);
        assert_non_null(rows);
        assert_true(next == NULL || json_array_size(rows) == 7);
        json_array_foreach(rows, i, row)
        {
            size_t id = (size_t)json_integer_value(json_object_get(row, "id"));
            assert_int_equal(seen[id], 0);
            seen[id] = 1;
            found++;
        }
        json_decref(rows);
        free(cursor);
        cursor = next;
    }
    return found;
}

static void list_items(struct desk *desk)
{
    static const char *const values[] = {
        "{\"status\": \"draft\"}",
        "{\"status\": \"published\", \"date\": \"2019-01-01\"}",
        "{\"status\": \"published\", \"publish_at\": \"2027-01-01T00:00:00Z\"}",
        "{\"status\": \"trashed\", \"date\": \"2018-01-01\"}",
        "{\"status\": \"published\", \"kicker\": \"100% of_it\", \"type\": \"event\"}",
    };
    for (int i = 0; i < 100; i++) {
        json_t *item = parse(values[i % 5]);
        json_object_set_new(item, "title", json_sprintf(i % 2 == 0 ? "Same" : "title %d", i / 4));
        json_object_set_new(item, "lang", json_string("en"));
        if (json_object_get(item, "type") == NULL)
            json_object_set_new(item, "type", json_string("news"));
        char *text = json_dumps(item, 0);
        desk->editing.now_unix = HARNESS_NOW_UNIX - i / 10;
        created(desk, text);
        free(text);
        json_decref(item);
    }
}

static void test_list(void **state)
{
    (void)state;
    static const struct {
        const char *status, *type, *q;
        size_t found;
    } cases[] = {
        {"", "", "", 100},         {"draft", "", "", 20}, {"published", "", "", 40},  {"scheduled", "", "", 20},
        {"trashed", "", "", 20},   {"x", "", "", 0},      {"", "event", "", 20},      {"", "poem", "", 0},
        {"draft", "event", "", 0}, {"", "", "100%", 20},  {"", "", "%", 20},          {"", "", "of_it SAME", 10},
        {"", "", "o_f", 0},        {"", "", "\\", 0},     {"", "", " title  1 ", 30}, {"", "", "title-1", 22},
        {"", "", "no such", 0},
    };
    static const char *const sorts[] = {"changed", "date", "title", "nonsense"};
    struct desk desk;
    desk_open(&desk, "[]");
    list_items(&desk);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t s = 0; s < 4; s++) {
            size_t found = count_list(&desk, cases[i].status, cases[i].type, cases[i].q, sorts[s]);
            if (found != cases[i].found)
                fail_msg("status %s, type %s, \"%s\", by %s: %zu", cases[i].status, cases[i].type, cases[i].q, sorts[s],
                         found);
        }
    }
    json_t *counts = edit_counts(desk.store, HARNESS_NOW_UNIX);
    json_t *expected = parse("{\"draft\": 20, \"published\": 40, \"scheduled\": 20, \"trashed\": 20, \"all\": 100}");
    assert_true(json_equal(counts, expected));
    json_decref(expected);
    json_decref(counts);
    desk_close(&desk);
}

static void test_list_order(void **state)
{
    (void)state;
    static const struct {
        const char *sort, *key;
        int sign;
    } orders[] = {{"changed", "changed_unix", -1}, {"date", "day", -1}, {"title", "title", 1}};
    struct desk desk;
    desk_open(&desk, "[]");
    list_items(&desk);
    for (size_t o = 0; o < 3; o++) {
        char *next;
        json_t *rows = edit_list(desk.store, "", "", "", orders[o].sort, "", 100, HARNESS_NOW_UNIX, &next);
        assert_null(next);
        for (size_t i = 1; i < 100; i++) {
            const json_t *a = json_object_get(json_array_get(rows, i - 1), orders[o].key);
            const json_t *b = json_object_get(json_array_get(rows, i), orders[o].key);
            int order = json_is_string(a) ? strcasecmp(json_string_value(a), json_string_value(b))
                                          : (json_integer_value(a) > json_integer_value(b)) -
                                                (json_integer_value(a) < json_integer_value(b));
            assert_true(order * orders[o].sign <= 0);
        }
        assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "user_name")), "Ana");
        json_decref(rows);
    }
    desk_close(&desk);
}

/* Whatever stands in an address: an answer, never a fault. */
static void test_list_hostile(void **state)
{
    (void)state;
    static const char *const cursors[] = {
        "x",
        ".",
        "1",
        "1.",
        "1.x",
        ".5",
        "-1.5",
        "99999999999999999999.99999999999999999999",
        "5.-99999999999999999999",
        "5.'; DROP TABLE item",
        "5. 7",
    };
    static const char *const sorts[] = {"changed", "date", "title"};
    struct desk desk;
    desk_open(&desk, "[]");
    list_items(&desk);
    char *long_word = mem_alloc(4001);
    memset(long_word, '%', 4000);
    char *many_words = mem_alloc(4001);
    for (int i = 0; i < 4000; i++)
        many_words[i] = i % 2 == 0 ? 'e' : ' ';
    for (size_t s = 0; s < 3; s++) {
        char *next;
        for (size_t i = 0; i < sizeof cursors / sizeof *cursors; i++) {
            json_t *rows = edit_list(desk.store, "", "", "", sorts[s], cursors[i], 7, HARNESS_NOW_UNIX, &next);
            assert_non_null(rows);
            json_decref(rows);
            free(next);
        }
        assert_int_equal(count_list(&desk, "", "", long_word, sorts[s]), 0);
        assert_int_equal(count_list(&desk, "", "", many_words, sorts[s]), 100);
        assert_int_equal(count_list(&desk, "", "",
                                    "ស\u17b6\u1780សហករណ៍\xe2\x80\x8bសហករណ៍សហករណ៍សហករណ៍សហករណ៍សហករណ៍សហករណ៍សហករណ៍សហករណ៍សហករណ៍",
                                    sorts[s]),
                         0);
    }
    free(long_word);
    free(many_words);
    desk_close(&desk);
}

/* --- whatever is done, this stays true --- */

static uint32_t random_state;

static size_t random_below(size_t bound)
{
    random_state = random_state * 1103515245u + 12345u;
    return (random_state >> 16) % bound;
}

#define PICK(array) ((array)[random_below(sizeof(array) / sizeof *(array))])

static char *random_values(void)
{
    static const char *const pairs[] = {
        "\"title\": \"A\"",
        "\"title\": \"B សហករណ៍\"",
        "\"type\": \"news\"",
        "\"type\": \"event\"",
        "\"type\": \"project\"",
        "\"places\": []",
        "\"places\": [\"Nepal\", \"Laos\"]",
        "\"places\": [\"Laos\"]",
        "\"topics\": [\"Youth\"]",
        "\"topics\": []",
        "\"status\": \"draft\"",
        "\"status\": \"published\"",
        "\"status\": \"trashed\"",
        "\"date\": null",
        "\"date\": \"2018-05-01\"",
        "\"date\": \"2019-05-01\"",
        "\"publish_at\": null",
        "\"publish_at\": \"2027-01-01T00:00:00Z\"",
        "\"publish_at\": \"2017-01-01T00:00:00Z\"",
        "\"slug\": \"s-1\"",
        "\"slug\": \"s-2\"",
        "\"slug\": \"s-3\"",
        "\"slug\": \"s-4\"",
        "\"aliases\": []",
        "\"aliases\": [\"s-2\", \"s-9\"]",
        "\"aliases\": [\"s-9\", \"s-3\"]",
        "\"lang\": \"km\"",
        "\"lang\": \"en\"",
        "\"files\": []",
        "\"files\": [{\"id\": 1, \"alt\": \"x\"}]",
        "\"files\": [{\"id\": 2, \"alt\": \"\"}, {\"id\": 1, \"alt\": \"y\"}]",
        "\"event\": null",
        "\"event\": {\"starts\": \"2019-05-01\", \"ends\": null, \"venue\": null}",
        "\"body\": \"words\"",
        "\"body\": \"\"",
    };
    char *text = mem_alloc(1024);
    strcpy(text, "{\"kicker\": \"K\"");
    for (size_t n = 1 + random_below(4); n > 0; n--)
        snprintf(text + strlen(text), 1024 - strlen(text), ", %s", PICK(pairs));
    strcat(text, "}");
    return text;
}

enum { RANDOM_ITEMS = 5, RANDOM_STEPS = 900 };

/* One random change of an item; the version it leads to, or 0 if it was refused. */
static int64_t random_step(struct desk *desk, int64_t id, int64_t version)
{
    static const char *const actions[] = {"publish", "unpublish", "trash", "restore"};
    int64_t saved = 0;
    size_t kind = random_below(10);
    enum edit_outcome outcome = EDIT_OK;
    if (kind < 6) {
        char *values = random_values();
        saved = version;
        outcome = save(desk, &id, &saved, values, NULL);
        free(values);
    } else if (kind < 9) {
        outcome = edit_status(&desk->editing, id, version, PICK(actions), &saved);
    } else {
        outcome = edit_revert(&desk->editing, id, version, 1 + (int64_t)random_below((size_t)version), &saved);
    }
    assert_true(outcome == EDIT_OK || outcome == (kind < 6 ? EDIT_REFUSED : kind < 9 ? EDIT_OK : EDIT_GONE));
    return outcome == EDIT_OK ? saved : 0;
}

static json_t *whole(const struct desk *desk, int64_t id)
{
    json_t *item = edit_get(desk->store, id);
    json_t *kept = revision_whole(item);
    json_decref(item);
    return kept;
}

static void assert_same(const json_t *a, const json_t *b, const char *what)
{
    if (!json_equal(a, b))
        fail_msg("%s:\n%s\n%s", what, json_dumps(a, JSON_SORT_KEYS), json_dumps(b, JSON_SORT_KEYS));
}

/* Taking a change back gives the item as it was, but for the slug that it left: that goes on leading to it. */
static int64_t check_undo(struct desk *desk, int64_t id, int64_t saved, int64_t version, json_t *before,
                          const json_t *after)
{
    int64_t undone;
    if (edit_revert(&desk->editing, id, saved, version, &undone) != EDIT_OK)
        fail_msg("version %d of item %d cannot be had back", (int)version, (int)id);
    json_t *now = whole(desk, id);
    json_t *aliases = json_deep_copy(json_object_get(before, "aliases"));
    if (!json_equal(json_object_get(before, "slug"), json_object_get(after, "slug"))) {
        size_t i;
        json_t *alias;
        bool has = false;
        json_array_foreach(aliases, i, alias) has = has || json_equal(alias, json_object_get(after, "slug"));
        if (!has)
            json_array_append(aliases, json_object_get(after, "slug"));
    }
    json_object_set_new(before, "aliases", aliases);
    assert_same(before, now, "what was undone");
    json_decref(now);
    return undone;
}

/* Every version from the first kept one on has its revision, and the newest one is what the item is. */
static void check_history(const struct desk *desk, int64_t id)
{
    json_t *item = edit_get(desk->store, id);
    json_t *revision = edit_revision(desk->store, id, json_integer_value(json_object_get(item, "version")));
    json_t *now = revision_whole(item);
    assert_same(now, json_object_get(revision, "item"), "the newest revision");
    json_decref(now);
    json_decref(revision);
    json_decref(item);
}

static void random_import(struct desk *desk)
{
    char items[256];
    snprintf(items, sizeof items,
             "[{\"slug\": \"item-%zu\", \"summary\": \"%zu\", \"type\": \"document\", \"places\": [\"Nepal\"]}]",
             random_below(RANDOM_ITEMS), random_below(100));
    char *mistakes = harness_import(&desk->harness, items, NULL);
    free(mistakes);
}

static void test_random(void **state)
{
    (void)state;
    struct desk desk;
    random_state = 20190830;
    desk_open(&desk, "[]");
    for (int i = 0; i < RANDOM_ITEMS; i++) {
        char items[128];
        snprintf(items, sizeof items,
                 "[{\"slug\": \"item-%d\", \"type\": \"news\", \"title\": \"T\", \"date\": \"2019-01-01\"}]", i);
        assert_null(harness_import(&desk.harness, items, NULL));
    }
    int saves = 0;
    for (int step = 0; step < RANDOM_STEPS; step++) {
        int64_t id = 1 + (int64_t)random_below(RANDOM_ITEMS);
        json_t *item = edit_get(desk.store, id);
        json_t *before = revision_whole(item);
        int64_t version = json_integer_value(json_object_get(item, "version"));
        json_decref(item);
        desk.editing.now_unix += (int64_t)random_below(3);
        int64_t saved = random_step(&desk, id, version);
        json_t *after = whole(&desk, id);
        assert_true(saved == 0 || saved == version || saved == version + 1);
        assert_int_equal(json_equal(before, after), saved != version + 1);
        saves += saved == version + 1;
        if (saved == version + 1)
            check_history(&desk, id);
        if (saved == version + 1 && random_below(2) == 0)
            check_undo(&desk, id, saved, version, before, after);
        if (random_below(20) == 0)
            random_import(&desk);
        if (step % 10 == 0)
            check_tables(&desk);
        json_decref(before);
        json_decref(after);
    }
    assert_true(saves > RANDOM_STEPS / 3);
    check_tables(&desk);
    for (int64_t id = 1; id <= RANDOM_ITEMS; id++)
        check_history(&desk, id);
    assert_int_equal(sql_number(&desk, "SELECT count(*) FROM item WHERE version <> (SELECT max(version) FROM revision "
                                       "WHERE item_id = id)"),
                     0);
    assert_int_equal(sql_number(&desk, "SELECT count(*) FROM (SELECT 1 FROM revision GROUP BY item_id "
                                       "HAVING count(*) <> max(version) - min(version) + 1)"),
                     0);
    assert_int_equal(sql_number(&desk, "SELECT count(*) FROM alias JOIN item ON slug = name"), 0);
    desk_close(&desk);
}

/* --- two at once --- */

enum { RACES = 40 };

struct racer {
    struct desk desk;
    pthread_barrier_t *barrier;
    int64_t id, version;
    const char *values, *request_id;
    enum edit_outcome outcome;
};

static void *race(void *data)
{
    struct racer *racer = data;
    pthread_barrier_wait(racer->barrier);
    racer->outcome = save(&racer->desk, &racer->id, &racer->version, racer->values, racer->request_id);
    return NULL;
}

/* Both save at the same moment, each over a store of their own. */
static void run_race(struct racer racers[2])
{
    pthread_barrier_t barrier;
    pthread_t threads[2];
    pthread_barrier_init(&barrier, NULL, 2);
    for (int i = 0; i < 2; i++) {
        racers[i].barrier = &barrier;
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&barrier);
}

static void test_two_at_once(void **state)
{
    (void)state;
    struct racer racers[2];
    memset(racers, 0, sizeof racers);
    desk_open(&racers[0].desk, "[]");
    racers[1].desk.harness = racers[0].desk.harness;
    seat(&racers[1].desk, 2, "Ben");
    int64_t id = created(&racers[0].desk, small);
    for (int n = 0; n < RACES; n++) {
        char values[2][64];
        char request_id[32];
        for (int i = 0; i < 2; i++) {
            snprintf(values[i], sizeof values[i], "{\"title\": \"Title %d of %d\"}", n, i);
            racers[i].values = values[i];
            racers[i].request_id = NULL;
            racers[i].id = id;
            racers[i].version = n + 1;
        }
        run_race(racers);
        int winner = racers[0].outcome == EDIT_OK ? 0 : 1;
        assert_int_equal(racers[winner].outcome, EDIT_OK);
        assert_int_equal(racers[1 - winner].outcome, EDIT_STALE);
        char title[64];
        snprintf(title, sizeof title, "\"Title %d of %d\"", n, winner);
        assert_value(&racers[0].desk, id, "title", title);

        snprintf(request_id, sizeof request_id, "form-%d", n);
        for (int i = 0; i < 2; i++) {
            racers[i].values = small;
            racers[i].request_id = request_id;
            racers[i].id = racers[i].version = 0;
        }
        run_race(racers);
        assert_int_equal(racers[0].outcome, EDIT_OK);
        assert_int_equal(racers[1].outcome, EDIT_OK);
        assert_int_equal(racers[0].id, racers[1].id);
    }
    assert_int_equal(sql_number(&racers[0].desk, "SELECT count(*) FROM item"), RACES + 1);
    assert_int_equal(sql_number(&racers[0].desk, "SELECT count(*) FROM activity"), 2 * RACES + 1);
    leave(&racers[1].desk);
    desk_close(&racers[0].desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_save),         cmocka_unit_test(test_slug),
        cmocka_unit_test(test_double_form),  cmocka_unit_test(test_files),
        cmocka_unit_test(test_status),       cmocka_unit_test(test_status_stale),
        cmocka_unit_test(test_publish_at),   cmocka_unit_test(test_history_of_imported),
        cmocka_unit_test(test_revert),       cmocka_unit_test(test_compare),
        cmocka_unit_test(test_trash),        cmocka_unit_test(test_activity),
        cmocka_unit_test(test_list),         cmocka_unit_test(test_list_order),
        cmocka_unit_test(test_list_hostile), cmocka_unit_test(test_random),
        cmocka_unit_test(test_two_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
