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

/* What failures under one kind of key cost: the first are free, the next costs 2 seconds, then 4, 8 ..., `max_s` at most. */
struct limit {
    char kind;
    bool by_name;
    enum { NOWHERE, NETWORK, WIDE } by_network;
    int free_failures;
    int64_t max_s; /* 0: they cost nothing by themselves */
    enum sql on_success;
};

enum { OWN, BY_NETWORK, BY_WIDE, BY_ACCOUNT, LIMITS };

/* The last counts what strangers try on an account; see siege_delay. */
static const struct limit limits[LIMITS] = {
    [OWN] = {'b', true, WIDE, 5, 15 * 60, SQL_LOGIN_FAILURE_RESET},
    [BY_NETWORK] = {'n', false, NETWORK, 20, 15 * 60, SQL_LOGIN_FAILURE_FORGIVE},
    [BY_WIDE] = {'w', false, WIDE, 60, 15 * 60, SQL_LOGIN_FAILURE_FORGIVE},
    [BY_ACCOUNT] = {'a', true, NOWHERE, 0, 0, SQL_LOGIN_FAILURE_FORGIVE},
};

/* The keys of one login, in the order of the limits. */
struct keys {
    char key[LIMITS][2 + 2 * crypto_generichash_BYTES];
    bool known; /* the account was logged in to from this network */
};

/* Names are hashed, as now and then somebody types a password where the name belongs. */
static void keys_init(struct keys *keys, const char *normal_name, const char *client)
{
    char network[CLIENT_CAP], wide[CLIENT_CAP];
    client_network(client, network);
    client_network_wide(client, wide);
    const char *const networks[] = {[NOWHERE] = "", [NETWORK] = network, [WIDE] = wide};
    for (size_t i = 0; i < LIMITS; i++) {
        struct buf words = BUF_EMPTY;
        unsigned char hash[crypto_generichash_BYTES];
        buf_text(&words, limits[i].by_name ? normal_name : "");
        for (size_t c = 0; c < words.len; c++)
            words.data[c] = (char)(words.data[c] >= 'A' && words.data[c] <= 'Z' ? words.data[c] + 32 : words.data[c]);
        buf_char(&words, '\n');
        buf_text(&words, networks[limits[i].by_network]);
        crypto_generichash(hash, sizeof hash, (const unsigned char *)words.data, words.len, NULL, 0);
        keys->key[i][0] = limits[i].kind;
        sodium_bin2hex(keys->key[i] + 1, sizeof keys->key[i] - 1, hash, sizeof hash);
        buf_release(&words);
    }
}

/* Failures that still count. */
static int64_t failures_of(const json_t *failure, int64_t now_unix)
{
    int64_t passed_s = now_unix - json_integer_value(json_object_get(failure, "last_unix"));
    return passed_s >= LOGIN_FORGET_S ? 0 : json_integer_value(json_object_get(failure, "failures"));
}

