#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "staff_site.h"

/* 30 times "0123456789" is longer than a password may be. */
#define TEN "0e23456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

static void check_problem(const char *what, const char *problem, const char *expected)
{
    if (expected == NULL && problem != NULL)
        fail_msg("\"%s\" %s", what, problem);
    if (expected != NULL && (problem == NULL || strstr(problem, expected) == NULL))
        fail_msg("\"%s\" %s, but should not be: %s", what, problem == NULL ? "is taken" : problem, expected);
}

static void test_name_problem(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"Ana", NULL},
        {"ana.maria@ilo.example", NULL},
        {"Ana Maria O'Neill", NULL},
        {"សុភា", NULL},
        {"ශ්‍රී", NULL},
        {"a", NULL},
        {SIXTY, NULL},
        {"", "is missing"},
        {"   ", "is missing"},
        {"\xe3\x80\x80", "is missing"},
        {SIXTY "x", "longer than 60"},
        {"      " SIXTY "      ", NULL},
        {"A\x01na", "cannot be seen"},
        {"A\xe2\x80\xaena", "cannot be seen"},
        {"A\xe2\x80\x8bna", "cannot be seen"},
        {"A\xc2\xadna", "cannot be seen"},
        {"A\xee\x80\x80na", "cannot be seen"},
        {"A\xffna", "UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_problem(cases[i][0], user_name_problem(cases[i][0]), cases[i][1]);
    char *long_name = calloc(1, 60 * strlen("e\u0302\u0301") + 3);
    for (int i = 0; i < 60; i++)
        strcat(long_name, "e\u0302\u0301");
    assert_null(user_name_problem(long_name));
    strcat(long_name, "xy");
    check_problem(long_name, user_name_problem(long_name), "longer than 60");
    char *normal = user_name_normal(long_name);
    assert_string_equal(normal, "");
    free(normal);
    free(long_name);
}

/* Nobody has a name or a password that is too long, whatever they begin with. */
static void test_too_long_to_log_in(void **state)
{
    (void)state;
    enum { MANY = 300000 };
    struct staff_site site;
    int64_t id = 0;
    staff_site_open(&site);
    add_user(&site, "Ana", "admin");
    char *name = calloc(1, MANY + 10), *password = calloc(1, MANY + 100);
    strcpy(name, "Ana");
    strcpy(password, good_password);
    for (size_t len = 0; len < MANY; len += strlen("\u0301")) {
        strcpy(name + 3 + len, len < MANY / 2 ? "\u0301" : "\u0316");
        strcpy(password + strlen(good_password) + len, len < MANY / 2 ? "\u0301" : "\u0316");
    }
    assert_int_equal(login_check(site.store, name, good_password, "::1", MEMORY_KIB, NOW, &id), USER_WRONG);
    assert_int_equal(login_check(site.store, "Ana", password, "::1", MEMORY_KIB, NOW, &id), USER_WRONG);
    assert_int_equal(login_check(site.store, " Ana ", good_password, "::1", MEMORY_KIB, NOW, &id), USER_OK);
    check_problem("a long password", user_password_problem(name, password), "longer than 200");
    free(password);
    free(name);
    staff_site_close(&site);
}

