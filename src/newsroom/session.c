#include "warta/newsroom/session.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "secret.h"
#include "warta/newsroom/undo.h"

static_assert(SESSION_TOKEN_CAP == (int)SECRET_CAP, "a cookie's value is a secret");

enum { AGENT_MAX = 200 };

/* --- the cookie and its form token --- */

void session_token(char token[static SESSION_TOKEN_CAP])
{
    secret_make(token);
}

bool session_token_valid(const char *token)
{
    return secret_valid(token);
}

void session_csrf(const char *token, char csrf[static SESSION_TOKEN_CAP])
{
    static const unsigned char purpose[] = "csrf";
    unsigned char bytes[32];
    crypto_generichash(bytes, sizeof bytes, purpose, sizeof purpose - 1, (const unsigned char *)token, strlen(token));
    sodium_bin2base64(csrf, SESSION_TOKEN_CAP, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool session_csrf_valid(const char *token, const char *csrf)
{
    char expected[SESSION_TOKEN_CAP];
    if (!session_token_valid(token) || strlen(csrf) != SESSION_TOKEN_CAP - 1)
        return false;
    session_csrf(token, expected);
    return sodium_memcmp(expected, csrf, SESSION_TOKEN_CAP - 1) == 0;
}

/* --- in the database --- */

static bool run(struct store *store, enum sql sql, json_t *params)
{
    bool ok = store_exec(store, sql, params, NULL);
    json_decref(params);
    return ok;
}

/* What tells the sessions that live (*owned*). */
static json_t *live_params(int64_t now_unix)
{
    return json_pack("{s:I, s:i, s:i}", "now_unix", (json_int_t)now_unix, "idle_s", SESSION_IDLE_S, "life_s",
                     SESSION_LIFE_S);
}

static json_t *hash_json(const char *token)
{
    char hash[SECRET_HASH_CAP];
    secret_hash(token, hash);
    return json_string(hash);
}

/* Browsers name themselves in ASCII (RFC 9110, 10.1.5); whatever else a header holds becomes '?' (*owned*). */
static json_t *agent_json(const char *agent)
{
    char text[AGENT_MAX + 1];
    size_t len = strnlen(agent, AGENT_MAX);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(agent[i] >= ' ' && agent[i] <= '~' ? agent[i] : '?');
    return json_stringn(text, len);
}

bool session_start(struct store *store, int64_t user_id, const char *client, const char *agent, int64_t now_unix,
                   char token[static SESSION_TOKEN_CAP])
{
    session_token(token);
    json_t *session = json_pack("{s:o, s:I, s:I, s:s, s:o}", "hash", hash_json(token), "user_id", (json_int_t)user_id,
                                "now_unix", (json_int_t)now_unix, "client", client, "agent", agent_json(agent));
    if (!store_begin(store)) {
        json_decref(session);
        return false;
    }
    run(store, SQL_SESSION_PURGE, live_params(now_unix));
    undo_trim(store, "", 0, now_unix);
    run(store, SQL_SESSION_INSERT, session);
    run(store, SQL_USER_SEEN, json_pack("{s:I, s:I}", "id", (json_int_t)user_id, "now_unix", (json_int_t)now_unix));
    return store_commit(store);
}

json_t *session_find(struct store *store, const char *token, int64_t now_unix)
{
    if (!session_token_valid(token))
        return json_null();
    json_t *params = live_params(now_unix);
    json_object_set_new(params, "hash", hash_json(token));
    json_t *session = store_row(store, SQL_SESSION_FIND, params);
    json_decref(params);
    return session;
}

static json_int_t integer(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

bool session_touch(struct store *store, const json_t *session, int64_t now_unix)
{
    int64_t idle_s = now_unix - integer(session, "seen_unix");
    if (idle_s >= 0 && idle_s < SESSION_TOUCH_S)
        return true;
    if (!store_begin(store))
        return false;
    run(store, SQL_SESSION_TOUCH,
        json_pack("{s:I, s:I}", "id", integer(session, "session_id"), "now_unix", (json_int_t)now_unix));
    run(store, SQL_USER_SEEN,
        json_pack("{s:I, s:I}", "id", integer(session, "user_id"), "now_unix", (json_int_t)now_unix));
    return store_commit(store);
}

bool session_end(struct store *store, const char *token)
{
    return run(store, SQL_SESSION_END, json_pack("{s:o}", "hash", hash_json(token)));
}

json_t *session_list(struct store *store, int64_t user_id, int64_t now_unix)
{
    json_t *params = live_params(now_unix);
    json_object_set_new(params, "user_id", json_integer(user_id));
    json_t *sessions = store_rows(store, SQL_SESSION_LIST, params);
    json_decref(params);
    return sessions;
}

int64_t session_count(struct store *store, int64_t now_unix)
{
    json_t *params = live_params(now_unix);
    json_t *count = store_value(store, SQL_SESSION_COUNT, params);
    int64_t sessions = count == NULL ? -1 : (int64_t)json_integer_value(count);
    json_decref(params);
    json_decref(count);
    return sessions;
}

bool session_end_one(struct store *store, int64_t user_id, int64_t session_id)
{
    return run(store, SQL_SESSION_END_ONE,
               json_pack("{s:I, s:I}", "id", (json_int_t)session_id, "user_id", (json_int_t)user_id));
}

bool session_end_others(struct store *store, int64_t user_id, int64_t keep_id)
{
    return run(store, SQL_SESSION_END_OTHERS,
               json_pack("{s:I, s:I}", "user_id", (json_int_t)user_id, "keep_id", (json_int_t)keep_id));
}
