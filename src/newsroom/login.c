#include "warta/newsroom/login.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "password.h"
#include "secret.h"
#include "warta/base/buf.h"
#include "warta/http/client.h"

static_assert((int)TOKEN_CAP == (int)SECRET_CAP, "a token is a secret");

/* Takes `params` over. */
static bool run(struct store *store, enum sql sql, json_t *params)
{
    bool ok = store_exec(store, sql, params, NULL);
    json_decref(params);
    return ok;
}

static json_t *row(struct store *store, enum sql sql, json_t *params)
{
    json_t *result = store_row(store, sql, params);
    json_decref(params);
    return result;
}

/* --- how failures slow down --- */

/* The failures of one kind of key: the first are free, the next costs 2 seconds, then 4, 8 ..., `max_s` at most. */
struct limit {
    char kind;
    bool by_name, by_network;
    int free_failures;
    int64_t max_s;
    enum sql on_success;
};

/* The last is mild, as strangers can fill it from anywhere while its owner wants to log in. */
static const struct limit limits[] = {
    {'b', true, true, 5, 15 * 60, SQL_LOGIN_FAILURE_RESET},
    {'n', false, true, 20, 15 * 60, SQL_LOGIN_FAILURE_FORGIVE},
    {'a', true, false, 50, 30, SQL_LOGIN_FAILURE_FORGIVE},
};

enum { LIMITS = sizeof limits / sizeof *limits };

/* The keys of one login, in the order of the limits. */
struct keys {
    char key[LIMITS][2 + 2 * crypto_generichash_BYTES];
};

/* Names are hashed, as now and then somebody types a password where the name belongs. */
static void keys_init(struct keys *keys, const char *normal_name, const char *client)
{
    char network[CLIENT_CAP];
    client_network(client, network);
    for (size_t i = 0; i < LIMITS; i++) {
        struct buf words = BUF_EMPTY;
        unsigned char hash[crypto_generichash_BYTES];
        buf_text(&words, limits[i].by_name ? normal_name : "");
        for (size_t c = 0; c < words.len; c++)
            words.data[c] = (char)(words.data[c] >= 'A' && words.data[c] <= 'Z' ? words.data[c] + 32 : words.data[c]);
        buf_char(&words, '\n');
        buf_text(&words, limits[i].by_network ? network : "");
        crypto_generichash(hash, sizeof hash, (const unsigned char *)words.data, words.len, NULL, 0);
        keys->key[i][0] = limits[i].kind;
        sodium_bin2hex(keys->key[i] + 1, sizeof keys->key[i] - 1, hash, sizeof hash);
        buf_release(&words);
    }
}

static int64_t delay_of(const struct limit *limit, const json_t *failure, int64_t now_unix)
{
    int64_t over = json_integer_value(json_object_get(failure, "failures")) - limit->free_failures;
    int64_t passed_s = now_unix - json_integer_value(json_object_get(failure, "last_unix"));
    if (over <= 0 || passed_s >= LOGIN_FORGET_S)
        return 0;
    int64_t wait_s = over < 16 ? (int64_t)1 << over : limit->max_s;
    wait_s = wait_s < limit->max_s ? wait_s : limit->max_s;
    return passed_s >= wait_s ? 0 : wait_s - passed_s;
}

static json_t *key_params(const struct keys *keys, size_t limit)
{
    return json_pack("{s:s}", "key", keys->key[limit]);
}

/* The failures under a key (*owned*); NULL on a fault. */
static json_t *failure_get(struct store *store, const struct keys *keys, size_t limit, int64_t now_unix)
{
    json_t *failure = row(store, SQL_LOGIN_FAILURE_GET, key_params(keys, limit));
    if (json_integer_value(json_object_get(failure, "last_unix")) <= now_unix)
        return failure;
    json_t *params = key_params(keys, limit);
    json_object_set_new(params, "now_unix", json_integer(now_unix));
    json_object_set_new(failure, "last_unix", json_integer(now_unix));
    if (run(store, SQL_LOGIN_FAILURE_SETTLE, params))
        return failure;
    json_decref(failure);
    return NULL;
}

int64_t login_delay_s(struct store *store, const char *name, const char *client, int64_t now_unix)
{
    struct keys keys;
    char *normal = user_name_normal(name);
    keys_init(&keys, normal, client);
    free(normal);
    int64_t longest_s = 0;
    for (size_t i = 0; i < LIMITS; i++) {
        json_t *failure = failure_get(store, &keys, i, now_unix);
        if (failure == NULL)
            return -1;
        int64_t delay_s = delay_of(&limits[i], failure, now_unix);
        longest_s = delay_s > longest_s ? delay_s : longest_s;
        json_decref(failure);
    }
    return longest_s;
}

/* Counts before the password is looked at, so that many attempts at once cannot overtake their count. */
static bool count_failure(struct store *store, const struct keys *keys, int64_t now_unix)
{
    json_int_t forget_unix = now_unix - LOGIN_FORGET_S;
    if (!store_begin(store))
        return false;
    for (size_t i = 0; i < LIMITS; i++)
        run(store, SQL_LOGIN_FAILURE_ADD,
            json_pack("{s:s, s:I, s:I}", "key", keys->key[i], "now_unix", (json_int_t)now_unix, "forget_unix",
                      forget_unix));
    run(store, SQL_LOGIN_FAILURE_TRIM, json_pack("{s:I, s:i}", "forget_unix", forget_unix, "max", LOGIN_FAILURES_MAX));
    return store_commit(store);
}

