#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../src/store/engine.h"
#include "warta/store/migrate.h"

enum { PATH_CAP = 256, TEXT_CAP = 4096, STEPS = 3 };

struct site {
    char folder[PATH_CAP], database[PATH_CAP + 16], log_path[PATH_CAP + 16];
    struct log log;
};

static const struct asset steps[STEPS] = {
    {.name = "sql/migrate/001_first.sql",
     .bytes = "-- The first.\nCREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT) STRICT;\n"
              "CREATE TABLE b (a_id INTEGER NOT NULL REFERENCES a ON DELETE CASCADE) STRICT;\n"
              "INSERT INTO a VALUES (1, 'one');\nINSERT INTO b VALUES (1);\n"},
    /* As a table is rebuilt: what refers to it must outlive that. */
    {.name = "sql/migrate/002_second.sql",
     .bytes = "CREATE TABLE a_new (id INTEGER PRIMARY KEY, x TEXT, y TEXT) STRICT;\n"
              "INSERT INTO a_new (id, x) SELECT id, x FROM a;\nDROP TABLE a;\nALTER TABLE a_new RENAME TO a;\n"},
    {.name = "sql/migrate/003_third.sql", .bytes = "CREATE VIRTUAL TABLE c USING fts5 (x);"},
};

static int setup(void **state)
{
    struct site *site = calloc(1, sizeof *site);
    const char *parent = getenv("TMPDIR");
    assert_non_null(site);
    snprintf(site->folder, sizeof site->folder, "%s/warta-migrate-XXXXXX", parent != NULL ? parent : "/tmp");
    assert_non_null(mkdtemp(site->folder));
    snprintf(site->database, sizeof site->database, "%s/warta.db", site->folder);
    snprintf(site->log_path, sizeof site->log_path, "%s/log", site->folder);
    site->log.fd = open(site->log_path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    site->log.level = LOG_INFO;
    assert_true(site->log.fd >= 0);
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

/* --- looking at results by a plain connection --- */

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The first column of the first row, -1 for none. */
static int query_int(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    int value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : -1;
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return value;
}

static bool has_table(const char *path, const char *name)
{
    char sql[TEXT_CAP];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM sqlite_schema WHERE name = '%s'", name);
    return query_int(path, sql) == 1;
}

static bool has_side_file(const char *path, const char *suffix)
{
    char name[PATH_CAP + 32];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    return access(name, F_OK) == 0;
}

static void assert_no_side_files(const char *path)
{
    assert_false(has_side_file(path, "-wal"));
    assert_false(has_side_file(path, "-shm"));
    assert_false(has_side_file(path, "-journal"));
}

static void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not hold \"%s\"", text, part);
}

/* The whole file (*owned*, free()). */
static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &info), 0);
    char *bytes = calloc(1, (size_t)info.st_size + 1);
    assert_non_null(bytes);
    *len = fread(bytes, 1, (size_t)info.st_size, file);
    fclose(file);
    return bytes;
}

static bool run_steps(struct site *site, size_t len, char error[static TEXT_CAP])
{
    error[0] = '\0';
    return migrate_run_with(site->database, steps, len, &site->log, error, TEXT_CAP);
}

static void must_run(struct site *site, size_t len)
{
    char error[TEXT_CAP];
    if (!run_steps(site, len, error))
        fail_msg("%s", error);
}

/* Both entry points refuse with that line, and leave the file as it was and nothing beside it. */
static void assert_refused_untouched(struct site *site, size_t known, const char *expected)
{
    size_t before_len, after_len;
    char error[TEXT_CAP];
    char *before = read_file(site->database, &before_len);
    assert_false(run_steps(site, known, error));
    assert_holds(error, expected);
    assert_holds(error, site->database);
    assert_null(strchr(error, '\n'));
    memset(error, 0, sizeof error);
    assert_false(migrate_is_current_with(site->database, known, error, sizeof error));
    assert_holds(error, expected);
    char *after = read_file(site->database, &after_len);
    assert_int_equal(after_len, before_len);
    assert_memory_equal(after, before, before_len);
    assert_no_side_files(site->database);
    free(before);
    free(after);
}

/* --- what works --- */

