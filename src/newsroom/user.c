#include "warta/newsroom/user.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "password.h"
#include "warta/base/mem.h"
#include "warta/base/text.h"
#include "warta/newsroom/editing.h"
#include "warta/newsroom/undo.h"

/* --- names and passwords --- */

/* NULL if the name is too long (*owned*). */
static char *normal_name(const char *name)
{
    char *line = text_single_line(name);
    char *normal = text_nfc(line, TEXT_NFC_BYTES * USER_NAME_MAX);
    free(line);
    if (normal == NULL || text_length(normal) <= USER_NAME_MAX)
        return normal;
    free(normal);
    return NULL;
}

char *user_name_normal(const char *name)
{
    char *normal = normal_name(name);
    return normal == NULL ? mem_copy("", 0) : normal;
}

/* A character that nobody can see could make two names look the same. The joiners are part of how Sinhala and Persian
 * are spelled (Unicode 15, 23.2). */
static bool is_visible(UChar32 point)
{
    static const uint32_t hidden = U_GC_C_MASK | U_GC_ZL_MASK | U_GC_ZP_MASK;
    return point == 0x200C || point == 0x200D || (U_GET_GC_MASK(point) & hidden) == 0;
}

static bool all_visible(const char *text)
{
    bool visible = true;
    for (int32_t at = 0; text[at] != '\0' && visible;) {
        UChar32 point;
        U8_NEXT_UNSAFE(text, at, point);
        visible = is_visible(point);
    }
    return visible;
}

const char *user_name_problem(const char *name)
{
    if (!text_valid(name, strlen(name)))
        return "is not valid UTF-8";
    char *normal = normal_name(name);
    const char *problem = NULL;
    if (normal == NULL)
        problem = "is longer than 60 characters";
    else if (*normal == '\0')
        problem = "is missing";
    else if (!all_visible(normal))
        problem = "holds a character that cannot be seen";
    free(normal);
    return problem;
}
static_assert(USER_NAME_MAX == 60 && PASSWORD_MIN == 12 && PASSWORD_MAX == 200, "as the words above and below say");

/* Those that guessers try first and that are long enough, a line each. */
static const char common[] =
    "012345678901\n0123456789012\n098765432109\n0987654321098765\n112233445566\n11223344556677\n123123123123\n"
    "123321123321\n123412341234\n1234512345123\n123456789012\n1234567890123\n12345678901234\n123456789012345\n"
    "1234567890123456\n123456789123\n123456789123456\n147258369147\n1q2w3e4r5t6y\n1q2w3e4r5t6y7u\n"
    "1q2w3e4r5t6y7u8i\n1qaz2wsx3edc\n1qaz2wsx3edc4rfv\n987654321098\na1b2c3d4e5f6\naa123456789012\n"
    "abc123abc123\nabcd12345678\nabcd1234abcd\nabcdefghijkl\nabcdefghijklm\nabcdefghijklmnop\nadmin1234567\n"
    "admin12345678\nadmin123456789\nadminadminadmin\nadministrator\nadministrator1\nadministrator123\n"
    "adminpassword\nasdfasdfasdf\nasdfghjkl123\nchangeme1234\nchangemechangeme\nchangemenow1\n"
    "correct horse battery staple\ncorrecthorsebatterystaple\niloveyou1234\niloveyou12345\niloveyouiloveyou\n"
    "letmein12345\nletmeinletmein\nmypassword123\np@ssw0rd1234\np@ssword1234\npassw0rd1234\npassword1234\n"
    "password12345\npassword123456\npassword1password\npasswordpassword\npasswordword\nqazwsxedcrfv\n"
    "qwerty123456\nqwerty1234567\nqwerty12345678\nqwerty123456789\nqwertyqwerty\nqwertyuiop12\nqwertyuiop123\n"
    "qwertyuiop1234\nqwertyuiopasdf\nqwertyuiopasdfgh\nsecretsecret\ntest12345678\ntesttesttest\n"
    "thequickbrown\nunknown12345\nwelcome12345\nwelcome123456\nwelcomewelcome\nzaq12wsxcde3\nzxcvbnm12345\n";

