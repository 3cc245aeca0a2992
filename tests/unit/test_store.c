#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../src/store/engine.h"
#include "warta/store/migrate.h"
#include "warta/store/store.h"

enum { PATH_CAP = 256, TEXT_CAP = 4096, NOBODY = 65534 };

struct site {
    char folder[PATH_CAP], database[PATH_CAP + 16], log_path[PATH_CAP + 16];
    struct log log;
};

static const char schema[] =
    "CREATE TABLE item (id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, title TEXT, score REAL) STRICT;"
    "CREATE TABLE part (id INTEGER PRIMARY KEY, item_id INTEGER NOT NULL REFERENCES item) STRICT;"
    "CREATE TABLE raw (id INTEGER PRIMARY KEY, value ANY) STRICT;"
    "CREATE VIEW title AS SELECT id, title FROM item;"
    "CREATE VIRTUAL TABLE word USING fts5 (text);"
    "INSERT INTO item VALUES (1, 'one', 'ខ្មែរ', 1.5), (2, 'two', NULL, NULL);"
    "INSERT INTO raw VALUES (1, CAST(x'6fff' AS TEXT)), (2, x'00'), (3, '{\"a\":'), (4, 2), (5, 9e999), (6, 'true'),"
    "                       (7, CAST(x'c080' AS TEXT)), (8, CAST(x'eda080' AS TEXT));";

/* --- the statements --- */

enum {
    ITEM_LIST,
    ITEM_GET,
    ITEM_INSERT,
    ITEM_RENAME,
    ITEM_TITLE,
    PART_INSERT,
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
};

static enum sql sql_of(int statement)
{
    return (enum sql)statement;
}

/* --- a site for each test --- */

static int setup(void **state)
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

static int teardown(void **state)
{
    struct site *site = *state;
    char command[PATH_CAP + 16];
    close(site->log.fd);
    snprintf(command, sizeof command, "rm -rf '%s'", site->folder);
    assert_int_equal(system(command), 0);
    free(site);
    return 0;
}

static struct store *open_store(struct site *site, enum store_access access)
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

static size_t lines_in(const char *text)
{
    size_t lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n' ? 1 : 0;
    return lines;
}

static void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not hold \"%s\"", text, part);
}

/* Takes both over. */
static void assert_json(json_t *actual, json_t *expected)
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
static json_t *value_of(struct store *store, int statement, json_t *params)
{
    json_t *value = store_value(store, sql_of(statement), params);
    json_decref(params);
    return value;
}

static bool exec(struct store *store, int statement, json_t *params, size_t *changed)
{
    bool ok = store_exec(store, sql_of(statement), params, changed);
    json_decref(params);
    return ok;
}

static json_int_t item_count(struct store *store)
{
    json_t *rows = store_rows(store, sql_of(ITEM_LIST), NULL);
    json_int_t count = (json_int_t)json_array_size(rows);
    assert_non_null(rows);
    json_decref(rows);
    return count;
}

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* --- verbs --- */

static void test_verbs(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    json_t *none = json_pack("{s:s}", "slug", "none");
    json_t *one = json_pack("{s:s}", "slug", "one");
    size_t changed = 99;

    assert_json(store_rows(store, sql_of(ITEM_LIST), NULL),
                json_pack("[{s:i, s:s, s:s, s:f}, {s:i, s:s, s:n, s:n}]", "id", 1, "slug", "one", "title", "ខ្មែរ", "score",
                          1.5, "id", 2, "slug", "two", "title", "score"));
    assert_json(store_rows(store, sql_of(ITEM_GET), none), json_array());
    assert_json(store_row(store, sql_of(ITEM_GET), none), json_null());
    assert_json(store_value(store, sql_of(ITEM_GET), none), json_null());
    assert_json(store_row(store, sql_of(ITEM_GET), one), json_pack("{s:i, s:s}", "id", 1, "title", "ខ្មែរ"));
    assert_json(store_value(store, sql_of(ITEM_GET), one), json_integer(1));
    assert_json(store_row(store, sql_of(ITEM_LIST), NULL),
                json_pack("{s:i, s:s, s:s, s:f}", "id", 1, "slug", "one", "title", "ខ្មែរ", "score", 1.5));
    assert_json(store_value(store, sql_of(ITEM_TITLE), NULL), json_string("ខ្មែរ"));

    assert_true(exec(store, ITEM_RENAME, json_pack("{s:s}", "title", "x"), &changed));
    assert_int_equal(changed, 2);
    assert_true(exec(store, ITEM_LIST, NULL, &changed));
    assert_int_equal(changed, 0);
    assert_json(value_of(store, ITEM_INSERT, json_pack("{s:s, s:n}", "slug", "three", "title")), json_integer(3));
    assert_int_equal(item_count(store), 3);
    json_decref(none);
    json_decref(one);
    store_destroy(store);
}

