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

/* What failures under one kind of key cost: the first are free, the next costs 2 seconds, then 4, 8 ..., MAX_S at most. */
struct limit {
    char kind;
    bool by_name, wide;
    int free_failures;
    enum sql on_success;
};

enum { OWN, BY_NETWORK, BY_WIDE, LIMITS, MAX_S = 15 * 60 };

static const struct limit limits[LIMITS] = {
    [OWN] = {'b', true, true, 5, SQL_LOGIN_FAILURE_RESET},
    [BY_NETWORK] = {'n', false, false, 20, SQL_LOGIN_FAILURE_FORGIVE},
    [BY_WIDE] = {'w', false, true, 60, SQL_LOGIN_FAILURE_FORGIVE},
};

/* What a login of one name from one network is counted by. */
struct keys {
    char key[LIMITS][2 + 2 * crypto_generichash_BYTES];
    int64_t slot;       /* the account's, where strangers' failures are counted */
    bool is_one;        /* the network and the wide one are the same, as in IPv4 */
    bool known, shared; /* this account, or any account, was logged in to from this network */
};

static void hash_pair(const char *name, const char *network, unsigned char hash[static crypto_generichash_BYTES])
{
    struct buf words = BUF_EMPTY;
    buf_text(&words, name);
    for (size_t c = 0; c < words.len; c++)
        words.data[c] = (char)(words.data[c] >= 'A' && words.data[c] <= 'Z' ? words.data[c] + 32 : words.data[c]);
    buf_char(&words, '\n');
    buf_text(&words, network);
    crypto_generichash(hash, crypto_generichash_BYTES, (const unsigned char *)words.data, words.len, NULL, 0);
    buf_release(&words);
}

/* Names are hashed, as now and then somebody types a password where the name belongs. Names that nobody has are counted in
 * the same slots, so that a count shows nothing of who exists. */
static void keys_init(struct keys *keys, const char *name, const char *client)
{
    char network[CLIENT_CAP], wide[CLIENT_CAP], *normal = user_name_normal(name);
    unsigned char hash[crypto_generichash_BYTES];
    client_network(client, network);
    client_network_wide(client, wide);
    *keys = (struct keys){.is_one = strcmp(network, wide) == 0};
    for (size_t i = 0; i < LIMITS; i++) {
        hash_pair(limits[i].by_name ? normal : "", limits[i].wide ? wide : network, hash);
        keys->key[i][0] = limits[i].kind;
        sodium_bin2hex(keys->key[i] + 1, sizeof keys->key[i] - 1, hash, sizeof hash);
    }
    hash_pair(normal, "", hash);
    keys->slot = hash[0] << 8 | hash[1];
    free(normal);
}

static json_t *key_params(const struct keys *keys, size_t limit)
{
    return json_pack("{s:s}", "key", keys->key[limit]);
}

static json_t *slot_params(const struct keys *keys, int64_t now_unix)
{
    return json_pack("{s:I, s:I}", "slot", (json_int_t)keys->slot, "day", (json_int_t)(now_unix / LOGIN_FORGET_S));
}

/* Reads whether accounts know the network; false on a fault. */
static bool find_known(struct store *store, struct keys *keys, int64_t now_unix)
{
    json_t *found = row(store, SQL_LOGIN_NETWORK_GET,
                        json_pack("{s:s, s:s, s:I}", "key", keys->key[OWN], "network", keys->key[BY_WIDE], "since_unix",
                                  (json_int_t)(now_unix - LOGIN_NETWORK_LIFE_S)));
    keys->known = json_is_true(json_object_get(found, "known"));
    keys->shared = json_is_true(json_object_get(found, "shared"));
    json_decref(found);
    return found != NULL;
}

/* Failures that count still, and when the last was. */
struct failures {
    int64_t count, last_unix;
};

/* False on a fault. */
static bool failures_get(struct store *store, const struct keys *keys, size_t limit, int64_t now_unix,
                         struct failures *failures)
{
    json_t *found = row(store, SQL_LOGIN_FAILURE_GET, key_params(keys, limit));
    failures->count = json_integer_value(json_object_get(found, "failures"));
    failures->last_unix = json_integer_value(json_object_get(found, "last_unix"));
    bool ok = found != NULL;
    json_decref(found);
    if (failures->last_unix > now_unix) {
        json_t *params = key_params(keys, limit);
        json_object_set_new(params, "now_unix", json_integer(now_unix));
        ok = run(store, SQL_LOGIN_FAILURE_SETTLE, params);
        failures->last_unix = now_unix;
    }
    if (now_unix - failures->last_unix >= LOGIN_FORGET_S)
        failures->count = 0;
    return ok;
}