static bool is_common(const char *password)
{
    size_t len = strlen(password);
    size_t entry_len;
    for (const char *entry = common; *entry != '\0'; entry += entry_len + 1) {
        entry_len = strcspn(entry, "\n");
        if (entry_len == len && strncasecmp(entry, password, len) == 0)
            return true;
    }
    return false;
}

/* "aaaaaaaaaaaa", "abababababab" */
static bool is_repeated(const char *password)
{
    size_t len = strlen(password);
    return len > 2 && memcmp(password, password + 2, len - 2) == 0;
}

const char *user_password_problem(const char *name, const char *password)
{
    if (!text_valid(password, strlen(password)) || text_has_controls(password) || strpbrk(password, "\n\t") != NULL)
        return "holds a character that keyboards do not have";
    size_t len = text_length(password);
    char *normal = user_name_normal(name);
    const char *problem = NULL;
    if (len < PASSWORD_MIN)
        problem = "is shorter than 12 characters";
    else if (len > PASSWORD_MAX)
        problem = "is longer than 200 characters";
    else if (strcasecmp(password, normal) == 0)
        problem = "is the user name";
    else if (is_common(password) || is_repeated(password))
        problem = "is one of those that are guessed first";
    free(normal);
    return problem;
}

/* --- small steps, inside a transaction: what fails dooms it --- */

static json_t *id_params(int64_t id)
{
    return json_pack("{s:I}", "id", (json_int_t)id);
}

/* Takes `params` over. */
static json_t *row(struct store *store, enum sql sql, json_t *params)
{
    json_t *result = store_row(store, sql, params);
    json_decref(params);
    return result;
}

static bool run(struct store *store, enum sql sql, json_t *params)
{
    bool ok = store_exec(store, sql, params, NULL);
    json_decref(params);
    return ok;
}

static bool end_doors(struct store *store, int64_t user_id)
{
    return run(store, SQL_SESSION_END_OTHERS, json_pack("{s:I, s:i}", "user_id", (json_int_t)user_id, "keep_id", 0)) &&
           run(store, SQL_TOKEN_DROP_USER, json_pack("{s:s, s:I}", "kind", "reset", "user_id", (json_int_t)user_id));
}

static const char *text(const json_t *user, const char *key)
{
    return json_string_value(json_object_get(user, key));
}

static bool is_admin(const json_t *user)
{
    return strcmp(text(user, "role"), "admin") == 0 && !json_is_true(json_object_get(user, "disabled"));
}

/* Whether an admin may stop being one: another must remain. */
static enum user_outcome check_admins(struct store *store, const json_t *user)
{
    if (!is_admin(user))
        return USER_OK;
    json_t *params = id_params(json_integer_value(json_object_get(user, "id")));
    json_t *others = store_value(store, SQL_USER_ADMINS, params);
    json_decref(params);
    enum user_outcome outcome = others == NULL                    ? USER_FAULT
                                : json_integer_value(others) == 0 ? USER_LAST_ADMIN
                                                                  : USER_OK;
    json_decref(others);
    return outcome;
}

/* Begins a change of a user: a transaction with what is stored in `*user` (*owned*). */
static enum user_outcome change_begin(struct store *store, int64_t user_id, json_t **user)
{
    if (!store_begin(store))
        return USER_FAULT;
    *user = user_get(store, user_id);
    if (json_is_object(*user))
        return USER_OK;
    store_rollback(store);
    return *user == NULL ? USER_FAULT : USER_UNKNOWN;
}

/* Ends it: all of it is kept, or nothing. Takes `user` over. */
static enum user_outcome change_end(struct store *store, json_t *user, enum user_outcome outcome)
{
    json_decref(user);
    if (outcome == USER_OK)
        return store_commit(store) ? USER_OK : USER_FAULT;
    store_rollback(store);
    return outcome;
}

/* --- changes --- */