static const struct {
    const char *given, *expected; /* JSON */
    const char *type;
} echoes[] = {
    {"\"\"", "\"\"", "text"},
    {"\"ខ្មែរ 😀\"", "\"ខ្មែរ 😀\"", "text"},
    {"0", "0", "integer"},
    {"-9223372036854775808", "-9223372036854775808", "integer"},
    {"9223372036854775807", "9223372036854775807", "integer"},
    {"2.0", "2.0", "real"},
    {"-1e300", "-1e300", "real"},
    {"true", "1", "integer"},
    {"false", "0", "integer"},
    {"null", "null", "null"},
    {"[1,\"a\",null]", "\"[1,\\\"a\\\",null]\"", "text"},
    {"{\"a\":{}}", "\"{\\\"a\\\":{}}\"", "text"},
};

static void test_values(void **state)
{
    struct store *store = open_store(*state, STORE_READ);
    for (size_t i = 0; i < sizeof echoes / sizeof *echoes; i++) {
        json_t *given = json_loads(echoes[i].given, JSON_DECODE_ANY, NULL);
        json_t *expected = json_loads(echoes[i].expected, JSON_DECODE_ANY, NULL);
        json_t *params = json_pack("{s:o}", "value", given);
        assert_json(store_row(store, sql_of(ECHO), params),
                    json_pack("{s:o, s:s}", "value", expected, "type", echoes[i].type));
        json_decref(params);
    }
    store_destroy(store);
}

static void test_json_and_bool_columns(void **state)
{
    struct store *store = open_store(*state, STORE_READ);
    assert_json(value_of(store, ECHO_JSON, json_pack("{s:[i, {s:s}]}", "value", 1, "k", "v")),
                json_pack("[i, {s:s}]", 1, "k", "v"));
    assert_json(value_of(store, ECHO_JSON, json_pack("{s:s}", "value", "\"plain\"")), json_string("plain"));
    assert_json(value_of(store, ECHO_JSON, json_pack("{s:n}", "value")), json_null());
    assert_json(value_of(store, ECHO_BOOL, json_pack("{s:i}", "value", 1)), json_true());
    assert_json(value_of(store, ECHO_BOOL, json_pack("{s:b}", "value", 0)), json_false());
    assert_json(value_of(store, ECHO_BOOL, json_pack("{s:n}", "value")), json_null());
    store_destroy(store);
}

/* --- faults --- */

static const struct {
    int statement;
    const char *params; /* JSON; NULL: none */
    const char *logged;
} faults[] = {
    {ITEM_GET, NULL, "item_get: parameter \"slug\" is missing"},
    {ITEM_GET, "{}", "item_get: parameter \"slug\" is missing"},
    {ITEM_GET, "{\"slog\":1}", "item_get: parameter \"slug\" is missing"},
    {ITEM_GET, "{\"slug\":\"one\",\"id\":1}", "item_get: has no parameter \"id\""},
    {ITEM_GET, "{\"slug\":\"one\\u0000\"}", "item_get: parameter \"slug\" holds a NUL character"},
    {ITEM_LIST, "{\"id\":1}", "item_list: has no parameter \"id\""},
    {RAW, "{\"id\":1}", "raw: column value holds text that is not valid UTF-8"},
    {RAW, "{\"id\":7}", "raw: column value holds text that is not valid UTF-8"},
    {RAW, "{\"id\":8}", "raw: column value holds text that is not valid UTF-8"},
    {RAW, "{\"id\":2}", "raw: column value holds a value of a type"},
    {RAW, "{\"id\":5}", "raw: column value holds a number that JSON cannot"},
    {RAW_JSON, "{\"id\":1}", "raw_json: column value holds no valid JSON"},
    {RAW_JSON, "{\"id\":2}", "raw_json: column value holds a value of a type"},
    {RAW_JSON, "{\"id\":3}", "raw_json: column value holds no valid JSON"},
    {RAW_JSON, "{\"id\":4}", "raw_json: column value holds a value of a type"},
    {RAW_BOOL, "{\"id\":4}", "raw_bool: column value is neither 0 nor 1"},
    {RAW_BOOL, "{\"id\":6}", "raw_bool: column value holds a value of a type"},
    {ITEM_INSERT, "{\"slug\":\"one\",\"title\":null}", "item_insert: UNIQUE constraint failed: item.slug"},
    {ITEM_INSERT, "{\"slug\":null,\"title\":null}", "item_insert: NOT NULL constraint failed: item.slug"},
    {PART_INSERT, "{\"item_id\":99}", "part_insert: FOREIGN KEY constraint failed"},
    {WORD_FIND, "{\"query\":\"\\\"\"}", "word_find: unterminated string"},
};

