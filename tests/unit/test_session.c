#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "staff_site.h"

static const char agent[] = "Mozilla/5.0 (X11; Linux x86_64)";

/* Starts a session and gives its cookie's value. */
static void start(struct staff_site *site, int64_t user_id, int64_t now_unix, char token[static SESSION_TOKEN_CAP])
{
    assert_true(session_start(site->store, user_id, "203.0.113.9", agent, now_unix, token));
}

static bool lives(struct staff_site *site, const char *token, int64_t now_unix)
{
    json_t *session = session_find(site->store, token, now_unix);
    assert_non_null(session);
    bool found = json_is_object(session);
    json_decref(session);
    return found;
}

static size_t count(struct staff_site *site, int64_t user_id, int64_t now_unix)
{
    json_t *sessions = session_list(site->store, user_id, now_unix);
    assert_non_null(sessions);
    size_t len = json_array_size(sessions);
    json_decref(sessions);
    return len;
}

/* --- tokens --- */

static void test_token(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ",
                                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+",
                                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'",
                                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\xc3\xa9"};
    char a[SESSION_TOKEN_CAP];
    char b[SESSION_TOKEN_CAP];
    session_token(a);
    session_token(b);
    assert_true(session_token_valid(a));
    assert_true(session_token_valid("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN-_9"));
    assert_string_not_equal(a, b);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(session_token_valid(bad[i]));
}

static void test_csrf(void **state)
{
    (void)state;
    char a[SESSION_TOKEN_CAP];
    char b[SESSION_TOKEN_CAP];
    char csrf[SESSION_TOKEN_CAP];
    char again[SESSION_TOKEN_CAP];
    session_token(a);
    session_token(b);
    session_csrf(a, csrf);
    session_csrf(a, again);
    assert_string_equal(csrf, again);
    assert_string_not_equal(csrf, a);
    assert_true(session_csrf_valid(a, csrf));
    assert_false(session_csrf_valid(b, csrf));
    assert_false(session_csrf_valid(a, a));
    assert_false(session_csrf_valid(a, ""));
    assert_false(session_csrf_valid("", csrf));
    session_csrf("", again);
    assert_false(session_csrf_valid("", again));
    csrf[SESSION_TOKEN_CAP - 2] = csrf[SESSION_TOKEN_CAP - 2] == 'A' ? 'B' : 'A';
    assert_false(session_csrf_valid(a, csrf));
    csrf[SESSION_TOKEN_CAP - 2] = '\0';
    assert_false(session_csrf_valid(a, csrf));
}

/* --- sessions --- */

static void test_start_and_find(void **state)
{
    (void)state;
    struct staff_site site;
    char token[SESSION_TOKEN_CAP];
    char other[SESSION_TOKEN_CAP];
    staff_site_open(&site);
    int64_t ana = add_user(&site, "Ana", "editor");
    session_token(other);
    check_null(session_find(site.store, other, NOW));
    check_null(session_find(site.store, "", NOW));
    check_null(session_find(site.store, "' OR 1=1 --", NOW));
    start(&site, ana, NOW, token);
    json_t *session = session_find(site.store, token, NOW + 1);
    assert_int_equal(json_integer_value(json_object_get(session, "user_id")), ana);
    assert_int_equal(json_integer_value(json_object_get(session, "seen_unix")), NOW);
    assert_true(json_integer_value(json_object_get(session, "session_id")) > 0);
    assert_string_equal(json_string_value(json_object_get(session, "role")), "editor");
    check_text(session, "name", "Ana");
    assert_false(lives(&site, other, NOW));
    start(&site, ana, NOW, other);
    assert_string_not_equal(token, other);
    assert_true(lives(&site, token, NOW) && lives(&site, other, NOW));
    json_t *user = user_get(site.store, ana);
    assert_int_equal(json_integer_value(json_object_get(user, "seen_unix")), NOW);
    json_decref(user);
    staff_site_close(&site);
}

/* Whoever reads the database finds nothing that opens a session. */
static void test_only_hash_is_stored(void **state)
{
    (void)state;
    struct staff_site site;
    char token[SESSION_TOKEN_CAP];
    char link[TOKEN_CAP];
    char command[512];
    staff_site_open(&site);
    start(&site, add_user(&site, "Ana", "editor"), NOW, token);
    assert_true(token_make(site.store, "setup", 0, 0, NOW + SETUP_LIFE_S, link));
    snprintf(command, sizeof command, "grep -q -a -e '%s' -e '%s' -e '%s' %s/*", token, link, good_password,
             site.folder);
    assert_int_not_equal(system(command), 0);
    snprintf(command, sizeof command, "grep -q -a -e '%s' %s/*", agent, site.folder);
    assert_int_equal(system(command), 0);
    staff_site_close(&site);
}