static int64_t rest_s(int64_t last_unix, int64_t wait_s, int64_t now_unix)
{
    return last_unix + wait_s > now_unix ? last_unix + wait_s - now_unix : 0;
}

static int64_t limit_delay(size_t limit, struct failures failures, int64_t now_unix)
{
    int64_t over = failures.count - limits[limit].free_failures;
    if (over <= 0)
        return 0;
    return rest_s(failures.last_unix, over < 10 ? (int64_t)1 << over : MAX_S, now_unix);
}
static_assert(1 << 9 < MAX_S && 1 << 10 > MAX_S, "the delay goes on growing until it is MAX_S");

/* How long a stranger's network waits where an account has had that many failures from strangers today. Each network has
 * its own tries, so no other can take them away. */
static int64_t siege_delay(int64_t today, const struct failures failures[LIMITS], int64_t now_unix)
{
    int64_t elsewhere = failures[BY_WIDE].count - LOGIN_FREE_ELSEWHERE;
    bool by_own = failures[OWN].count >= elsewhere;
    int64_t count = by_own ? failures[OWN].count : elsewhere;
    int64_t last_unix = failures[by_own ? OWN : BY_WIDE].last_unix;
    if (today >= LOGIN_DAY_MAX)
        return LOGIN_FORGET_S - now_unix % LOGIN_FORGET_S;
    if (today >= LOGIN_CROWD)
        return count < 1 ? 0 : rest_s(last_unix, LOGIN_FORGET_S, now_unix);
    if (today >= LOGIN_SIEGE)
        return count < LOGIN_SIEGE_TRIES ? 0 : rest_s(last_unix, LOGIN_FORGET_S / LOGIN_SIEGE_TRIES, now_unix);
    return 0;
}

static int64_t longer(int64_t a_s, int64_t b_s)
{
    return a_s > b_s ? a_s : b_s;
}

int64_t login_delay_s(struct store *store, const char *name, const char *client, int64_t now_unix, int64_t *network_s)
{
    struct keys keys;
    struct failures failures[LIMITS];
    keys_init(&keys, name, client);
    json_t *slot = row(store, SQL_LOGIN_ACCOUNT_GET, slot_params(&keys, now_unix));
    int64_t today = json_integer_value(json_object_get(slot, "failures"));
    bool ok = slot != NULL && find_known(store, &keys, now_unix);
    json_decref(slot);
    for (size_t i = 0; i < LIMITS && ok; i++)
        ok = failures_get(store, &keys, i, now_unix, &failures[i]);
    if (!ok)
        return -1;
    int64_t narrow_s = limit_delay(BY_NETWORK, failures[BY_NETWORK], now_unix);
    int64_t wide_s = longer(limit_delay(BY_WIDE, failures[BY_WIDE], now_unix), keys.is_one ? narrow_s : 0);
    int64_t own_s = limit_delay(OWN, failures[OWN], now_unix);
    if (network_s != NULL)
        *network_s = keys.shared ? 0 : wide_s;
    if (keys.known)
        return own_s;
    return longer(longer(own_s, siege_delay(today, failures, now_unix)), longer(narrow_s, wide_s));
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
    if (!keys->known)
        run(store, SQL_LOGIN_ACCOUNT_ADD, slot_params(keys, now_unix));
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

static bool remember(struct store *store, const struct keys *keys, int64_t user_id, int64_t now_unix)
{
    return run(store, SQL_LOGIN_NETWORK_PUT,
               json_pack("{s:s, s:s, s:I, s:I}", "key", keys->key[OWN], "network", keys->key[BY_WIDE], "user_id",
                         (json_int_t)user_id, "now_unix", (json_int_t)now_unix)) &&
           run(store, SQL_LOGIN_NETWORK_TRIM,
               json_pack("{s:I, s:I, s:i}", "user_id", (json_int_t)user_id, "since_unix",
                         (json_int_t)(now_unix - LOGIN_NETWORK_LIFE_S), "max", LOGIN_NETWORKS_MAX));
}

bool login_know_network(struct store *store, int64_t user_id, const char *name, const char *client, int64_t now_unix)
{
    struct keys keys;
    keys_init(&keys, name, client);
    if (!store_begin(store))
        return false;
    remember(store, &keys, user_id, now_unix);
    return store_commit(store);
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
        ok = ok && run(store, limits[i].on_success, key_params(keys, i));
    if (changed > 0 && !keys->known)
        ok = ok && run(store, SQL_LOGIN_ACCOUNT_FORGIVE, slot_params(keys, now_unix));
    if (changed > 0)
        ok = ok && remember(store, keys, json_integer_value(json_object_get(user, "id")), now_unix);
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
    keys_init(&keys, name, client);
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