/* Each is logged once, under the request's id, whatever the verb; and the statement works again afterwards. */
static void test_faults(void **state)
{
    struct site *site = *state;
    struct store *store = open_store(site, STORE_WRITE);
    char text[TEXT_CAP];
    off_t at = 0;
    store_request(store, "8f3a", true);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        enum sql sql = sql_of(faults[i].statement);
        json_t *params =
            faults[i].params == NULL ? NULL : json_loads(faults[i].params, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        for (int verb = 0; verb < 3; verb++) {
            json_t *result = verb == 0   ? store_rows(store, sql, params)
                             : verb == 1 ? store_row(store, sql, params)
                                         : store_value(store, sql, params);
            assert_null(result);
            assert_holds(log_since(site, &at, text), faults[i].logged);
            assert_holds(text, " error 8f3a ");
            assert_int_equal(lines_in(text), 1);
        }
        json_decref(params);
    }
    assert_int_equal(item_count(store), 2);
    assert_json(value_of(store, ITEM_GET, json_pack("{s:s}", "slug", "one")), json_integer(1));
    assert_json(store_value(store, sql_of(PART_COUNT), NULL), json_integer(0));
    store_destroy(store);
}

static void test_exec_fault(void **state)
{
    struct site *site = *state;
    struct store *store = open_store(site, STORE_WRITE);
    char text[TEXT_CAP];
    off_t at = 0;
    size_t changed = 7;
    assert_false(exec(store, PART_INSERT, json_pack("{s:i}", "item_id", 99), &changed));
    assert_int_equal(changed, 7);
    assert_holds(log_since(site, &at, text), " error part_insert: FOREIGN KEY constraint failed (SQLite code 787)\n");
    assert_true(exec(store, PART_INSERT, json_pack("{s:i}", "item_id", 1), &changed));
    assert_int_equal(changed, 1);
    store_destroy(store);
}

/* --- who may write --- */

static void test_get_writes_nothing(void **state)
{
    struct site *site = *state;
    struct store *store = open_store(site, STORE_WRITE);
    char text[TEXT_CAP];
    off_t at = 0;
    store_request(store, "get-1", false);
    assert_null(value_of(store, ITEM_INSERT, json_pack("{s:s, s:s}", "slug", "x", "title", "x")));
    assert_holds(log_since(site, &at, text), "get-1 item_insert: writes, and this request may not\n");
    assert_false(store_begin(store));
    assert_holds(log_since(site, &at, text), "get-1 begin: writes, and this request may not\n");
    assert_int_equal(item_count(store), 2);
    store_request(store, NULL, true);
    assert_json(value_of(store, ITEM_INSERT, json_pack("{s:s, s:s}", "slug", "x", "title", "x")), json_integer(3));
    store_destroy(store);
}

static void test_read_store_writes_nothing(void **state)
{
    struct site *site = *state;
    struct store *store = open_store(site, STORE_READ);
    char text[TEXT_CAP];
    off_t at = 0;
    store_request(store, "r", true);
    assert_null(value_of(store, ITEM_INSERT, json_pack("{s:s, s:s}", "slug", "x", "title", "x")));
    assert_holds(log_since(site, &at, text), "r item_insert: writes, and the store is open for reading only\n");
    assert_false(exec(store, WORD_INSERT, json_pack("{s:s}", "text", "x"), NULL));
    assert_holds(log_since(site, &at, text), "r word_insert: writes, and the store is open for reading only\n");
    assert_true(store_begin(store));
    assert_null(value_of(store, ITEM_INSERT, json_pack("{s:s, s:s}", "slug", "x", "title", "x")));
    assert_false(store_commit(store));
    assert_int_equal(item_count(store), 2);
    store_destroy(store);
}