/* The new user's row; USER_TAKEN if the name is. */
static enum user_outcome insert(struct store *store, const char *name, const char *role, const char *hash,
                                int64_t now_unix, int64_t *user_id)
{
    json_t *taken = user_by_name(store, name);
    bool is_taken = json_is_object(taken);
    json_decref(taken);
    if (is_taken)
        return USER_TAKEN;
    json_t *params = json_pack("{s:s, s:s, s:s, s:I}", "name", name, "role", role, "password", hash, "created_unix",
                               (json_int_t)now_unix);
    json_t *id = store_value(store, SQL_USER_INSERT, params);
    *user_id = json_integer_value(id);
    json_decref(id);
    json_decref(params);
    return *user_id > 0 ? USER_OK : USER_FAULT;
}

enum user_outcome user_add(struct store *store, struct actor actor, const char *name, const char *role,
                           const char *password, size_t memory_kib, int64_t now_unix, int64_t *user_id,
                           int64_t *undo_id)
{
    char hash[PASSWORD_HASH_CAP] = "";
    assert(user_name_problem(name) == NULL);
    if (password != NULL && !password_hash(password, memory_kib, hash))
        return USER_UNHASHED;
    if (!store_begin(store))
        return USER_FAULT;
    char *normal = user_name_normal(name);
    enum user_outcome outcome = insert(store, normal, role, hash, now_unix, user_id);
    bool ok = outcome == USER_OK && activity_add(store, actor, "add user", 0, normal, role, now_unix) &&
              (undo_id == NULL || undo_keep(store, "add user", *user_id, json_object(), 0, now_unix, undo_id));
    free(normal);
    return change_end(store, NULL, outcome == USER_OK && !ok ? USER_FAULT : outcome);
}

enum user_outcome user_set_password(struct store *store, struct actor actor, int64_t user_id, const char *password,
                                    size_t memory_kib, int64_t now_unix)
{
    char hash[PASSWORD_HASH_CAP];
    json_t *user;
    if (!password_hash(password, memory_kib, hash))
        return USER_UNHASHED;
    enum user_outcome outcome = change_begin(store, user_id, &user);
    if (outcome != USER_OK)
        return outcome;
    bool ok = run(store, SQL_USER_PASSWORD_SET, json_pack("{s:I, s:s}", "id", (json_int_t)user_id, "password", hash)) &&
              end_doors(store, user_id) &&
              activity_add(store, actor, "change password", 0, text(user, "name"), "", now_unix);
    return change_end(store, user, ok ? USER_OK : USER_FAULT);
}

/* In the caller's transaction. */
static enum user_outcome set_disabled(struct store *store, struct actor actor, const json_t *user, bool disabled,
                                      int64_t now_unix, int64_t *undo_id)
{
    json_int_t id = json_integer_value(json_object_get(user, "id"));
    if (json_is_true(json_object_get(user, "disabled")) == disabled)
        return USER_OK;
    enum user_outcome outcome = disabled ? check_admins(store, user) : USER_OK;
    bool ok =
        outcome == USER_OK &&
        run(store, SQL_USER_DISABLED_SET, json_pack("{s:I, s:b}", "id", id, "disabled", disabled)) &&
        (!disabled || end_doors(store, id)) &&
        activity_add(store, actor, disabled ? "disable user" : "enable user", 0, text(user, "name"), "", now_unix) &&
        undo_keep(store, "change user", id, json_pack("{s:b}", "disabled", !disabled), 0, now_unix, undo_id);
    return outcome == USER_OK && !ok ? USER_FAULT : outcome;
}

enum user_outcome user_set_disabled(struct store *store, struct actor actor, int64_t user_id, bool disabled,
                                    int64_t now_unix, int64_t *undo_id)
{
    json_t *user;
    if (undo_id != NULL)
        *undo_id = 0;
    enum user_outcome outcome = change_begin(store, user_id, &user);
    if (outcome != USER_OK)
        return outcome;
    return change_end(store, user, set_disabled(store, actor, user, disabled, now_unix, undo_id));
}