static void test_password_problem(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {good_password, NULL},
        {"twelve chars", NULL},
        {"សុភាសុភាសុភាក", NULL},
        {SIXTY SIXTY SIXTY TEN TEN, NULL},
        {"", "shorter than 12"},
        {"eleven char", "shorter than 12"},
        {"ééééééééééé", "shorter than 12"},
        {SIXTY SIXTY SIXTY TEN TEN "x", "longer than 200"},
        {"password1234", "guessed first"},
        {"PassWord1234", "guessed first"},
        {"123456789012", "guessed first"},
        {"aaaaaaaaaaaaaaa", "guessed first"},
        {"xyxyxyxyxyxyx", "guessed first"},
        {"Ana Maria Santos", "user name"},
        {"ANA MARIA SANTOS", "user name"},
        {"the tiger\nswims", "keyboards"},
        {"the tiger\tswims", "keyboards"},
        {"the tiger \x03 swims", "keyboards"},
        {"the tiger \xff swims", "keyboards"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_problem(cases[i][0], user_password_problem(" Ana  Maria Santos", cases[i][0]), cases[i][1]);
}

/* The newest row of the activity list. */
static void check_activity(struct staff_site *site, const char *action, const char *subject, const char *detail)
{
    json_t *rows = activity_list(site->store, 0, 0, "", 0, 1);
    json_t *newest = json_array_get(rows, 0);
    assert_non_null(newest);
    assert_string_equal(json_string_value(json_object_get(newest, "action")), action);
    assert_string_equal(json_string_value(json_object_get(newest, "subject")), subject);
    assert_string_equal(json_string_value(json_object_get(newest, "detail")), detail);
    json_decref(rows);
}

static size_t activity_count(struct staff_site *site)
{
    json_t *rows = activity_list(site->store, 0, 0, "", 0, 100);
    size_t len = json_array_size(rows);
    json_decref(rows);
    return len;
}

static void test_add(void **state)
{
    (void)state;
    struct staff_site site;
    int64_t id = 0;
    staff_site_open(&site);
    assert_int_equal(user_none(site.store), 1);
    int64_t ana = add_user(&site, "Ana", "admin");
    assert_int_equal(user_none(site.store), 0);
    check_activity(&site, "add user", "Ana", "admin");
    json_t *user = user_get(site.store, ana);
    assert_int_equal(json_integer_value(json_object_get(user, "created_unix")), NOW);
    assert_true(json_is_null(json_object_get(user, "seen_unix")));
    assert_true(json_is_false(json_object_get(user, "disabled")));
    assert_null(json_object_get(user, "password"));
    check_text(user, "role", "admin");
    static const char *const same[] = {"Ana", "ana", " ANA ", "Ana\n"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        assert_int_equal(user_add(site.store, nobody, same[i], "editor", NULL, MEMORY_KIB, NOW, &id, NULL), USER_TAKEN);
        check_text(user_by_name(site.store, same[i]), "name", "Ana");
    }
    assert_int_equal(activity_count(&site), 1);
    check_null(user_by_name(site.store, "An"));
    check_null(user_by_name(site.store, "An%"));
    check_null(user_get(site.store, ana + 1));
    add_user(&site, "  Jose\xcc\x81   Maria ", "editor");
    check_text(user_by_name(site.store, "Jos\xc3\xa9 Maria"), "name", "Jos\xc3\xa9 Maria");
    json_t *users = user_list(site.store);
    assert_int_equal(json_array_size(users), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(users, 0), "name")), "Ana");
    json_decref(users);
    staff_site_close(&site);
}

static void test_set_password(void **state)
{
    (void)state;
    struct staff_site site;
    int64_t id = 0;
    char link[TOKEN_CAP];
    char preview[TOKEN_CAP];
    staff_site_open(&site);
    int64_t ana = add_user(&site, "Ana", "admin");
    assert_true(token_make(site.store, "reset", ana, 0, NOW + RESET_LIFE_S, link));
    assert_true(token_make(site.store, "preview", ana, 0, NOW + RESET_LIFE_S, preview));
    assert_int_equal(user_set_password(site.store, nobody, ana, "another long one", MEMORY_KIB, NOW), USER_OK);
    check_activity(&site, "change password", "Ana", "");
    check_null(token_find(site.store, "reset", link, NOW));
    json_t *kept = token_find(site.store, "preview", preview, NOW);
    assert_true(json_is_object(kept));
    json_decref(kept);
    assert_int_equal(login_check(site.store, "Ana", good_password, "::1", MEMORY_KIB, NOW, &id), USER_WRONG);
    assert_int_equal(login_check(site.store, "Ana", "another long one", "::1", MEMORY_KIB, NOW, &id), USER_OK);
    assert_int_equal(id, ana);
    assert_int_equal(user_set_password(site.store, nobody, ana + 1, good_password, MEMORY_KIB, NOW), USER_UNKNOWN);
    assert_int_equal(activity_count(&site), 2);
    staff_site_close(&site);
}