/* The full-text index runs statements of its own, which the authorizer sees too. */
static void test_full_text(void **state)
{
    struct store *writer = open_store(*state, STORE_WRITE);
    assert_true(store_begin(writer));
    assert_true(exec(writer, WORD_INSERT, json_pack("{s:s}", "text", "a rice cooperative"), NULL));
    assert_true(store_commit(writer));
    struct store *reader = open_store(*state, STORE_READ);
    json_t *params = json_pack("{s:s}", "query", "rice");
    for (int round = 0; round < 2; round++) {
        assert_json(store_rows(reader, sql_of(WORD_FIND), params),
                    json_pack("[{s:s, s:s}]", "text", "a rice cooperative", "marked", "a [rice] cooperative"));
    }
    json_decref(params);
    store_destroy(reader);
    store_destroy(writer);
}

/* Two moments would show the transaction between them. */
static void test_read_transaction(void **state)
{
    struct store *writer = open_store(*state, STORE_WRITE);
    struct store *reader = open_store(*state, STORE_READ);
    assert_true(store_begin(reader));
    assert_int_equal(item_count(reader), 2);
    assert_true(exec(writer, ITEM_INSERT, json_pack("{s:s, s:n}", "slug", "x", "title"), NULL));
    assert_int_equal(item_count(reader), 2);
    assert_true(store_commit(reader));
    assert_int_equal(item_count(reader), 3);
    store_destroy(reader);
    store_destroy(writer);
}

static void test_table_valued_function(void **state)
{
    for (int access = STORE_READ; access <= STORE_WRITE; access++) {
        struct store *store = open_store(*state, (enum store_access)access);
        json_t *params = json_pack("{s:[i, i]}", "ids", 2, 1);
        assert_json(store_rows(store, sql_of(ITEM_EACH), params),
                    json_pack("[{s:s}, {s:s}]", "slug", "two", "slug", "one"));
        json_decref(params);
        store_destroy(store);
    }
}

static void test_like_is_bounded(void **state)
{
    struct store *store = open_store(*state, STORE_READ);
    char pattern[202];
    memset(pattern, '%', 201);
    pattern[201] = '\0';
    assert_null(value_of(store, TITLE_LIKE, json_pack("{s:s}", "pattern", pattern)));
    pattern[200] = '\0';
    assert_json(value_of(store, TITLE_LIKE, json_pack("{s:s}", "pattern", pattern)), json_integer(2));
    store_destroy(store);
}

/* SQLite compiles a statement anew when the schema has changed, and nothing of the old one may be kept. */
static void test_schema_changes_meanwhile(void **state)
{
    struct site *site = *state;
    char error[ENGINE_ERROR_CAP] = "";
    struct store *store = open_store(site, STORE_READ);
    assert_json(value_of(store, ITEM_GET, json_pack("{s:s}", "slug", "two")), json_integer(2));
    struct engine *engine = engine_open(site->database, ENGINE_MIGRATE, error);
    assert_non_null(engine);
    assert_true(engine_begin(engine));
    assert_true(engine_migrate(engine, "CREATE INDEX item_title ON item (title, slug);", 2));
    assert_true(engine_commit(engine));
    engine_close(engine);
    for (int round = 0; round < 3; round++)
        assert_json(value_of(store, ITEM_GET, json_pack("{s:s}", "slug", "two")), json_integer(2));
    store_destroy(store);
}

/* --- statements that are not as their file says --- */