static void test_new_database(void **state)
{
    struct site *site = *state;
    struct stat info;
    size_t log_len;
    mode_t umask_before = umask(0);
    must_run(site, STEPS);
    umask(umask_before);
    assert_int_equal(query_int(site->database, "PRAGMA application_id"), 0x57727461);
    assert_int_equal(query_int(site->database, "PRAGMA user_version"), STEPS);
    assert_int_equal(query_int(site->database, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    assert_int_equal(query_int(site->database, "SELECT count(*) FROM b"), 1);
    assert_true(has_table(site->database, "c"));
    assert_int_equal(stat(site->database, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
    assert_no_side_files(site->database);
    char *text = read_file(site->log_path, &log_len);
    assert_holds(text, "warta.db: sql/migrate/001_first.sql: schema 1\n");
    assert_holds(text, "warta.db: sql/migrate/003_third.sql: schema 3\n");
    free(text);
}

static void test_umask_applies(void **state)
{
    struct site *site = *state;
    struct stat info;
    mode_t umask_before = umask(077);
    must_run(site, 1);
    umask(umask_before);
    assert_int_equal(stat(site->database, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
}

static void test_zero_length_file_is_new(void **state)
{
    struct site *site = *state;
    char error[TEXT_CAP] = "";
    int fd = open(site->database, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_false(migrate_is_current_with(site->database, STEPS, error, sizeof error));
    assert_holds(error, "warta.db: the file is empty");
    must_run(site, STEPS);
    assert_true(migrate_is_current_with(site->database, STEPS, error, sizeof error));
}

static void test_empty_database_is_new(void **state)
{
    struct site *site = *state;
    run_sql(site->database, "CREATE TABLE x (y); DROP TABLE x; VACUUM;");
    must_run(site, STEPS);
    assert_int_equal(query_int(site->database, "PRAGMA user_version"), STEPS);
}

static void test_one_at_a_time(void **state)
{
    struct site *site = *state;
    char error[TEXT_CAP] = "";
    for (size_t len = 1; len <= STEPS; len++) {
        if (len > 1) {
            assert_false(migrate_is_current_with(site->database, len, error, sizeof error));
            assert_holds(error, "was made by an older warta (schema ");
        }
        must_run(site, len);
        assert_int_equal(query_int(site->database, "PRAGMA user_version"), (int)len);
        if (!migrate_is_current_with(site->database, len, error, sizeof error))
            fail_msg("%s", error);
    }
    assert_int_equal(query_int(site->database, "SELECT count(*) FROM b"), 1);
}

static void test_current_is_left_alone(void **state)
{
    struct site *site = *state;
    size_t before_len, after_len, log_before, log_after;
    char error[TEXT_CAP];
    must_run(site, STEPS);
    char *before = read_file(site->database, &before_len);
    free(read_file(site->log_path, &log_before));
    must_run(site, STEPS);
    assert_true(migrate_is_current_with(site->database, STEPS, error, sizeof error));
    char *after = read_file(site->database, &after_len);
    assert_int_equal(after_len, before_len);
    assert_memory_equal(after, before, before_len);
    assert_no_side_files(site->database);
    free(read_file(site->log_path, &log_after));
    assert_int_equal(log_after, log_before);
    free(before);
    free(after);
}

/* A server that runs has its newest pages in the write-ahead log only. */
static void test_looks_into_the_wal(void **state)
{
    struct site *site = *state;
    char error[TEXT_CAP] = "";
    sqlite3 *db = NULL;
    must_run(site, 1);
    assert_int_equal(sqlite3_open(site->database, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 3", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_false(migrate_is_current_with(site->database, 1, error, sizeof error));
    assert_holds(error, "schema 3; this program knows 1");
    assert_false(run_steps(site, 1, error));
    assert_holds(error, "schema 3; this program knows 1");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* --- what is refused --- */

static void test_newer(void **state)
{
    struct site *site = *state;
    must_run(site, 1);
    run_sql(site->database, "PRAGMA user_version = 7");
    assert_refused_untouched(site, STEPS,
                             "warta.db was made by a newer warta (schema 7; this program knows 3): use that program "
                             "or a newer one");
}

static void test_foreign(void **state)
{
    struct site *site = *state;
    static const char *const foreign[] = {
        "CREATE TABLE diary (day)",
        "PRAGMA application_id = 7",
        "PRAGMA application_id = 7; PRAGMA user_version = 1; CREATE TABLE diary (day)",
        "PRAGMA user_version = 3",
        "PRAGMA journal_mode = WAL; CREATE TABLE diary (day)",
    };
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        run_sql(site->database, foreign[i]);
        assert_refused_untouched(site, STEPS, "warta.db: this database belongs to another program");
        assert_int_equal(unlink(site->database), 0);
    }
}

static void test_not_a_database(void **state)
{
    struct site *site = *state;
    static const size_t lens[] = {1, 2, 16, 100, 511, 512, 5000};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        FILE *file = fopen(site->database, "wb");
        assert_non_null(file);
        for (size_t n = 0; n < lens[i]; n++)
            assert_int_equal(fputc('x', file), 'x');
        fclose(file);
        assert_refused_untouched(site, STEPS, "warta.db: file is not a database (is this the right file?)");
    }
}

static void test_damaged(void **state)
{
    struct site *site = *state;
    char garbage[400];
    memset(garbage, 0xa5, sizeof garbage);
    must_run(site, STEPS);
    int fd = open(site->database, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, garbage, sizeof garbage, 100), sizeof garbage);
    close(fd);
    assert_refused_untouched(site, STEPS, "warta.db: database disk image is malformed (restore a backup)");
}

static void test_no_place(void **state)
{
    struct site *site = *state;
    char error[TEXT_CAP];
    snprintf(site->database, sizeof site->database, "%s/no/warta.db", site->folder);
    assert_false(run_steps(site, STEPS, error));
    assert_holds(error, "/no/warta.db: unable to open database file: the folder ");
    assert_holds(error, "/no does not exist");
    assert_false(migrate_is_current_with(site->database, STEPS, error, sizeof error));
    assert_holds(error, "/no does not exist");
    snprintf(site->database, sizeof site->database, "%s", site->folder);
    assert_false(run_steps(site, STEPS, error));
    assert_holds(error, "it is a folder");
    snprintf(site->database, sizeof site->database, "%s/x.db", site->folder);
    assert_false(migrate_is_current_with(site->database, STEPS, error, sizeof error));
    assert_holds(error, "there is no such file");
    assert_int_not_equal(access(site->database, F_OK), 0);
}

/* --- what fails half-way --- */

static void test_bad_migration_leaves_nothing(void **state)
{
    struct site *site = *state;
    static const struct {
        const char *name, *script, *error;
    } cases[] = {
        {"sql/migrate/002_bad.sql", "CREATE TABLE half (x); CREATE TABLE half (x);", "table half already exists"},
        {"sql/migrate/002_bad.sql", "CREATE TABLE half (x); SELEC", "syntax error"},
        {"sql/migrate/002_bad.sql", "CREATE TABLE half (x); INSERT INTO b VALUES (99);",
         "a row of b refers to a row of a that is not there"},
        {"sql/migrate/002_bad.sql", "CREATE TABLE half (x); DROP TABLE a;", "a row of b refers to a row of a"},
        {"sql/migrate/003_bad.sql", "CREATE TABLE half (x);", "is out of sequence"},
    };
    must_run(site, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct asset bad[] = {steps[0], {.name = cases[i].name, .bytes = cases[i].script}};
        char error[TEXT_CAP] = "";
        assert_false(migrate_run_with(site->database, bad, 2, &site->log, error, sizeof error));
        assert_holds(error, cases[i].name);
        assert_holds(error, cases[i].error);
        assert_int_equal(query_int(site->database, "PRAGMA user_version"), 1);
        assert_false(has_table(site->database, "half"));
    }
    must_run(site, STEPS);
}

/* Waits until the write-ahead log has grown to that size, so that the migration is in the midst of its work. */
static bool wait_for_wal(const char *path, off_t size)
{
    char name[PATH_CAP + 32];
    struct stat info;
    snprintf(name, sizeof name, "%s-wal", path);
    for (int i = 0; i < 3000; i++) {
        const struct timespec pause = {0, 10 * 1000000};
        if (stat(name, &info) == 0 && info.st_size >= size)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

static pid_t start_child(struct site *site, const struct asset *migrations, size_t len)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char error[TEXT_CAP];
        bool ok = migrate_run_with(site->database, migrations, len, &site->log, error, sizeof error);
        if (!ok)
            print_error("%s\n", error);
        _exit(ok ? 0 : 1);
    }
    return child;
}

static void kill_child(pid_t child)
{
    int status;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void test_killed_half_way(void **state)
{
    struct site *site = *state;
    const struct asset endless[] = {
        steps[0],
        {.name = "sql/migrate/002_endless.sql",
         .bytes = "CREATE TABLE half (x); UPDATE a SET x = 'half'; INSERT INTO half WITH RECURSIVE n (i) AS (SELECT 1 "
                  "UNION ALL SELECT i + 1 FROM n LIMIT 40000) SELECT randomblob(1000) FROM n;"
                  "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO half SELECT i FROM n "
                  "WHERE i < 0;"},
    };
    pid_t child = start_child(site, endless, 2);
    bool in_the_midst = wait_for_wal(site->database, 6000000);
    kill_child(child);
    assert_true(in_the_midst);
    assert_true(has_side_file(site->database, "-wal"));
    must_run(site, STEPS);
    assert_int_equal(query_int(site->database, "PRAGMA user_version"), STEPS);
    assert_false(has_table(site->database, "half"));
    assert_int_equal(query_int(site->database, "SELECT count(*) FROM a WHERE x = 'one'"), 1);
}

/* A first start that is killed at any moment must not stand in the way of the next. */
static void test_killed_while_creating(void **state)
{
    struct site *site = *state;
    for (int i = 0; i < 25; i++) {
        const struct timespec delay = {0, i * 400000};
        pid_t child = start_child(site, steps, STEPS);
        int status;
        nanosleep(&delay, NULL);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        must_run(site, STEPS);
        assert_int_equal(query_int(site->database, "SELECT count(*) FROM a"), 1);
        static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
        for (size_t k = 0; k < 4; k++) {
            char name[PATH_CAP + 32];
            snprintf(name, sizeof name, "%s%s", site->database, suffixes[k]);
            unlink(name);
        }
    }
}

/* What a program that died left in its rollback journal is undone, as by anybody who opens the database. */
static void test_hot_journal(void **state)
{
    struct site *site = *state;
    must_run(site, 1);
    run_sql(site->database, "PRAGMA journal_mode = DELETE");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        sqlite3 *db = NULL;
        sqlite3_open(site->database, &db);
        sqlite3_exec(db,
                     "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE; PRAGMA user_version = 9;"
                     "CREATE TABLE half (x); INSERT INTO half WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                     "FROM n LIMIT 3000) SELECT randomblob(1000) FROM n",
                     NULL, NULL, NULL);
        kill(getpid(), SIGKILL);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(has_side_file(site->database, "-journal"));
    must_run(site, STEPS);
    assert_int_equal(query_int(site->database, "PRAGMA user_version"), STEPS);
    assert_false(has_table(site->database, "half"));
}

static void test_two_at_once(void **state)
{
    struct site *site = *state;
    for (int i = 0; i < 10; i++) {
        pid_t children[3];
        for (size_t k = 0; k < 3; k++)
            children[k] = start_child(site, steps, STEPS);
        for (size_t k = 0; k < 3; k++) {
            int status;
            assert_int_equal(waitpid(children[k], &status, 0), children[k]);
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        }
        assert_int_equal(query_int(site->database, "SELECT count(*) FROM a"), 1);
        assert_int_equal(unlink(site->database), 0);
    }
}

/* --- the program's own --- */

static void test_built_in_migrations(void **state)
{
    struct site *site = *state;
    char error[TEXT_CAP] = "";
    assert_false(migrate_is_current(site->database, error, sizeof error));
    if (!migrate_run(site->database, &site->log, error, sizeof error))
        fail_msg("%s", error);
    if (!migrate_is_current(site->database, error, sizeof error))
        fail_msg("%s", error);
    assert_int_equal(query_int(site->database, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_new_database, setup, teardown),
        cmocka_unit_test_setup_teardown(test_umask_applies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zero_length_file_is_new, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty_database_is_new, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_at_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_current_is_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_looks_into_the_wal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_newer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_a_database, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_place, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_migration_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed_half_way, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed_while_creating, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hot_journal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_built_in_migrations, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