static void test_disable(void **state)
{
    (void)state;
    struct staff_site site;
    char link[TOKEN_CAP];
    staff_site_open(&site);
    add_user(&site, "Ana", "admin");
    int64_t boris = add_user(&site, "Boris", "editor");
    assert_true(token_make(site.store, "reset", boris, 0, NOW + RESET_LIFE_S, link));
    assert_int_equal(user_set_disabled(site.store, nobody, boris, true, NOW, NULL), USER_OK);
    check_activity(&site, "disable user", "Boris", "");
    check_null(token_find(site.store, "reset", link, NOW));
    json_t *user = user_get(site.store, boris);
    assert_true(json_is_true(json_object_get(user, "disabled")));
    json_decref(user);
    assert_int_equal(user_set_disabled(site.store, nobody, boris, true, NOW, NULL), USER_OK);
    assert_int_equal(activity_count(&site), 3);
    assert_int_equal(user_set_disabled(site.store, nobody, boris, false, NOW, NULL), USER_OK);
    check_activity(&site, "enable user", "Boris", "");
    assert_int_equal(user_set_disabled(site.store, nobody, 99, true, NOW, NULL), USER_UNKNOWN);
    staff_site_close(&site);
}

static void check_last_admin(struct staff_site *site, int64_t id)
{
    assert_int_equal(user_set_disabled(site->store, nobody, id, true, NOW, NULL), USER_LAST_ADMIN);
    assert_int_equal(user_set_role(site->store, nobody, id, "editor", NOW, NULL), USER_LAST_ADMIN);
    json_t *user = user_get(site->store, id);
    assert_true(json_is_false(json_object_get(user, "disabled")));
    check_text(user, "role", "admin");
}

static void test_last_admin(void **state)
{
    (void)state;
    struct staff_site site;
    int64_t dara = 0;
    staff_site_open(&site);
    int64_t ana = add_user(&site, "Ana", "admin");
    int64_t boris = add_user(&site, "Boris", "editor");
    size_t before = activity_count(&site);
    check_last_admin(&site, ana);
    assert_int_equal(activity_count(&site), before);
    /* an admin who is disabled, or has no password yet, is none to rely on */
    int64_t chea = add_user(&site, "Chea", "admin");
    assert_int_equal(user_set_disabled(site.store, nobody, chea, true, NOW, NULL), USER_OK);
    assert_int_equal(user_add(site.store, nobody, "Dara", "admin", NULL, MEMORY_KIB, NOW, &dara, NULL), USER_OK);
    check_last_admin(&site, ana);
    assert_int_equal(user_set_role(site.store, nobody, chea, "editor", NOW, NULL), USER_OK);
    assert_int_equal(user_set_role(site.store, nobody, boris, "admin", NOW, NULL), USER_OK);
    check_activity(&site, "change role", "Boris", "admin");
    assert_int_equal(user_set_role(site.store, nobody, ana, "editor", NOW, NULL), USER_OK);
    check_last_admin(&site, boris);
    assert_int_equal(user_set_role(site.store, nobody, boris, "admin", NOW, NULL), USER_OK);
    assert_int_equal(user_set_role(site.store, nobody, 99, "admin", NOW, NULL), USER_UNKNOWN);
    staff_site_close(&site);
}

/* More memory than there is: a fault in words of the caller's, and nothing is stored. */
static void test_no_memory(void **state)
{
    (void)state;
    struct staff_site site;
    int64_t id = 0;
    size_t too_much_kib = (size_t)1 << 33;
    staff_site_open(&site);
    assert_int_equal(user_add(site.store, nobody, "Ana", "admin", good_password, too_much_kib, NOW, &id, NULL),
                     USER_UNHASHED);
    assert_int_equal(user_none(site.store), 1);
    staff_site_close(&site);
}

static void check_user(struct staff_site *site, int64_t id, const char *role, bool disabled)
{
    json_t *user = user_get(site->store, id);
    assert_string_equal(json_string_value(json_object_get(user, "role")), role);
    assert_int_equal(json_is_true(json_object_get(user, "disabled")), disabled);
    json_decref(user);
}