static const struct {
    const char *text;
    const char *error;
} bad_statements[] = {
    {"SELECT 1 AS x", "its columns line names 0 columns, the statement has 1"},
    {"-- columns: y\nSELECT 1 AS x", "column 1 is \"x\", its columns line says \"y\""},
    {"-- columns: x\nSELECT 1 AS x, 2 AS y", "its columns line names 1 columns, the statement has 2"},
    {"-- columns: y x\nSELECT 1 AS x, 2 AS y", "column 1 is \"x\", its columns line says \"y\""},
    {"-- columns: xy\nSELECT 1 AS x", "column 1 is \"x\", its columns line says \"xy\""},
    {"-- columns: x x\nSELECT 1 AS x, 2 AS x", "two columns are named \"x\""},
    {"-- columns: x:date\nSELECT 1 AS x", "\"x:date\" is neither :json nor :bool"},
    {"-- columns: x\nDELETE FROM part", "its columns line names 1 columns, the statement has 0"},
    {"-- columns: x\nSELECT :a AS x", "its params line lacks \"a\""},
    {"-- params: b\n-- columns: x\nSELECT :a AS x", "its params line lacks \"a\""},
    {"-- params: a b\n-- columns: x\nSELECT :a AS x", "its params line names 2 parameters, the statement has 1"},
    {"-- params: a\n-- columns: x\nSELECT ? AS x", "parameter 1 is not of the form :name"},
    {"-- params: a\n-- columns: x\nSELECT ?2 AS x", "parameter 1 is not of the form :name"},
    {"-- params: a\n-- columns: x\nSELECT @a AS x", "parameter 1 is not of the form :name"},
    {"\n-- columns: x\nSELECT 1 AS x", "its columns line names 0 columns"},
    {"-- columns: x\nSELECT 1 AS x; DELETE FROM item", "must hold one statement, and holds more"},
    {"-- columns: x\nSELECT 1 AS x; DROP TABLE item", "must hold one statement, and holds more"},
    {"-- columns: x\nSELECT 1 AS x; gibberish", "must hold one statement, and holds more"},
    {"-- Nothing.\n", "must hold one statement, and holds none"},
    {"SELEC 1", "near \"SELEC\": syntax error"},
    {"-- columns: x\nSELECT x FROM nowhere", "no such table: nowhere"},
    {"-- columns: x\nSELECT absent AS x FROM item", "no such column: absent"},
    {"-- columns: x\nSELECT slug AS x FROM item WHERE slug = \"one\"", "no such column: one"},
    {"ATTACH 'other.db' AS other", "not authorized"},
    {"DETACH main", "not authorized"},
    {"DROP TABLE item", "not authorized"},
    {"ALTER TABLE item RENAME TO thing", "not authorized"},
    {"CREATE TABLE thing (id)", "not authorized"},
    {"CREATE TEMP TABLE thing (id)", "not authorized"},
    {"CREATE TRIGGER t AFTER INSERT ON item BEGIN DELETE FROM part; END", "not authorized"},
    {"PRAGMA query_only = OFF", "not authorized"},
    {"PRAGMA writable_schema = ON", "not authorized"},
    {"PRAGMA journal_mode = DELETE", "not authorized"},
    {"SAVEPOINT here", "not authorized"},
    {"BEGIN", "not authorized"},
    {"COMMIT", "not authorized"},
    {"ANALYZE", "not authorized"},
    {"REINDEX", "not authorized"},
    {"-- columns: x\nSELECT load_extension('x.so') AS x", "not authorized to use function: load_extension"},
    {"-- columns: x\nSELECT fts3_tokenizer('simple') AS x", "not authorized to use function: fts3_tokenizer"},
    {"DELETE FROM sqlite_schema", "table sqlite_master may not be modified"},
    {"DELETE FROM word_data", "table word_data may not be modified"},
};

static void test_bad_statements(void **state)
{
    struct site *site = *state;
    for (size_t i = 0; i < sizeof bad_statements / sizeof *bad_statements; i++) {
        const struct statement_source sources[] = {statements[ITEM_LIST], {"bad_one", bad_statements[i].text}};
        char error[TEXT_CAP] = "";
        struct store *store = store_open_with(site->database, STORE_WRITE, sources, 2, &site->log, error, sizeof error);
        if (store != NULL)
            fail_msg("opened with %s", bad_statements[i].text);
        assert_holds(error, "/warta.db: sql/bad_one.sql: ");
        assert_holds(error, bad_statements[i].error);
        assert_null(strchr(error, '\n'));
    }
}

/* In a store for reading what the authorizer refuses waits for its first use; other mistakes do not. */
static void test_bad_statements_read(void **state)
{
    struct site *site = *state;
    char error[TEXT_CAP] = "", text[TEXT_CAP];
    off_t at = 0;
    const struct statement_source bad = {"bad_one", "-- columns: y\nSELECT 1 AS x"};
    assert_null(store_open_with(site->database, STORE_READ, &bad, 1, &site->log, error, sizeof error));
    assert_holds(error, "sql/bad_one.sql: column 1");
    const struct statement_source drop = {"drop_all", "DROP TABLE item"};
    struct store *store = store_open_with(site->database, STORE_READ, &drop, 1, &site->log, error, sizeof error);
    assert_non_null(store);
    assert_false(store_exec(store, sql_of(0), NULL, NULL));
    assert_holds(log_since(site, &at, text), "drop_all: writes, and the store is open for reading only");
    store_destroy(store);
}

/* A null byte behind `error_len` bytes is all that is written. */
static void test_short_error_buffer(void **state)
{
    struct site *site = *state;
    char error[8] = "???????";
    const struct statement_source bad = {"bad_one", "SELEC"};
    assert_null(store_open_with(site->database, STORE_READ, &bad, 1, &site->log, error, 4));
    assert_int_equal(strlen(error), 3);
    assert_string_equal(error + 4, "???");
}

