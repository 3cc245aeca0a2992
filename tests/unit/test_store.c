#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_site.h"

/* --- verbs --- */

static void test_verbs(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    json_t *none = json_pack("{s:s}", "slug", "none");
    json_t *one = json_pack("{s:s}", "slug", "one");
    size_t changed = 99;

    assert_json(store_rows(store, sql_of(ITEM_LIST), NULL),
                json_pack("[{s:i, s:s, s:s, s:f}, {s:i, s:s, s:n, s:n}]", "id", 1, "slug", "one", "title", "ខ្មែរ",
                          "score", 1.5, "id", 2, "slug", "two", "title", "score"));
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
    {RAW, "{\"id\":9}", "raw: column value holds text that is not valid UTF-8"},
    {RAW, "{\"id\":10}", "raw: column value holds text that is not valid UTF-8"},
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

/* --- bytes --- */

static void test_bytes(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {{"a\0\xff\n", 4}, {NULL, 0}, {"", 0}, {"{}", 2}};
    struct buf large = BUF_EMPTY;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = BUF_EMPTY;
        json_t *id = json_pack("{s:I}", "id", (json_int_t)(20 + i));
        buf_text(&out, "before ");
        assert_true(store_exec_bytes(store, sql_of(RAW_PUT), id, "value", cases[i].bytes, cases[i].len));
        assert_true(store_bytes(store, sql_of(RAW), id, &out));
        assert_int_equal(out.len, 7 + cases[i].len);
        if (cases[i].len > 0)
            assert_memory_equal(out.data + 7, cases[i].bytes, cases[i].len);
        buf_release(&out);
        json_decref(id);
    }
    buf_reserve(&large, 300000);
    memset(large.data, 7, 300000);
    json_t *id = json_pack("{s:i}", "id", 30);
    assert_true(store_exec_bytes(store, sql_of(RAW_PUT), id, "value", large.data, 300000));
    assert_true(store_bytes(store, sql_of(RAW), id, &large));
    assert_int_equal(large.len, 300000);
    json_decref(id);
    buf_release(&large);
    store_destroy(store);
}

static const struct {
    const char *params; /* JSON */
    const char *name;
    const char *logged;
} bytes_faults[] = {
    {"{\"id\":40}", "bytes", "raw_put: parameter \"value\" is missing"},
    {"{\"value\":1}", "value", "raw_put: parameter \"id\" is missing"},
    {"{\"id\":40,\"value\":1}", "value", "raw_put: has no parameter \"value\""},
    {"{\"id\":40,\"more\":1}", "value", "raw_put: has no parameter \"more\""},
    {"{\"id\":1}", "value", "raw_put: UNIQUE constraint failed: raw.id"},
};

static void test_bytes_faults(void **state)
{
    struct site *site = *state;
    struct store *store = open_store(site, STORE_WRITE);
    struct buf out = BUF_EMPTY;
    char text[TEXT_CAP];
    off_t at = 0;
    for (size_t i = 0; i < sizeof bytes_faults / sizeof *bytes_faults; i++) {
        json_t *params = json_loads(bytes_faults[i].params, 0, NULL);
        assert_false(store_exec_bytes(store, sql_of(RAW_PUT), params, bytes_faults[i].name, "x", 1));
        assert_holds(log_since(site, &at, text), bytes_faults[i].logged);
        assert_int_equal(lines_in(text), 1);
        json_decref(params);
    }
    json_t *none = json_pack("{s:i}", "id", 40);
    json_t *number = json_pack("{s:i}", "id", 4);
    assert_false(store_bytes(store, sql_of(RAW), none, &out));
    assert_string_equal(log_since(site, &at, text), "");
    assert_false(store_bytes(store, sql_of(RAW), number, &out));
    assert_holds(log_since(site, &at, text), "raw: column value holds no bytes");
    store_request(store, "get-1", false);
    assert_false(store_exec_bytes(store, sql_of(RAW_PUT), none, "value", "x", 1));
    assert_holds(log_since(site, &at, text), "get-1 raw_put: writes, and this request may not");
    assert_int_equal(out.len, 0);
    json_decref(none);
    json_decref(number);
    store_destroy(store);
}

/* No machine counts to three million within a millisecond. */
static void test_slow_statements_are_named(void **state)
{
    struct site *site = *state;
    char text[TEXT_CAP];
    off_t at = lseek(site->log.fd, 0, SEEK_END);
    struct store *store = open_store(site, STORE_READ);
    store_request(store, "get-1", false);
    assert_json(value_of(store, COUNT_UP, json_pack("{s:i}", "last", 3000000)), json_integer(3000000));
    assert_string_equal(log_since(site, &at, text), "");
    site->log.slow_ms = 1;
    assert_json(value_of(store, COUNT_UP, json_pack("{s:i}", "last", 3000000)), json_integer(3000000));
    assert_holds(log_since(site, &at, text), " warn get-1 slow: count_up took ");
    site->log.slow_ms = 3600000;
    assert_json(value_of(store, COUNT_UP, json_pack("{s:i}", "last", 3)), json_integer(3));
    assert_string_equal(log_since(site, &at, text), "");
    store_destroy(store);
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
        cmocka_unit_test_setup_teardown(test_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bytes_faults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_statements_are_named, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
