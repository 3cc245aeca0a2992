#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <time.h>

#include "staff_site.h"

static const char here[] = "203.0.113.9";
static const char elsewhere[] = "198.51.100.1";

static enum user_outcome try(struct staff_site *site, const char *name, const char *password, const char *client,
                             int64_t now_unix)
{
    int64_t id = 0;
    enum user_outcome outcome = login_check(site->store, name, password, client, MEMORY_KIB, now_unix, &id);
    assert_true((id > 0) == (outcome == USER_OK));
    return outcome;
}

static void fail_times(struct staff_site *site, int times, const char *name, const char *client, int64_t now_unix)
{
    for (int i = 0; i < times; i++)
        assert_int_equal(try(site, name, "not the password", client, now_unix), USER_WRONG);
}

static int64_t delay(struct staff_site *site, const char *name, const char *client, int64_t now_unix)
{
    return login_delay_s(site->store, name, client, now_unix, NULL);
}

/* The first column of a statement's first row, on a connection of its own. */
static int64_t ask(struct staff_site *site, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(site->database, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

/* --- who gets in --- */

static void test_login(void **state)
{
    (void)state;
    struct staff_site site;
    int64_t id = 0;
    staff_site_open(&site);
    int64_t ana = add_user(&site, "Ana", "editor");
    int64_t boris = add_user(&site, "Boris", "editor");
    int64_t dara = 0;
    assert_int_equal(user_add(site.store, nobody, "Dara", "editor", NULL, MEMORY_KIB, NOW, &dara, NULL), USER_OK);
    assert_int_equal(login_check(site.store, " ana", good_password, here, MEMORY_KIB, NOW, &id), USER_OK);
    assert_int_equal(id, ana);
    assert_int_equal(user_set_disabled(site.store, nobody, boris, true, NOW, NULL), USER_OK);
    static const char *const wrong[][2] = {
        {"Ana", ""},
        {"Ana", "The tiger swims at dawn"},
        {"Ana", "the tiger swims at dawn "},
        {"Boris", good_password},
        {"Dara", ""},
        {"Dara", good_password},
        {"Eva", good_password},
        {"", ""},
        {"Ana' --", good_password},
        {"An%", good_password},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(try(&site, wrong[i][0], wrong[i][1], here, NOW), USER_WRONG);
    staff_site_close(&site);
}

/* Keyboards put letters together in different ways. */
static void test_normal_form(void **state)
{
    (void)state;
    struct staff_site site;
    int64_t id = 0;
    staff_site_open(&site);
    assert_int_equal(
        user_add(site.store, nobody, "Ana", "editor", "le cafe\xcc\x81 de nuit", MEMORY_KIB, NOW, &id, NULL), USER_OK);
    assert_int_equal(try(&site, "Ana", "le caf\xc3\xa9 de nuit", here, NOW), USER_OK);
    assert_int_equal(try(&site, "Ana", "le cafe de nuit", here, NOW), USER_WRONG);
    staff_site_close(&site);
}

static double seconds_of(struct staff_site *site, const char *name, const char *password)
{
    struct timespec began;
    struct timespec ended;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &began);
    assert_int_equal(try(site, name, password, here, NOW), USER_WRONG);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ended);
    return (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9;
}

/* An unknown, disabled or unfinished user is hashed for like a known one: far from the time of no hash. */
static void test_same_cost(void **state)
{
    (void)state;
    struct staff_site site;
    int64_t id = 0;
    staff_site_open(&site);
    add_user(&site, "Ana", "editor");
    int64_t boris = add_user(&site, "Boris", "editor");
    assert_int_equal(user_set_disabled(site.store, nobody, boris, true, NOW, NULL), USER_OK);
    assert_int_equal(user_add(site.store, nobody, "Dara", "editor", NULL, MEMORY_KIB, NOW, &id, NULL), USER_OK);
    double known = seconds_of(&site, "Ana", "not the password");
    assert_true(seconds_of(&site, "Eva", "not the password") > known / 3);
    assert_true(seconds_of(&site, "Boris", good_password) > known / 3);
    assert_true(seconds_of(&site, "Dara", "not the password") > known / 3);
    staff_site_close(&site);
}

static void test_rehash(void **state)
{
    (void)state;
    struct staff_site site;
    int64_t id = 0;
    staff_site_open(&site);
    add_user(&site, "Ana", "editor");
    static const char is_9[] = "SELECT password LIKE '$argon2id$v=19$m=9216,t=3,p=1$%' FROM user";
    assert_int_equal(ask(&site, is_9), 0);
    assert_int_equal(login_check(site.store, "Ana", "not the password", here, 9 * 1024, NOW, &id), USER_WRONG);
    assert_int_equal(ask(&site, is_9), 0);
    assert_int_equal(login_check(site.store, "Ana", good_password, here, 9 * 1024, NOW, &id), USER_OK);
    assert_int_equal(ask(&site, is_9), 1);
    assert_int_equal(login_check(site.store, "Ana", good_password, here, 9 * 1024, NOW, &id), USER_OK);
    assert_int_equal(try(&site, "Ana", good_password, here, NOW), USER_OK);
    assert_int_equal(ask(&site, is_9), 0);
    staff_site_close(&site);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct staff_site site;
    int64_t id = 0;
    staff_site_open(&site);
    assert_int_equal(login_check(site.store, "Eva", "x", here, (size_t)1 << 33, NOW, &id), USER_UNHASHED);
    staff_site_close(&site);
}

/* A hash that something damaged lets nobody in. */
static void test_damaged_hash(void **state)
{
    (void)state;
    static const char *const damaged[] = {
        "x", "$argon2id$", "$argon2id$v=19$m=8192,t=3,p=1$AAAA$AAAA",
        "$argon2id$v=19$m=8192,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$2b$12$AAAAAAAAAAAAAAAAAAAAAA"};
    struct staff_site site;
    staff_site_open(&site);
    int64_t ana = add_user(&site, "Ana", "editor");
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        json_t *params = json_pack("{s:I, s:s}", "id", (json_int_t)ana, "password", damaged[i]);
        assert_true(store_exec(site.store, SQL_USER_PASSWORD_SET, params, NULL));
        json_decref(params);
        assert_int_equal(try(&site, "Ana", good_password, here, NOW), USER_UNHASHED);
    }
    staff_site_close(&site);
}

/* --- how it slows down --- */

static void test_account_and_network(void **state)
{
    (void)state;
    struct staff_site site;
    staff_site_open(&site);
    add_user(&site, "Ana", "editor");
    assert_int_equal(delay(&site, "Ana", here, NOW), 0);
    fail_times(&site, 5, "Ana", here, NOW);
    assert_int_equal(delay(&site, "Ana", here, NOW), 0);
    fail_times(&site, 1, " ANA", here, NOW);
    assert_int_equal(delay(&site, "Ana", here, NOW), 2);
    assert_int_equal(delay(&site, "ana ", "203.0.113.200", NOW), 2);
    assert_int_equal(delay(&site, "Ana", here, NOW + 1), 1);
    assert_int_equal(delay(&site, "Ana", here, NOW + 2), 0);
    assert_int_equal(delay(&site, "Ana", here, NOW - 5000), 2);
    /* not for others, nor from elsewhere */
    assert_int_equal(delay(&site, "Boris", here, NOW), 0);
    assert_int_equal(delay(&site, "Ana", elsewhere, NOW), 0);
    assert_int_equal(delay(&site, "Ana", "203.0.114.9", NOW), 0);
    static const int64_t doubled[] = {4, 8, 16, 32, 64, 128, 256, 512, 900, 900};
    for (size_t i = 0; i < sizeof doubled / sizeof *doubled; i++) {
        fail_times(&site, 1, "Ana", here, NOW);
        assert_int_equal(delay(&site, "Ana", here, NOW), doubled[i]);
    }
    assert_int_equal(delay(&site, "Ana", here, NOW + 86400 - 1), 0);
    fail_times(&site, 1, "Ana", here, NOW + 86400 - 1);
    assert_int_equal(delay(&site, "Ana", here, NOW + 86400 - 1), 900);
    /* forgotten after a day */
    fail_times(&site, 1, "Ana", here, NOW + 2 * 86400);
    assert_int_equal(delay(&site, "Ana", here, NOW + 2 * 86400), 0);
    assert_int_equal(ask(&site, "SELECT max(failures) FROM login_failure"), 1);
    staff_site_close(&site);
}

static void test_success_resets(void **state)
{
    (void)state;
    struct staff_site site;
    staff_site_open(&site);
    add_user(&site, "Ana", "editor");
    fail_times(&site, 7, "Ana", here, NOW);
    assert_int_equal(delay(&site, "Ana", here, NOW), 4);
    assert_int_equal(try(&site, "Ana", good_password, here, NOW + 4), USER_OK);
    assert_int_equal(delay(&site, "Ana", here, NOW + 4), 0);
    /* what others count remains, without this login */
    assert_int_equal(ask(&site, "SELECT count(*) FROM login_failure WHERE failures = 7"), 2);
    assert_int_equal(ask(&site, "SELECT count(*) FROM login_failure"), 2);
    fail_times(&site, 5, "Ana", here, NOW + 4);
    assert_int_equal(delay(&site, "Ana", here, NOW + 4), 0);
    staff_site_close(&site);
}

/* A network that tries one name after the other. */
static void test_network(void **state)
{
    (void)state;
    struct staff_site site;
    char name[16];
    staff_site_open(&site);
    for (int i = 0; i < 21; i++) {
        snprintf(name, sizeof name, "guess %d", i);
        assert_int_equal(delay(&site, name, here, NOW), 0);
        fail_times(&site, 1, name, i % 2 == 0 ? here : "203.0.113.77", NOW);
    }
    assert_int_equal(delay(&site, "Ana", here, NOW), 2);
    assert_int_equal(delay(&site, "Ana", elsewhere, NOW), 0);
    assert_int_equal(delay(&site, "Ana", "2001:db8::1", NOW), 0);
    fail_times(&site, 10, "guess", "203.0.113.5", NOW);
    assert_int_equal(delay(&site, "Ana", here, NOW), 900);
    staff_site_close(&site);
}

/* All of a /56 of IPv6 may be one customer's. */
static void test_wide_network(void **state)
{
    (void)state;
    struct staff_site site;
    char client[32];
    staff_site_open(&site);
    for (int i = 0; i < 6; i++) {
        snprintf(client, sizeof client, "2001:db8:0:%x::1", i);
        fail_times(&site, 1, "Ana", client, NOW);
    }
    assert_int_equal(delay(&site, "Ana", "2001:db8:0:ff::1", NOW), 2);
    assert_int_equal(delay(&site, "Ana", "2001:db8:0:100::1", NOW), 0);
    for (int i = 0; i < 61; i++) {
        snprintf(client, sizeof client, "2001:db8:1:%x::1", i);
        fail_times(&site, 1, client, client, NOW);
    }
    assert_int_equal(delay(&site, "Eva", "2001:db8:1:fe::1", NOW), 2);
    staff_site_close(&site);
}

/* An account knows the networks that it was used from last, for a while. */
static void test_known_networks(void **state)
{
    (void)state;
    struct staff_site site;
    char client[32];
    staff_site_open(&site);
    add_user(&site, "Ana", "editor");
    for (int i = 0; i < LOGIN_NETWORKS_MAX + 3; i++) {
        snprintf(client, sizeof client, "192.0.%d.1", i);
        assert_int_equal(try(&site, "Ana", good_password, client, NOW + i), USER_OK);
    }
    assert_int_equal(ask(&site, "SELECT count(*) FROM login_network"), LOGIN_NETWORKS_MAX);
    assert_int_equal(try(&site, "Ana", good_password, here, NOW + LOGIN_NETWORK_LIFE_S + 60), USER_OK);
    assert_int_equal(ask(&site, "SELECT count(*) FROM login_network"), 1);
    staff_site_close(&site);
}

static void add_failures(struct staff_site *site, int count)
{
    assert_true(store_begin(site->store));
    for (int i = 0; i < count; i++) {
        json_t *params = json_pack("{s:o, s:i, s:i}", "key", json_sprintf("x%d", i), "now_unix", NOW - 60000 + i,
                                   "forget_unix", NOW - 86400);
        assert_true(store_exec(site->store, SQL_LOGIN_FAILURE_ADD, params, NULL));
        json_decref(params);
    }
    assert_true(store_commit(site->store));
}

static void test_bounded(void **state)
{
    (void)state;
    struct staff_site site;
    staff_site_open(&site);
    add_failures(&site, LOGIN_FAILURES_MAX + 500);
    fail_times(&site, 6, "Ana", here, NOW);
    assert_int_equal(ask(&site, "SELECT count(*) FROM login_failure"), LOGIN_FAILURES_MAX);
    assert_int_equal(ask(&site, "SELECT count(*) FROM login_failure WHERE key IN ('x0', 'x499', 'x502')"), 0);
    assert_int_equal(ask(&site, "SELECT count(*) FROM login_failure WHERE key = 'x503'"), 1);
    assert_int_equal(delay(&site, "Ana", here, NOW), 2);
    fail_times(&site, 1, "Ana", here, NOW + 2 * 86400);
    assert_int_equal(ask(&site, "SELECT count(*) FROM login_failure"), 3);
    staff_site_close(&site);
}

/* What was typed as a name, perhaps a password, cannot be read from the database; nor does it matter how long it is. */
static void test_names_are_hashed(void **state)
{
    (void)state;
    struct staff_site site;
    static char name[1 << 20];
    staff_site_open(&site);
    memset(name, 'n', sizeof name - 1);
    fail_times(&site, 6, name, "", NOW);
    fail_times(&site, 1, "hunter2 hunter2", here, NOW);
    assert_int_equal(delay(&site, name, "", NOW), 2);
    assert_int_equal(ask(&site, "SELECT count(*) FROM login_failure WHERE key LIKE '%hunter%' OR length(key) <> 65"),
                     0);
    staff_site_close(&site);
}

/* --- links --- */

static bool token_lives(struct staff_site *site, const char *kind, const char *token, int64_t now_unix)
{
    json_t *found = token_find(site->store, kind, token, now_unix);
    assert_non_null(found);
    bool is = json_is_object(found);
    json_decref(found);
    return is;
}

static void test_token(void **state)
{
    (void)state;
    struct staff_site site;
    char token[TOKEN_CAP];
    staff_site_open(&site);
    int64_t ana = add_user(&site, "Ana", "editor");
    assert_true(token_make(site.store, "reset", ana, 0, NOW + RESET_LIFE_S, token));
    assert_int_equal(strlen(token), TOKEN_CAP - 1);
    json_t *found = token_find(site.store, "reset", token, NOW);
    assert_int_equal(json_integer_value(json_object_get(found, "user_id")), ana);
    assert_int_equal(json_integer_value(json_object_get(found, "item_id")), 0);
    assert_int_equal(json_integer_value(json_object_get(found, "expires_unix")), NOW + RESET_LIFE_S);
    json_decref(found);
    assert_true(token_lives(&site, "reset", token, NOW + RESET_LIFE_S - 1));
    assert_false(token_lives(&site, "reset", token, NOW + RESET_LIFE_S));
    assert_false(token_lives(&site, "setup", token, NOW));
    assert_false(token_use(site.store, "setup", token));
    assert_true(token_lives(&site, "reset", token, NOW));
    assert_true(token_use(site.store, "reset", token));
    assert_false(token_use(site.store, "reset", token));
    assert_false(token_lives(&site, "reset", token, NOW));
    staff_site_close(&site);
}

static void test_token_tampering(void **state)
{
    (void)state;
    struct staff_site site;
    char token[TOKEN_CAP];
    char other[TOKEN_CAP];
    staff_site_open(&site);
    assert_true(token_make(site.store, "setup", 0, 0, NOW + SETUP_LIFE_S, token));
    for (size_t i = 0; i < TOKEN_CAP - 1; i++) {
        memcpy(other, token, sizeof other);
        other[i] = other[i] == 'A' ? 'B' : 'A';
        assert_false(token_lives(&site, "setup", other, NOW));
        assert_false(token_use(site.store, "setup", other));
    }
    static const char *const bad[] = {"", "%", "' OR 1=1 --", "x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(token_lives(&site, "setup", bad[i], NOW));
    assert_true(token_lives(&site, "setup", token, NOW));
    staff_site_close(&site);
}

static void test_token_replaces(void **state)
{
    (void)state;
    struct staff_site site;
    char token[4][TOKEN_CAP];
    staff_site_open(&site);
    int64_t ana = add_user(&site, "Ana", "editor");
    int64_t boris = add_user(&site, "Boris", "editor");
    assert_true(token_make(site.store, "reset", ana, 0, NOW + RESET_LIFE_S, token[0]));
    assert_true(token_make(site.store, "reset", boris, 0, NOW + RESET_LIFE_S, token[1]));
    assert_true(token_make(site.store, "preview", ana, 0, NOW + RESET_LIFE_S, token[2]));
    assert_true(token_make(site.store, "reset", ana, 0, NOW + RESET_LIFE_S, token[3]));
    assert_false(token_lives(&site, "reset", token[0], NOW));
    assert_true(token_lives(&site, "reset", token[1], NOW));
    assert_true(token_lives(&site, "preview", token[2], NOW));
    assert_true(token_lives(&site, "reset", token[3], NOW));
    assert_true(token_make(site.store, "setup", 0, 0, NOW + SETUP_LIFE_S, token[0]));
    assert_true(token_make(site.store, "setup", 0, 0, NOW + SETUP_LIFE_S, token[1]));
    assert_false(token_lives(&site, "setup", token[0], NOW));
    assert_true(token_lives(&site, "setup", token[1], NOW));
    /* expired ones are swept out in time */
    assert_true(token_make(site.store, "setup", 0, 0, NOW + 30 * 86400, token[1]));
    assert_int_equal(ask(&site, "SELECT count(*) FROM token"), 1);
    staff_site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_normal_form),
        cmocka_unit_test(test_same_cost),
        cmocka_unit_test(test_rehash),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_damaged_hash),
        cmocka_unit_test(test_account_and_network),
        cmocka_unit_test(test_success_resets),
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_wide_network),
        cmocka_unit_test(test_known_networks),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_names_are_hashed),
        cmocka_unit_test(test_token),
        cmocka_unit_test(test_token_tampering),
        cmocka_unit_test(test_token_replaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