/* --- transactions --- */

static json_t *item_params(const char *slug)
{
    return json_pack("{s:s, s:n}", "slug", slug, "title");
}

static void test_commit_and_rollback(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    struct store *reader = open_store(*state, STORE_READ);
    assert_true(store_begin(store));
    assert_json(value_of(store, ITEM_INSERT, item_params("x")), json_integer(3));
    assert_int_equal(item_count(reader), 2);
    assert_true(store_commit(store));
    assert_int_equal(item_count(reader), 3);

    assert_true(store_begin(store));
    assert_json(value_of(store, ITEM_INSERT, item_params("y")), json_integer(4));
    assert_int_equal(item_count(store), 4);
    store_rollback(store);
    assert_int_equal(item_count(store), 3);

    assert_true(store_begin(store));
    assert_json(value_of(store, ITEM_INSERT, item_params("z")), json_integer(4));
    store_destroy(store);
    assert_int_equal(item_count(reader), 3);
    store_destroy(reader);
}

/* Whatever the engine made of a failure, the rest of the transaction must not be kept without it. */
static void test_failed_transaction_keeps_nothing(void **state)
{
    struct site *site = *state;
    struct store *store = open_store(site, STORE_WRITE);
    static const int failing[] = {ITEM_INSERT, ITEM_OR_ROLLBACK, ITEM_GET};
    for (size_t i = 0; i < sizeof failing / sizeof *failing; i++) {
        char text[TEXT_CAP];
        off_t at = lseek(site->log.fd, 0, SEEK_END);
        json_t *params = failing[i] == ITEM_INSERT        ? item_params("one")
                         : failing[i] == ITEM_OR_ROLLBACK ? json_pack("{s:s}", "slug", "one")
                                                          : NULL;
        assert_true(store_begin(store));
        assert_true(exec(store, ITEM_INSERT, item_params("before"), NULL));
        assert_false(exec(store, failing[i], params, NULL));
        assert_false(exec(store, ITEM_INSERT, item_params("after"), NULL));
        assert_null(store_rows(store, sql_of(ITEM_LIST), NULL));
        if (i == 1)
            store_rollback(store);
        else
            assert_false(store_commit(store));
        assert_int_equal(lines_in(log_since(site, &at, text)), 1);
        assert_int_equal(item_count(store), 2);
    }
    assert_true(store_begin(store));
    assert_true(exec(store, ITEM_INSERT, item_params("later"), NULL));
    assert_true(store_commit(store));
    assert_int_equal(item_count(store), 3);
    store_destroy(store);
}

struct holder {
    struct store *store;
    pthread_barrier_t begun;
    long hold_ms;
};

static void *hold_lock(void *data)
{
    struct holder *holder = data;
    bool ok = store_begin(holder->store) && exec(holder->store, ITEM_INSERT, item_params("held"), NULL);
    pthread_barrier_wait(&holder->begun);
    const struct timespec pause = {holder->hold_ms / 1000, holder->hold_ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
    ok = ok && store_commit(holder->store);
    return ok ? holder : NULL;
}

/* Begins beside a writer that holds the lock for so long; says whether that worked, and after how long. */
static bool begin_beside(struct site *site, long hold_ms, double *waited)
{
    struct store *store = open_store(site, STORE_WRITE);
    struct holder holder = {.store = open_store(site, STORE_WRITE), .hold_ms = hold_ms};
    pthread_t thread;
    void *held = NULL;
    pthread_barrier_init(&holder.begun, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, hold_lock, &holder), 0);
    pthread_barrier_wait(&holder.begun);
    double from = now_seconds();
    bool ok = store_begin(store);
    *waited = now_seconds() - from;
    if (ok)
        store_rollback(store);
    assert_int_equal(pthread_join(thread, &held), 0);
    assert_non_null(held);
    pthread_barrier_destroy(&holder.begun);
    store_destroy(holder.store);
    store_destroy(store);
    return ok;
}

static void test_begin_waits(void **state)
{
    double waited;
    assert_true(begin_beside(*state, 300, &waited));
    assert_true(waited > 0.2);
}

static void test_begin_gives_up(void **state)
{
    struct site *site = *state;
    char text[TEXT_CAP];
    off_t at = 0;
    double waited;
    assert_false(begin_beside(site, 6500, &waited));
    assert_true(waited > 4.5 && waited < 6.4);
    assert_holds(log_since(site, &at, text), "begin: database is locked\n");
    assert_int_equal(lines_in(text), 1);
}

