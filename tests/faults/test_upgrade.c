/* An upgrade that is interrupted anywhere, by a kill or a power cut, leaves the old schema or a newer one, never something
 * between, and is completed by the next start; the copy from before is whole wherever it has its name. */
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
#include <unistd.h>

#include "../../src/store/engine.h"
#include "harness/power.h"
#include "warta/base/buf.h"
#include "warta/store/hold.h"
#include "warta/store/migrate.h"

enum { PLACES = 400, CUT_EVERY = 3 };

struct site {
    char folder[64], database[96], before[128], part[160];
    struct log log;
    struct buf old; /* the database at schema 1 */
    int latest;
};

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The first column of the first row as text. */
static void query(const char *path, const char *sql, char out[static 64])
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW)
        fail_msg("%s: %s: %s", path, sql, sqlite3_errmsg(db));
    snprintf(out, 64, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int query_int(const char *path, const char *sql)
{
    char text[64];
    query(path, sql, text);
    return atoi(text);
}

/* An upgrade that stopped behind one step keeps a copy before the next one too. */
static void remove_files(struct site *site)
{
    static const char *const sides[] = {"", "-wal", "-shm", "-journal"};
    for (int number = 0; number <= site->latest; number++) {
        char name[128];
        snprintf(name, sizeof name, "%s", site->database);
        if (number > 0)
            snprintf(name, sizeof name, "%s.before-%03d", site->database, number);
        for (size_t i = 0; i < 2 * sizeof sides / sizeof *sides; i++) {
            char path[192];
            snprintf(path, sizeof path, "%s%s%s", name, i % 2 == 0 ? "" : ".warta-part", sides[i / 2]);
            unlink(path);
        }
    }
}

/* The database as an older program left it. */
static void put_old(struct site *site)
{
    remove_files(site);
    FILE *file = fopen(site->database, "wbe");
    assert_non_null(file);
    assert_int_equal(fwrite(site->old.data, 1, site->old.len, file), site->old.len);
    assert_int_equal(fclose(file), 0);
}

static int open_site(void **state)
{
    static struct site site;
    char error[512] = "";
    const struct asset *migrations;
    char bytes[4096];
    /* In memory, where there is room for that: what is brought to the disk is counted, not waited for. */
    bool memory = access("/dev/shm", W_OK) == 0;
    site = (struct site){0};
    snprintf(site.folder, sizeof site.folder, "%s/warta-test-XXXXXX", memory ? "/dev/shm" : "/tmp");
    site.latest = (int)asset_range("sql/migrate/", &migrations);
    assert_non_null(mkdtemp(site.folder));
    snprintf(site.database, sizeof site.database, "%s/t.db", site.folder);
    snprintf(site.before, sizeof site.before, "%s.before-002", site.database);
    snprintf(site.part, sizeof site.part, "%s.warta-part", site.before);
    site.log = (struct log){.fd = open("/dev/null", O_WRONLY | O_CLOEXEC), .level = LOG_ERROR};
    power_begin(0, POWER_CUT, false);
    if (!migrate_run_with(site.database, migrations, 1, &site.log, error, sizeof error))
        fail_msg("%s", error);
    snprintf(bytes, sizeof bytes,
             "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT %d)"
             "INSERT INTO place (slug, name) SELECT 'place-' || i, 'Place ' || i || hex(zeroblob(100)) FROM n",
             PLACES);
    run_sql(site.database, bytes);
    FILE *file = fopen(site.database, "rbe");
    assert_non_null(file);
    for (size_t len = fread(bytes, 1, sizeof bytes, file); len > 0; len = fread(bytes, 1, sizeof bytes, file))
        buf_append(&site.old, bytes, len);
    fclose(file);
    *state = &site;
    return 0;
}

static int close_site(void **state)
{
    struct site *site = *state;
    remove_files(site);
    buf_release(&site->old);
    close(site->log.fd);
    assert_int_equal(rmdir(site->folder), 0);
    return 0;
}

static void assert_whole(const char *path)
{
    char text[64];
    query(path, "PRAGMA integrity_check", text);
    if (strcmp(text, "ok") != 0)
        fail_msg("%s: %s", path, text);
    assert_int_equal(query_int(path, "SELECT count(*) FROM place"), PLACES);
}

/* Whatever came between: nothing half done, and the next start completes it. */
static void assert_recovers(struct site *site)
{
    char error[512] = "";
    assert_whole(site->database);
    int version = query_int(site->database, "PRAGMA user_version");
    assert_in_range(version, 1, site->latest);
    if (version > 1 || access(site->before, F_OK) == 0) {
        assert_whole(site->before);
        assert_int_equal(query_int(site->before, "PRAGMA user_version"), 1);
    }
    if (!migrate_run(site->database, &site->log, error, sizeof error))
        fail_msg("%s", error);
    assert_whole(site->database);
    assert_int_equal(query_int(site->database, "PRAGMA user_version"), site->latest);
    assert_int_equal(access(site->part, F_OK), -1);
    char first[64];
    query(site->database, "SELECT slug FROM place ORDER BY id LIMIT 1", first);
    assert_string_equal(first, "place-1");
}

/* Whether the upgrade was killed after so many operations, before it was done. */
static bool killed_at(struct site *site, size_t operations)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char error[512] = "";
        power_begin(operations, POWER_KILL, false);
        _exit(migrate_run(site->database, &site->log, error, sizeof error) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        assert_int_equal(WTERMSIG(status), SIGKILL);
    else
        assert_int_equal(WEXITSTATUS(status), 0);
    return WIFSIGNALED(status);
}

static void killed_anywhere(void **state)
{
    struct site *site = *state;
    size_t kills = 0;
    put_old(site);
    while (killed_at(site, kills + 1)) {
        kills++;
        assert_recovers(site);
        put_old(site);
    }
    assert_true(kills > 20);
}

/* Killed again and again, without being put back in between. */
static void killed_on_every_start(void **state)
{
    struct site *site = *state;
    put_old(site);
    for (size_t operations = 1; killed_at(site, operations); operations++)
        assert_whole(site->database);
    assert_recovers(site);
}

static void cut_anywhere(void **state)
{
    struct site *site = *state;
    char error[512] = "";
    bool done = false;
    for (size_t operations = 1; !done; operations += CUT_EVERY) {
        put_old(site);
        power_begin(operations, POWER_CUT, false);
        done = migrate_run(site->database, &site->log, error, sizeof error);
        power_restore(operations);
        assert_recovers(site);
    }
}

/* --- what must not be upgraded --- */

static void not_without_a_copy(void **state)
{
    struct site *site = *state;
    char error[512] = "";
    put_old(site);
    assert_int_equal(mkdir(site->part, 0700), 0);
    assert_false(migrate_run(site->database, &site->log, error, sizeof error));
    assert_non_null(strstr(error, "not upgraded from schema 1"));
    assert_non_null(strstr(error, "t.db.before-002"));
    assert_int_equal(query_int(site->database, "PRAGMA user_version"), 1);
    assert_int_equal(rmdir(site->part), 0);
    assert_recovers(site);
}

static void a_file_of_that_name_is_kept(void **state)
{
    struct site *site = *state;
    char error[512] = "";
    char words[16] = "";
    put_old(site);
    FILE *file = fopen(site->before, "wbe");
    assert_non_null(file);
    fputs("my notes", file);
    fclose(file);
    assert_false(migrate_run(site->database, &site->log, error, sizeof error));
    assert_non_null(strstr(error, "is no backup of warta"));
    file = fopen(site->before, "rbe");
    assert_non_null(file);
    assert_non_null(fgets(words, sizeof words, file));
    fclose(file);
    assert_string_equal(words, "my notes");
    assert_int_equal(query_int(site->database, "PRAGMA user_version"), 1);
}

/* A server of the old version ends while the new one waits for it. */
static void waits_for_the_old_server(void **state)
{
    struct site *site = *state;
    char error[512] = "";
    int begun[2];
    char byte;
    put_old(site);
    assert_int_equal(pipe(begun), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int hold = hold_take(site->database, HOLD_SHARED, 0, error, sizeof error);
        if (hold < 0 || write(begun[1], "x", 1) != 1)
            _exit(1);
        usleep(300 * 1000);
        _exit(0); /* which ends the hold */
    }
    assert_int_equal(read(begun[0], &byte, 1), 1);
    assert_int_equal(hold_take(site->database, HOLD_ALONE, 0, error, sizeof error), -1);
    assert_non_null(strstr(error, "another warta is at work"));
    assert_true(migrate_run(site->database, &site->log, error, sizeof error));
    int status = 0;
    assert_int_equal(waitpid(child, &status, WNOHANG | WUNTRACED) == child || waitpid(child, &status, 0) == child, 1);
    assert_int_equal(status, 0);
    close(begun[0]);
    close(begun[1]);
}

static void a_new_database_needs_no_copy(void **state)
{
    struct site *site = *state;
    char error[512] = "";
    remove_files(site);
    assert_true(migrate_run(site->database, &site->log, error, sizeof error));
    assert_int_equal(access(site->before, F_OK), -1);
    char first[160];
    snprintf(first, sizeof first, "%s.before-001", site->database);
    assert_int_equal(access(first, F_OK), -1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_site, close_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(killed_anywhere),
        TEST(killed_on_every_start),
        TEST(cut_anywhere),
        TEST(not_without_a_copy),
        TEST(a_file_of_that_name_is_kept),
        TEST(waits_for_the_old_server),
        TEST(a_new_database_needs_no_copy),
    };
    power_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