static void test_idle_limit(void **state)
{
    (void)state;
    struct staff_site site;
    char token[SESSION_TOKEN_CAP];
    staff_site_open(&site);
    int64_t ana = add_user(&site, "Ana", "editor");
    start(&site, ana, NOW, token);
    assert_true(lives(&site, token, NOW + SESSION_IDLE_S - 1));
    assert_int_equal(count(&site, ana, NOW + SESSION_IDLE_S - 1), 1);
    assert_false(lives(&site, token, NOW + SESSION_IDLE_S));
    assert_int_equal(count(&site, ana, NOW + SESSION_IDLE_S), 0);
    json_t *session = session_find(site.store, token, NOW);
    assert_true(session_touch(site.store, session, NOW + SESSION_TOUCH_S - 1));
    assert_false(lives(&site, token, NOW + SESSION_IDLE_S));
    assert_true(session_touch(site.store, session, NOW + SESSION_TOUCH_S));
    assert_true(lives(&site, token, NOW + SESSION_IDLE_S));
    assert_false(lives(&site, token, NOW + SESSION_TOUCH_S + SESSION_IDLE_S));
    json_decref(session);
    json_t *user = user_get(site.store, ana);
    assert_int_equal(json_integer_value(json_object_get(user, "seen_unix")), NOW + SESSION_TOUCH_S);
    json_decref(user);
    staff_site_close(&site);
}

static void test_absolute_limit(void **state)
{
    (void)state;
    struct staff_site site;
    char token[SESSION_TOKEN_CAP];
    staff_site_open(&site);
    start(&site, add_user(&site, "Ana", "editor"), NOW, token);
    for (int64_t now_unix = NOW; now_unix < NOW + SESSION_LIFE_S; now_unix += SESSION_IDLE_S / 2) {
        json_t *session = session_find(site.store, token, now_unix);
        assert_true(json_is_object(session));
        assert_true(session_touch(site.store, session, now_unix));
        json_decref(session);
    }
    assert_true(lives(&site, token, NOW + SESSION_LIFE_S - 1));
    assert_false(lives(&site, token, NOW + SESSION_LIFE_S));
    staff_site_close(&site);
}

/* The table does not grow by those that ended by themselves: the next start takes them away. */
static void test_purge(void **state)
{
    (void)state;
    struct staff_site site;
    char token[SESSION_TOKEN_CAP];
    char later[SESSION_TOKEN_CAP];
    staff_site_open(&site);
    int64_t ana = add_user(&site, "Ana", "editor");
    start(&site, ana, NOW, token);
    start(&site, ana, NOW + SESSION_IDLE_S - 1, later);
    assert_true(lives(&site, token, NOW));
    start(&site, ana, NOW + SESSION_IDLE_S, later);
    assert_false(lives(&site, token, NOW));
    assert_int_equal(count(&site, ana, NOW + SESSION_IDLE_S), 2);
    staff_site_close(&site);
}

static void test_end(void **state)
{
    (void)state;
    struct staff_site site;
    char a[SESSION_TOKEN_CAP];
    char b[SESSION_TOKEN_CAP];
    staff_site_open(&site);
    int64_t ana = add_user(&site, "Ana", "editor");
    start(&site, ana, NOW, a);
    start(&site, ana, NOW, b);
    assert_true(session_end(site.store, a));
    assert_true(session_end(site.store, a));
    assert_true(session_end(site.store, ""));
    assert_false(lives(&site, a, NOW));
    assert_true(lives(&site, b, NOW));
    staff_site_close(&site);
}

