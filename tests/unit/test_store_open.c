#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include "store_site.h"

enum { NOBODY = 65534 };

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
    {"-- columns: x\nSELECT 1 AS x; DELETE FROM item", "must be one statement, and holds more"},
    {"-- columns: x\nSELECT 1 AS x; DROP TABLE item", "must be one statement, and holds more"},
    {"-- columns: x\nSELECT 1 AS x; gibberish", "must be one statement, and holds more"},
    {"-- Nothing.\n", "must be one statement, and holds none"},
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
        const struct statement_source sources[] = {statements[ITEM_LIST],
                                                   {"bad_one", bad_statements[i].text, "sql/bad.sql"}};
        char error[TEXT_CAP] = "";
        struct store *store = store_open_with(site->database, STORE_WRITE, sources, 2, &site->log, error, sizeof error);
        if (store != NULL)
            fail_msg("opened with %s", bad_statements[i].text);
        assert_holds(error, "/warta.db: sql/bad.sql: bad_one: ");
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
    const struct statement_source bad = {"bad_one", "-- columns: y\nSELECT 1 AS x", "sql/bad.sql"};
    assert_null(store_open_with(site->database, STORE_READ, &bad, 1, &site->log, error, sizeof error));
    assert_holds(error, "sql/bad.sql: bad_one: column 1");
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
    const struct statement_source bad = {"bad_one", "SELEC", "sql/bad.sql"};
    assert_null(store_open_with(site->database, STORE_READ, &bad, 1, &site->log, error, 4));
    assert_int_equal(strlen(error), 3);
    assert_string_equal(error + 4, "???");
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
    static const char text[] = "This is a letter to the editor, and not a database.";
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
        cmocka_unit_test_setup_teardown(test_bad_statements, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_statements_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_short_error_buffer, setup, teardown),
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