enum user_outcome user_set_role(struct store *store, struct actor actor, int64_t user_id, const char *role,
                                int64_t now_unix, int64_t *undo_id)
{
    json_t *user;
    if (undo_id != NULL)
        *undo_id = 0;
    enum user_outcome outcome = change_begin(store, user_id, &user);
    if (outcome != USER_OK)
        return outcome;
    if (strcmp(text(user, "role"), role) == 0)
        return change_end(store, user, USER_OK);
    outcome = check_admins(store, user);
    bool ok =
        outcome == USER_OK &&
        run(store, SQL_USER_ROLE_SET, json_pack("{s:I, s:s}", "id", (json_int_t)user_id, "role", role)) &&
        activity_add(store, actor, "change role", 0, text(user, "name"), role, now_unix) &&
        undo_keep(store, "change user", user_id, json_pack("{s:s}", "role", text(user, "role")), 0, now_unix, undo_id);
    return change_end(store, user, outcome == USER_OK && !ok ? USER_FAULT : outcome);
}

/* Their sessions and links go with them. In the caller's transaction. */
static enum user_outcome delete_user(struct store *store, struct actor actor, const json_t *user, int64_t now_unix)
{
    json_int_t id = json_integer_value(json_object_get(user, "id"));
    enum user_outcome outcome = check_admins(store, user);
    bool ok = outcome == USER_OK && undo_trim(store, "change user", id, now_unix) &&
              run(store, SQL_USER_DELETE, id_params(id)) &&
              activity_add(store, actor, "delete user", 0, text(user, "name"), "", now_unix);
    return outcome == USER_OK && !ok ? USER_FAULT : outcome;
}

static enum user_outcome take_back_add(struct store *store, struct actor actor, int64_t user_id, int64_t undo_id,
                                       int64_t now_unix, int64_t *redo_id)
{
    json_t *user;
    enum user_outcome outcome = change_begin(store, user_id, &user);
    if (outcome != USER_OK)
        return outcome;
    outcome = json_is_null(json_object_get(user, "seen_unix"))
                  ? delete_user(store, actor, user, now_unix)
                  : set_disabled(store, actor, user, true, now_unix, redo_id);
    if (outcome == USER_OK && !undo_drop(store, undo_id))
        outcome = USER_FAULT;
    return change_end(store, user, outcome);
}

enum user_outcome user_undo(struct store *store, struct actor actor, int64_t undo_id, int64_t now_unix,
                            int64_t *redo_id)
{
    json_t *undo = undo_get(store, undo_id, now_unix);
    enum user_outcome outcome = undo == NULL ? USER_FAULT : USER_UNKNOWN;
    int64_t user_id = json_integer_value(json_object_get(undo, "subject_id"));
    *redo_id = 0;
    if (undo_is(undo, "add user")) {
        outcome = take_back_add(store, actor, user_id, undo_id, now_unix, redo_id);
    } else if (undo_is(undo, "change user")) {
        const json_t *was = json_object_get(undo, "was");
        const char *role = json_string_value(json_object_get(was, "role"));
        outcome = role != NULL ? user_set_role(store, actor, user_id, role, now_unix, redo_id)
                               : user_set_disabled(store, actor, user_id,
                                                   json_is_true(json_object_get(was, "disabled")), now_unix, redo_id);
    }
    json_decref(undo);
    return outcome;
}

/* --- questions --- */

json_t *user_list(struct store *store)
{
    return store_rows(store, SQL_USER_LIST, NULL);
}

json_t *user_get(struct store *store, int64_t user_id)
{
    return row(store, SQL_USER_GET, id_params(user_id));
}

json_t *user_by_name(struct store *store, const char *name)
{
    char *normal = user_name_normal(name);
    json_t *user = row(store, SQL_USER_BY_NAME, json_pack("{s:s}", "name", normal));
    free(normal);
    return user;
}

int user_none(struct store *store)
{
    json_t *none = store_value(store, SQL_USER_NONE, NULL);
    int result = none == NULL ? -1 : json_is_true(none);
    json_decref(none);
    return result;
}