/* The last change of a user is taken back, and that again; none before it. */
static void test_undo(void **state)
{
    (void)state;
    struct staff_site site;
    int64_t disabled, enabled, made, none;
    staff_site_open(&site);
    int64_t ana = add_user(&site, "Ana", "admin");
    int64_t boris = add_user(&site, "Boris", "editor");
    assert_int_equal(user_set_disabled(site.store, nobody, boris, true, NOW, &disabled), USER_OK);
    assert_int_equal(user_set_disabled(site.store, nobody, boris, true, NOW, &none), USER_OK);
    assert_int_equal(none, 0);
    assert_int_equal(user_undo(site.store, nobody, disabled, NOW, &enabled), USER_OK);
    check_user(&site, boris, "editor", false);
    assert_int_equal(user_undo(site.store, nobody, disabled, NOW, &none), USER_UNKNOWN);
    assert_int_equal(user_undo(site.store, nobody, enabled, NOW, &none), USER_OK);
    check_user(&site, boris, "editor", true);
    assert_int_equal(user_set_disabled(site.store, nobody, boris, false, NOW, &none), USER_OK);
    assert_int_equal(user_set_role(site.store, nobody, boris, "admin", NOW, &made), USER_OK);
    assert_int_equal(user_undo(site.store, nobody, none, NOW, &none), USER_UNKNOWN);
    assert_int_equal(user_set_role(site.store, nobody, ana, "editor", NOW, &none), USER_OK);
    assert_int_equal(user_undo(site.store, nobody, made, NOW, &none), USER_LAST_ADMIN);
    check_user(&site, boris, "admin", false);
    assert_int_equal(user_set_role(site.store, nobody, ana, "admin", NOW, NULL), USER_OK);
    assert_int_equal(user_undo(site.store, nobody, made, NOW + 30 * 86400, &none), USER_UNKNOWN);
    assert_int_equal(user_undo(site.store, nobody, made, NOW, &none), USER_OK);
    check_user(&site, boris, "editor", false);
    staff_site_close(&site);
}

/* Who was added goes again, unless they have been here: then the door is shut, and can be opened again. */
static void test_undo_add(void **state)
{
    (void)state;
    struct staff_site site;
    char session[SESSION_TOKEN_CAP], link[TOKEN_CAP];
    int64_t boris, chea, added, shut, none;
    staff_site_open(&site);
    int64_t ana = add_user(&site, "Ana", "admin");
    assert_int_equal(user_add(site.store, nobody, "Boris", "admin", good_password, MEMORY_KIB, NOW, &boris, &added),
                     USER_OK);
    assert_true(token_make(site.store, "reset", boris, 0, NOW + RESET_LIFE_S, link));
    assert_int_equal(user_undo(site.store, nobody, added, NOW + 30 * 86400, &none), USER_UNKNOWN);
    assert_int_equal(user_set_role(site.store, nobody, ana, "editor", NOW, &none), USER_OK);
    assert_int_equal(user_undo(site.store, nobody, added, NOW, &none), USER_LAST_ADMIN);
    assert_int_equal(user_set_role(site.store, nobody, ana, "admin", NOW, NULL), USER_OK);
    assert_int_equal(user_undo(site.store, nobody, added, NOW, &none), USER_OK);
    assert_int_equal(none, 0);
    check_null(user_get(site.store, boris));
    check_null(token_find(site.store, "reset", link, NOW));
    check_activity(&site, "delete user", "Boris", "");
    assert_int_equal(user_undo(site.store, nobody, added, NOW, &none), USER_UNKNOWN);
    assert_int_equal(user_add(site.store, nobody, "Chea", "editor", good_password, MEMORY_KIB, NOW, &chea, &added),
                     USER_OK);
    assert_true(session_start(site.store, chea, "", "", NOW, session));
    assert_int_equal(user_undo(site.store, nobody, added, NOW, &shut), USER_OK);
    check_user(&site, chea, "editor", true);
    check_null(session_find(site.store, session, NOW));
    assert_int_equal(user_undo(site.store, nobody, added, NOW, &none), USER_UNKNOWN);
    assert_int_equal(user_undo(site.store, nobody, shut, NOW, &none), USER_OK);
    check_user(&site, chea, "editor", false);
    staff_site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name_problem), cmocka_unit_test(test_password_problem),
        cmocka_unit_test(test_add),          cmocka_unit_test(test_set_password),
        cmocka_unit_test(test_disable),      cmocka_unit_test(test_last_admin),
        cmocka_unit_test(test_no_memory),    cmocka_unit_test(test_undo),
        cmocka_unit_test(test_undo_add),     cmocka_unit_test(test_too_long_to_log_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