/* --- logging in --- */

/* The hash that a password must fit; NULL where nobody can log in by that name. */
static const char *hash_of(const json_t *user)
{
    bool may = json_is_object(user) && !json_is_true(json_object_get(user, "disabled"));
    return may ? json_string_value(json_object_get(user, "password")) : NULL;
}

/* Takes the count back, and keeps the password's new hash. Hashing took a while: where the user was disabled or got
 * another password meanwhile, this was the wrong one. */
static enum user_outcome settle(struct store *store, const struct keys *keys, const json_t *user, const char *new_hash)
{
    size_t changed = 0;
    json_t *params = json_pack("{s:O, s:O, s:s}", "id", json_object_get(user, "id"), "was",
                               json_object_get(user, "password"), "password", new_hash);
    bool begun = store_begin(store);
    bool ok = begun && store_exec(store, SQL_USER_REHASH, params, &changed);
    for (size_t i = 0; i < LIMITS && changed > 0; i++)
        ok = ok && run(store, limits[i].on_success, key_params(keys, i));
    json_decref(params);
    ok = begun && store_commit(store) && ok;
    return !ok ? USER_FAULT : changed > 0 ? USER_OK : USER_WRONG;
}

static enum user_outcome check(struct store *store, const struct keys *keys, const json_t *user, const char *password,
                               size_t memory_kib)
{
    char new_hash[PASSWORD_HASH_CAP];
    const char *hash = hash_of(user);
    int right = password_check(hash, password, memory_kib);
    if (right != 1)
        return right == 0 ? USER_WRONG : USER_UNHASHED;
    bool outdated = password_is_outdated(hash, memory_kib);
    if (outdated && !password_hash(password, memory_kib, new_hash))
        return USER_UNHASHED;
    return settle(store, keys, user, outdated ? new_hash : hash);
}

enum user_outcome login_check(struct store *store, const char *name, const char *password, const char *client,
                              size_t memory_kib, int64_t now_unix, int64_t *user_id)
{
    struct keys keys;
    char *normal = user_name_normal(name);
    keys_init(&keys, normal, client);
    json_t *user = row(store, SQL_LOGIN_USER, json_pack("{s:s}", "name", normal));
    free(normal);
    enum user_outcome outcome = USER_FAULT;
    if (user != NULL && count_failure(store, &keys, now_unix))
        outcome = check(store, &keys, user, password, memory_kib);
    if (outcome == USER_OK)
        *user_id = json_integer_value(json_object_get(user, "id"));
    json_decref(user);
    return outcome;
}

/* --- links --- */

static json_t *token_params(const char *kind, const char *token)
{
    char hash[SECRET_HASH_CAP];
    secret_hash(token, hash);
    return json_pack("{s:s, s:s}", "kind", kind, "hash", hash);
}

static json_t *id_or_null(int64_t id)
{
    return id == 0 ? json_null() : json_integer(id);
}

/* What expires a whole longest life earlier than this one has expired already, whatever the time is now. */
bool token_make(struct store *store, const char *kind, int64_t user_id, int64_t item_id, int64_t expires_unix,
                char token[static TOKEN_CAP])
{
    secret_make(token);
    if (!store_begin(store))
        return false;
    run(store, SQL_TOKEN_DROP,
        json_pack("{s:s, s:o, s:o, s:I}", "kind", kind, "user_id", id_or_null(user_id), "item_id", id_or_null(item_id),
                  "expired_unix", (json_int_t)(expires_unix - PREVIEW_LIFE_S)));
    json_t *params = token_params(kind, token);
    json_object_set_new(params, "user_id", id_or_null(user_id));
    json_object_set_new(params, "item_id", id_or_null(item_id));
    json_object_set_new(params, "expires_unix", json_integer(expires_unix));
    run(store, SQL_TOKEN_INSERT, params);
    return store_commit(store);
}

json_t *token_find(struct store *store, const char *kind, const char *token, int64_t now_unix)
{
    if (!secret_valid(token))
        return json_null();
    json_t *params = token_params(kind, token);
    json_object_set_new(params, "now_unix", json_integer(now_unix));
    return row(store, SQL_TOKEN_FIND, params);
}

bool token_use(struct store *store, const char *kind, const char *token)
{
    size_t changed = 0;
    json_t *params = token_params(kind, token);
    bool ok = store_exec(store, SQL_TOKEN_USE, params, &changed);
    json_decref(params);
    return ok && changed > 0;
}

bool token_drop(struct store *store, const char *kind, int64_t user_id, int64_t item_id)
{
    if (user_id != 0)
        return run(store, SQL_TOKEN_DROP_USER, json_pack("{s:s, s:I}", "kind", kind, "user_id", (json_int_t)user_id));
    return run(store, SQL_TOKEN_DROP_ITEM, json_pack("{s:s, s:I}", "kind", kind, "item_id", (json_int_t)item_id));
}

bool login_end_all(struct store *store)
{
    if (!store_begin(store))
        return false;
    store_exec(store, SQL_SESSION_END_ALL, NULL, NULL);
    store_exec(store, SQL_TOKEN_DROP_ALL, NULL, NULL);
    return store_commit(store);
}