/* --- readers beside a writer --- */

struct reading {
    struct site *site;
    volatile bool *done;
    size_t reads;
    bool ok;
};

/* Items come in pairs, so a reader that sees an odd number has seen half a transaction. */
static void *read_pairs(void *data)
{
    struct reading *reading = data;
    char error[TEXT_CAP];
    struct store *store = store_open_with(reading->site->database, STORE_READ, statements, STATEMENTS,
                                          &reading->site->log, error, sizeof error);
    reading->ok = store != NULL;
    while (reading->ok && !__atomic_load_n(reading->done, __ATOMIC_ACQUIRE)) {
        json_t *rows = store_rows(store, sql_of(ITEM_LIST), NULL);
        reading->ok = rows != NULL && json_array_size(rows) % 2 == 0;
        reading->reads++;
        json_decref(rows);
    }
    store_destroy(store);
    return NULL;
}

static void test_readers_beside_a_writer(void **state)
{
    enum { READERS = 3, PAIRS = 60 };
    struct store *store = open_store(*state, STORE_WRITE);
    struct reading readings[READERS];
    pthread_t threads[READERS];
    volatile bool done = false;
    for (size_t i = 0; i < READERS; i++) {
        readings[i] = (struct reading){.site = *state, .done = &done};
        assert_int_equal(pthread_create(&threads[i], NULL, read_pairs, &readings[i]), 0);
    }
    bool ok = true;
    for (int i = 0; ok && i < 2 * PAIRS; i += 2) {
        char slug[2][16];
        snprintf(slug[0], sizeof slug[0], "p%d", i);
        snprintf(slug[1], sizeof slug[1], "p%d", i + 1);
        ok = store_begin(store) && exec(store, ITEM_INSERT, item_params(slug[0]), NULL) &&
             exec(store, ITEM_INSERT, item_params(slug[1]), NULL) && store_commit(store);
    }
    __atomic_store_n(&done, true, __ATOMIC_RELEASE);
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(readings[i].ok);
        assert_true(readings[i].reads > 0);
    }
    assert_true(ok);
    assert_int_equal(item_count(store), 2 + 2 * PAIRS);
    store_destroy(store);
}

/* --- opening --- */