static void test_list_and_end_some(void **state)
{
    (void)state;
    struct staff_site site;
    char token[4][SESSION_TOKEN_CAP];
    staff_site_open(&site);
    int64_t ana = add_user(&site, "Ana", "editor");
    int64_t boris = add_user(&site, "Boris", "admin");
    for (int i = 0; i < 3; i++)
        start(&site, ana, NOW + i, token[i]);
    start(&site, boris, NOW, token[3]);
    json_t *sessions = session_list(site.store, ana, NOW + 3);
    assert_int_equal(json_array_size(sessions), 3);
    int64_t ids[3];
    for (size_t i = 0; i < 3; i++) {
        json_t *session = json_array_get(sessions, i);
        ids[2 - i] = json_integer_value(json_object_get(session, "session_id"));
        assert_int_equal(json_integer_value(json_object_get(session, "created_unix")), NOW + 2 - (int)i);
        assert_string_equal(json_string_value(json_object_get(session, "client")), "203.0.113.9");
        assert_string_equal(json_string_value(json_object_get(session, "agent")), agent);
    }
    json_decref(sessions);
    /* somebody else's session is not mine to end */
    assert_true(session_end_one(site.store, boris, ids[0]));
    assert_true(lives(&site, token[0], NOW + 3));
    assert_true(session_end_one(site.store, ana, ids[0]));
    assert_false(lives(&site, token[0], NOW + 3));
    assert_true(session_end_others(site.store, ana, ids[1]));
    assert_true(lives(&site, token[1], NOW + 3));
    assert_false(lives(&site, token[2], NOW + 3));
    assert_true(lives(&site, token[3], NOW + 3));
    assert_true(session_end_others(site.store, ana, 0));
    assert_int_equal(count(&site, ana, NOW + 3), 0);
    assert_int_equal(count(&site, boris, NOW + 3), 1);
    staff_site_close(&site);
}

static void test_ends_with_user(void **state)
{
    (void)state;
    struct staff_site site;
    char token[SESSION_TOKEN_CAP];
    char boris_token[SESSION_TOKEN_CAP];
    staff_site_open(&site);
    int64_t ana = add_user(&site, "Ana", "editor");
    int64_t boris = add_user(&site, "Boris", "admin");
    start(&site, boris, NOW, boris_token);
    start(&site, ana, NOW, token);
    assert_int_equal(user_set_password(site.store, nobody, ana, "another long one", MEMORY_KIB, NOW), USER_OK);
    assert_false(lives(&site, token, NOW));
    start(&site, ana, NOW, token);
    assert_int_equal(user_set_disabled(site.store, nobody, ana, true, NOW, NULL), USER_OK);
    assert_false(lives(&site, token, NOW));
    /* one that began while the user was being disabled is worth nothing, until the user is enabled */
    start(&site, ana, NOW, token);
    assert_false(lives(&site, token, NOW));
    assert_int_equal(user_set_disabled(site.store, nobody, ana, false, NOW, NULL), USER_OK);
    assert_true(lives(&site, token, NOW));
    assert_true(lives(&site, boris_token, NOW));
    staff_site_close(&site);
}

/* Another role counts at once, in sessions that live. */
static void test_role_is_current(void **state)
{
    (void)state;
    struct staff_site site;
    char token[SESSION_TOKEN_CAP];
    staff_site_open(&site);
    add_user(&site, "Ana", "admin");
    int64_t boris = add_user(&site, "Boris", "admin");
    start(&site, boris, NOW, token);
    assert_int_equal(user_set_role(site.store, nobody, boris, "editor", NOW, NULL), USER_OK);
    check_text(session_find(site.store, token, NOW), "role", "editor");
    staff_site_close(&site);
}

static void test_hostile_agent(void **state)
{
    (void)state;
    struct staff_site site;
    char token[SESSION_TOKEN_CAP];
    char huge[5000];
    staff_site_open(&site);
    int64_t ana = add_user(&site, "Ana", "editor");
    memset(huge, '\xff', sizeof huge - 1);
    huge[0] = '<';
    huge[1] = '\n';
    huge[sizeof huge - 1] = '\0';
    assert_true(session_start(site.store, ana, "", huge, NOW, token));
    json_t *sessions = session_list(site.store, ana, NOW);
    const char *stored = json_string_value(json_object_get(json_array_get(sessions, 0), "agent"));
    assert_int_equal(strlen(stored), 200);
    assert_memory_equal(stored, "<???", 4);
    json_decref(sessions);
    staff_site_close(&site);
}

static void test_unknown_user(void **state)
{
    (void)state;
    struct staff_site site;
    char token[SESSION_TOKEN_CAP];
    staff_site_open(&site);
    assert_false(session_start(site.store, 77, "", "", NOW, token));
    assert_false(lives(&site, token, NOW));
    staff_site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token),
        cmocka_unit_test(test_csrf),
        cmocka_unit_test(test_start_and_find),
        cmocka_unit_test(test_only_hash_is_stored),
        cmocka_unit_test(test_idle_limit),
        cmocka_unit_test(test_absolute_limit),
        cmocka_unit_test(test_purge),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_list_and_end_some),
        cmocka_unit_test(test_ends_with_user),
        cmocka_unit_test(test_role_is_current),
        cmocka_unit_test(test_hostile_agent),
        cmocka_unit_test(test_unknown_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
