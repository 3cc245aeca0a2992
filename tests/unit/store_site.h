/* A database with a few rows, a log, and statements by a table of their own: what the tests of the store share.
 * Include it behind cmocka.h. */
#ifndef WARTA_TESTS_STORE_SITE_H
#define WARTA_TESTS_STORE_SITE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/store/engine.h"
#include "warta/store/migrate.h"
#include "warta/store/store.h"

enum { PATH_CAP = 256, TEXT_CAP = 4096 };

struct site {
    char folder[PATH_CAP], database[PATH_CAP + 16], log_path[PATH_CAP + 16];
    struct log log;
};

static const char schema[] =
    "CREATE TABLE item (id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, title TEXT, score REAL) STRICT;"
    "CREATE TABLE part (id INTEGER PRIMARY KEY, item_id INTEGER NOT NULL REFERENCES item) STRICT;"
    "CREATE TABLE late (id INTEGER PRIMARY KEY,"
    "                   item_id INTEGER NOT NULL REFERENCES item DEFERRABLE INITIALLY DEFERRED) STRICT;"
    "CREATE TABLE raw (id INTEGER PRIMARY KEY, value ANY) STRICT;"
    "CREATE VIEW title AS SELECT id, title FROM item;"
    "CREATE VIRTUAL TABLE word USING fts5 (text);"
    "INSERT INTO item VALUES (1, 'one', 'ខ្មែរ', 1.5), (2, 'two', NULL, NULL);"
    "INSERT INTO raw VALUES (1, CAST(x'6fff' AS TEXT)), (2, x'00'), (3, '{\"a\":'), (4, 2), (5, 9e999), (6, 'true'),"
    "                       (7, CAST(x'c080' AS TEXT)), (8, CAST(x'eda080' AS TEXT)),"
    "                       (9, CAST(x'6162ff6465666768' AS TEXT)), (10, CAST(x'61626364656667686970ff' AS TEXT));";

/* --- the statements --- */

enum {
    ITEM_LIST,
    ITEM_GET,
    ITEM_INSERT,
    ITEM_RENAME,
    ITEM_TITLE,
    PART_INSERT,
    LATE_INSERT,
    LATE_COUNT,
    PART_COUNT,
    ECHO,
    ECHO_JSON,
    ECHO_BOOL,
    RAW,
    RAW_JSON,
    RAW_BOOL,
    ITEM_OR_ROLLBACK,
    WORD_INSERT,
    WORD_FIND,
    TITLE_LIKE,
    ITEM_EACH,
    RAW_PUT,
    COUNT_UP,
    STATEMENTS
};

static const struct statement_source statements[STATEMENTS] = {
    [ITEM_LIST] = {"item_list", "-- All items.\n-- columns: id slug title score\n"
                                "SELECT id, slug, title, score FROM item ORDER BY id"},
    [ITEM_GET] = {"item_get", "-- One item,\n-- by its slug.\n-- params: slug\n-- columns: id title\n"
                              "SELECT id, title FROM item WHERE slug = :slug;\n"},
    [ITEM_INSERT] = {"item_insert", "-- params: title slug\n-- columns: id\n"
                                    "INSERT INTO item (slug, title) VALUES (:slug, :title) RETURNING id"},
    [ITEM_RENAME] = {"item_rename", "-- params: title\nUPDATE item SET title = :title"},
    [ITEM_TITLE] = {"item_title", "-- columns: title\nSELECT title FROM title ORDER BY id"},
    [PART_INSERT] = {"part_insert", "-- params: item_id\n-- columns: id\n"
                                    "INSERT INTO part (item_id) VALUES (:item_id) RETURNING id"},
    [LATE_INSERT] = {"late_insert", "-- params: item_id\n-- columns: id\n"
                                    "INSERT INTO late (item_id) VALUES (:item_id) RETURNING id"},
    [LATE_COUNT] = {"late_count", "-- columns: lates\nSELECT count(*) AS lates FROM late"},
    [PART_COUNT] = {"part_count", "-- columns: parts\nSELECT count(*) AS parts FROM part"},
    [ECHO] = {"echo", "-- params: value\n-- columns: value type\nSELECT :value AS value, typeof(:value) AS type"},
    [ECHO_JSON] = {"echo_json", "-- params: value\n-- columns: value:json\nSELECT :value AS value"},
    [ECHO_BOOL] = {"echo_bool", "-- params: value\n-- columns: value:bool\nSELECT :value AS value"},
    [RAW] = {"raw", "-- params: id\n-- columns: value\nSELECT value FROM raw WHERE id = :id"},
    [RAW_JSON] = {"raw_json", "-- params: id\n-- columns: value:json\nSELECT value FROM raw WHERE id = :id"},
    [RAW_BOOL] = {"raw_bool", "-- params: id\n-- columns: value:bool\nSELECT value FROM raw WHERE id = :id"},
    [ITEM_OR_ROLLBACK] = {"item_or_rollback", "-- params: slug\nINSERT OR ROLLBACK INTO item (slug) VALUES (:slug)"},
    [WORD_INSERT] = {"word_insert", "-- params: text\nINSERT INTO word (text) VALUES (:text)"},
    [WORD_FIND] = {"word_find", "-- params: query\n-- columns: text marked\n"
                                "SELECT text, highlight(word, 0, '[', ']') AS marked FROM word WHERE word MATCH :query "
                                "ORDER BY rank"},
    [ITEM_EACH] = {"item_each", "-- params: ids\n-- columns: slug\n"
                                "SELECT slug FROM json_each(:ids) AS wanted JOIN item ON item.id = wanted.value "
                                "ORDER BY wanted.key"},
    [TITLE_LIKE] = {"title_like", "-- params: pattern\n-- columns: items\n"
                                  "SELECT count(*) AS items FROM item WHERE slug LIKE :pattern"},
    [COUNT_UP] = {"count_up",
                  "-- params: last\n-- columns: numbers\n"
                  "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :last) "
                  "SELECT count(*) AS numbers FROM number"},
    [RAW_PUT] = {"raw_put", "-- params: value id\nINSERT INTO raw (id, value) VALUES (:id, :value)"},
};