static int64_t delay_of(const struct limit *limit, const json_t *failure, int64_t now_unix)
{
    int64_t over = failures_of(failure, now_unix) - limit->free_failures;
    int64_t passed_s = now_unix - json_integer_value(json_object_get(failure, "last_unix"));
    if (over <= 0 || limit->max_s == 0)
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

/* Reads keys->known; false on a fault. */
static bool find_known(struct store *store, struct keys *keys, int64_t now_unix)
{
    json_t *params = key_params(keys, OWN);
    json_object_set_new(params, "since_unix", json_integer(now_unix - LOGIN_NETWORK_LIFE_S));
    json_t *known = row(store, SQL_LOGIN_NETWORK_GET, params);
    keys->known = json_is_true(json_object_get(known, "known"));
    json_decref(known);
    return known != NULL;
}

/* What a network that the account does not know waits for, where strangers try the account from everywhere. */
static int64_t siege_delay(json_t *const failures[LIMITS], int64_t now_unix)
{
    const json_t *own = failures[OWN];
    if (failures_of(failures[BY_ACCOUNT], now_unix) < LOGIN_SIEGE || failures_of(own, now_unix) < LOGIN_SIEGE_TRIES)
        return 0;
    return json_integer_value(json_object_get(own, "last_unix")) + LOGIN_FORGET_S - now_unix;
}

int64_t login_delay_s(struct store *store, const char *name, const char *client, int64_t now_unix, bool *by_network)
{
    struct keys keys;
    json_t *failures[LIMITS];
    int64_t delays_s[LIMITS], longest_s = 0;
    char *normal = user_name_normal(name);
    keys_init(&keys, normal, client);
    free(normal);
    bool ok = find_known(store, &keys, now_unix);
    for (size_t i = 0; i < LIMITS; i++) {
        failures[i] = failure_get(store, &keys, i, now_unix);
        delays_s[i] = delay_of(&limits[i], failures[i], now_unix);
        ok = ok && failures[i] != NULL;
    }
    if (!keys.known)
        delays_s[BY_ACCOUNT] = siege_delay(failures, now_unix);
    for (size_t i = 0; i < LIMITS; i++) {
        longest_s = delays_s[i] > longest_s ? delays_s[i] : longest_s;
        json_decref(failures[i]);
    }
    if (by_network != NULL)
        *by_network = delays_s[BY_NETWORK] > 0 || delays_s[BY_WIDE] > 0;
    return ok ? longest_s : -1;
}

/* Counts before the password is looked at, so that many attempts at once cannot overtake their count. */
static bool count_failure(struct store *store, const struct keys *keys, int64_t now_unix)
{
    json_int_t forget_unix = now_unix - LOGIN_FORGET_S;
    if (!store_begin(store))
        return false;
    for (size_t i = 0; i < LIMITS; i++)
        if (i != BY_ACCOUNT || !keys->known)
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

/* The network is one that the account knows from now on. */
static bool remember(struct store *store, const struct keys *keys, const json_t *user, int64_t now_unix)
{
    json_t *user_id = json_object_get(user, "id");
    json_int_t since_unix = now_unix - LOGIN_NETWORK_LIFE_S;
    return run(store, SQL_LOGIN_NETWORK_PUT,
               json_pack("{s:s, s:O, s:I}", "key", keys->key[OWN], "user_id", user_id, "now_unix",
                         (json_int_t)now_unix)) &&
           run(store, SQL_LOGIN_NETWORK_TRIM,
               json_pack("{s:O, s:I, s:i}", "user_id", user_id, "since_unix", since_unix, "max", LOGIN_NETWORKS_MAX));
}

/* Takes the count back, and keeps the password's new hash. Hashing took a while: where the user was disabled or got
 * another password meanwhile, this was the wrong one. */
static enum user_outcome settle(struct store *store, const struct keys *keys, const json_t *user, const char *new_hash,
                                int64_t now_unix)
{
    size_t changed = 0;
    json_t *params = json_pack("{s:O, s:O, s:s}", "id", json_object_get(user, "id"), "was",
                               json_object_get(user, "password"), "password", new_hash);
    bool begun = store_begin(store);
    bool ok = begun && store_exec(store, SQL_USER_REHASH, params, &changed);
    for (size_t i = 0; i < LIMITS && changed > 0; i++)
        if (i != BY_ACCOUNT || !keys->known)
            ok = ok && run(store, limits[i].on_success, key_params(keys, i));
    if (changed > 0)
        ok = ok && remember(store, keys, user, now_unix);
    json_decref(params);
    ok = begun && store_commit(store) && ok;
    return !ok ? USER_FAULT : changed > 0 ? USER_OK : USER_WRONG;
}

static enum user_outcome check(struct store *store, const struct keys *keys, const json_t *user, const char *password,
                               size_t memory_kib, int64_t now_unix)
{
    char new_hash[PASSWORD_HASH_CAP];
    const char *hash = hash_of(user);
    int right = password_check(hash, password, memory_kib);
    if (right != 1)
        return right == 0 ? USER_WRONG : USER_UNHASHED;
    bool outdated = password_is_outdated(hash, memory_kib);
    if (outdated && !password_hash(password, memory_kib, new_hash))
        return USER_UNHASHED;
    return settle(store, keys, user, outdated ? new_hash : hash, now_unix);
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
    if (user != NULL && find_known(store, &keys, now_unix) && count_failure(store, &keys, now_unix))
        outcome = check(store, &keys, user, password, memory_kib, now_unix);
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