static void put_file(const char *path, const char *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static void test_open_problems(void **state)
{
    struct site *site = *state;
    static const char text[] = "This is a letter to the editor, and it is long enough to be taken for a page of something.";
    static const struct {
        const char *name, *error;
    } cases[] = {
        {"nothing.db", "/nothing.db: unable to open database file: there is no such file"},
        {"no/where.db", "/no does not exist"},
        {"letter.txt/x.db", "/letter.txt/x.db: unable to open database file: "},
        {"letter.txt", "/letter.txt: file is not a database (is this the right file?)"},
        {".", "it is a folder or device, not a file"},
    };
    char path[2 * PATH_CAP], error[TEXT_CAP];
    snprintf(path, sizeof path, "%s/letter.txt", site->folder);
    put_file(path, text, sizeof text - 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(path, sizeof path, "%s/%s", site->folder, cases[i].name);
        for (int access = STORE_READ; access <= STORE_WRITE; access++) {
            assert_null(store_open_with(path, (enum store_access)access, statements, STATEMENTS, &site->log, error,
                                        sizeof error));
            assert_holds(error, path);
            assert_holds(error, cases[i].error);
        }
    }
    snprintf(path, sizeof path, "%s/nothing.db", site->folder);
    assert_int_not_equal(access(path, F_OK), 0);
}

/* As a user who may not, which root is not. */
static void test_open_without_permission(void **state)
{
    struct site *site = *state;
    assert_int_equal(chmod(site->folder, 0755), 0);
    assert_int_equal(chmod(site->database, 0600), 0);
    if (geteuid() != 0) {
        assert_int_equal(chmod(site->database, 0), 0);
    }
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char error[TEXT_CAP] = "";
        bool lowered = geteuid() != 0 || setuid(NOBODY) == 0;
        struct store *store =
            store_open_with(site->database, STORE_READ, statements, STATEMENTS, &site->log, error, sizeof error);
        bool said = strstr(error, "warta.db: unable to open database file: this user may not read it") != NULL;
        _exit(lowered && store == NULL && said ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Names that SQLite would take for something else. */
static void test_odd_names(void **state)
{
    struct site *site = *state;
    static const char *const names[] = {":memory:", "file:x?mode=memory", "a b#c%41?immutable=1", "ខ្មែរ.db"};
    const struct asset migration = {.name = "sql/migrate/001_test.sql", .bytes = schema, .len = sizeof schema - 1};
    char error[TEXT_CAP] = "", before[PATH_CAP];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(site->folder), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct stat info;
        if (!migrate_run_with(names[i], &migration, 1, &site->log, error, sizeof error))
            fail_msg("%s", error);
        struct store *store =
            store_open_with(names[i], STORE_WRITE, statements, STATEMENTS, &site->log, error, sizeof error);
        assert_non_null(store);
        assert_int_equal(item_count(store), 2);
        store_destroy(store);
        assert_int_equal(stat(names[i], &info), 0);
        assert_true(info.st_size > 4096);
    }
    assert_int_equal(chdir(before), 0);
}

/* --- health --- */

static json_t *problems_of(struct site *site)
{
    struct store *store = open_store(site, STORE_READ);
    json_t *problems = json_array();
    assert_true(store_check(store, problems));
    store_destroy(store);
    return problems;
}

static void test_check_whole(void **state)
{
    assert_json(problems_of(*state), json_array());
}

static void test_check_dangling(void **state)
{
    struct site *site = *state;
    const struct statement_source source = {"unlink", "DELETE FROM item WHERE id = 1"};
    char error[ENGINE_ERROR_CAP] = "";
    struct store *store = open_store(site, STORE_WRITE);
    assert_true(exec(store, PART_INSERT, json_pack("{s:i}", "item_id", 1), NULL));
    store_destroy(store);
    /* Only a connection that changes the schema works without foreign keys. */
    struct engine *engine = engine_open(site->database, ENGINE_MIGRATE, error);
    struct engine_statement *statement = NULL;
    assert_non_null(engine);
    assert_int_equal(engine_prepare(engine, source.text, &statement), ENGINE_PREPARED);
    assert_int_equal(engine_step(statement), ENGINE_DONE);
    engine_release(statement);
    engine_close(engine);
    assert_json(problems_of(site), json_pack("[s]", "a row of part refers to a row of item that is not there"));
}

static void test_check_damaged(void **state)
{
    struct site *site = *state;
    struct stat info;
    char garbage[4096];
    memset(garbage, 0xa5, sizeof garbage);
    assert_int_equal(stat(site->database, &info), 0);
    int fd = open(site->database, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    for (off_t at = 4096; at < info.st_size; at += 4096)
        assert_int_equal(pwrite(fd, garbage, sizeof garbage, at), sizeof garbage);
    close(fd);
    char error[TEXT_CAP] = "";
    const struct statement_source one = {"one", "-- columns: x\nSELECT 1 AS x"};
    struct store *store = store_open_with(site->database, STORE_READ, &one, 1, &site->log, error, sizeof error);
    json_t *problems = json_array();
    assert_non_null(store);
    assert_true(store_check(store, problems));
    assert_true(json_array_size(problems) > 0);
    json_decref(problems);
    store_destroy(store);
}

/* --- what the program is built with --- */

static void test_built_in_statements(void **state)
{
    struct site *site = *state;
    char path[PATH_CAP + 16], error[TEXT_CAP] = "";
    snprintf(path, sizeof path, "%s/own.db", site->folder);
    assert_null(store_open(path, STORE_READ, &site->log, error, sizeof error));
    assert_holds(error, "there is no such file");
    if (!migrate_run(path, &site->log, error, sizeof error))
        fail_msg("%s", error);
    for (int access = STORE_READ; access <= STORE_WRITE; access++) {
        struct store *store = store_open(path, (enum store_access)access, &site->log, error, sizeof error);
        if (store == NULL)
            fail_msg("%s", error);
        store_destroy(store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_verbs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_json_and_bool_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_faults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exec_fault, setup, teardown),
        cmocka_unit_test_setup_teardown(test_get_writes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read_store_writes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_text, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read_transaction, setup, teardown),
        cmocka_unit_test_setup_teardown(test_table_valued_function, setup, teardown),
        cmocka_unit_test_setup_teardown(test_like_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_schema_changes_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_statements, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_statements_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_short_error_buffer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_commit_and_rollback, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failed_transaction_keeps_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_begin_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_begin_gives_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_readers_beside_a_writer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_open_problems, setup, teardown),
        cmocka_unit_test_setup_teardown(test_open_without_permission, setup, teardown),
        cmocka_unit_test_setup_teardown(test_odd_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_check_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_check_dangling, setup, teardown),
        cmocka_unit_test_setup_teardown(test_check_damaged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_built_in_statements, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