static inline enum sql sql_of(int statement)
{
    return (enum sql)statement;
}

/* --- a site for each test --- */

static inline int setup(void **state)
{
    struct site *site = calloc(1, sizeof *site);
    const char *parent = getenv("TMPDIR");
    const struct asset migration = {.name = "sql/migrate/001_test.sql", .bytes = schema, .len = sizeof schema - 1};
    char error[TEXT_CAP] = "";
    assert_non_null(site);
    snprintf(site->folder, sizeof site->folder, "%s/warta-store-XXXXXX", parent != NULL ? parent : "/tmp");
    assert_non_null(mkdtemp(site->folder));
    snprintf(site->database, sizeof site->database, "%s/warta.db", site->folder);
    snprintf(site->log_path, sizeof site->log_path, "%s/log", site->folder);
    site->log.fd = open(site->log_path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    site->log.level = LOG_WARN;
    assert_true(site->log.fd >= 0);
    if (!migrate_run_with(site->database, &migration, 1, &site->log, error, sizeof error))
        fail_msg("%s", error);
    *state = site;
    return 0;
}

static inline int teardown(void **state)
{
    struct site *site = *state;
    char command[PATH_CAP + 16];
    close(site->log.fd);
    snprintf(command, sizeof command, "rm -rf '%s'", site->folder);
    assert_int_equal(system(command), 0);
    free(site);
    return 0;
}

static inline struct store *open_store(struct site *site, enum store_access access)
{
    char error[TEXT_CAP] = "";
    struct store *store =
        store_open_with(site->database, access, statements, STATEMENTS, &site->log, error, sizeof error);
    if (store == NULL)
        fail_msg("%s", error);
    return store;
}

/* The log from `*at` on; `*at` moves to its end. */
static const char *log_since(const struct site *site, off_t *at, char text[static TEXT_CAP])
{
    ssize_t len = pread(site->log.fd, text, TEXT_CAP - 1, *at);
    assert_true(len >= 0);
    text[len] = '\0';
    *at += len;
    return text;
}

static inline size_t lines_in(const char *text)
{
    size_t lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n' ? 1 : 0;
    return lines;
}

static inline void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not hold \"%s\"", text, part);
}

/* Takes both over. */
static inline void assert_json(json_t *actual, json_t *expected)
{
    assert_non_null(actual);
    assert_non_null(expected);
    if (!json_equal(actual, expected)) {
        char *actual_text = json_dumps(actual, JSON_ENCODE_ANY);
        char *expected_text = json_dumps(expected, JSON_ENCODE_ANY);
        fail_msg("got %s, expected %s", actual_text, expected_text);
    }
    json_decref(actual);
    json_decref(expected);
}

/* Runs a statement by params that it takes over. */
static inline json_t *value_of(struct store *store, int statement, json_t *params)
{
    json_t *value = store_value(store, sql_of(statement), params);
    json_decref(params);
    return value;
}

static inline bool exec(struct store *store, int statement, json_t *params, size_t *changed)
{
    bool ok = store_exec(store, sql_of(statement), params, changed);
    json_decref(params);
    return ok;
}

static inline json_int_t item_count(struct store *store)
{
    json_t *rows = store_rows(store, sql_of(ITEM_LIST), NULL);
    json_int_t count = (json_int_t)json_array_size(rows);
    assert_non_null(rows);
    json_decref(rows);
    return count;
}

static inline json_t *item_params(const char *slug)
{
    return json_pack("{s:s, s:n}", "slug", slug, "title");
}

#endif
