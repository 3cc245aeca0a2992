#include <string.h>

#include "login.h"
#include "warta/pages/item_page.h"

enum { BROWSER_MAX = 80 /* characters of what a browser calls itself */ };

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* What the browser calls itself, which is ASCII: without the beginning that nearly all have in common, and cut (*arena*). */
static const char *browser_words(struct exchange *x, const char *agent)
{
    static const char common[] = "Mozilla/5.0 ";
    const char *rest = strncmp(agent, common, sizeof common - 1) == 0 ? agent + sizeof common - 1 : agent;
    return arena_format(&x->arena, "%.*s%s", BROWSER_MAX, rest, strlen(rest) > BROWSER_MAX ? "…" : "");
}

/* The sessions that live, in words (*steals* `sessions`; *owned*). */
static json_t *session_rows(struct exchange *x, json_t *sessions)
{
    size_t i;
    json_t *session;
    json_array_foreach(sessions, i, session)
    {
        const char *agent = json_string_value(json_object_get(session, "agent"));
        json_object_set_new(session, "agent_words", json_string(browser_words(x, agent)));
        bool is_this = number(session, "session_id") == number(x->session, "session_id");
        json_object_set_new(session, "is_this", json_boolean(is_this));
        json_object_set_new(session, "created_words", json_string(page_time_words(x, number(session, "created_unix"))));
        json_object_set_new(session, "seen_words", json_string(page_time_words(x, number(session, "seen_unix"))));
    }
    return sessions;
}

/* `errors` (*steals*) is {} or holds words. */
static int account_page(struct exchange *x, int status, json_t *errors)
{
    json_t *all = json_pack("{s:n, s:n, s:n}", "old", "password", "password2");
    json_object_update_new(all, errors);
    json_t *sessions = session_list(x->store, x->actor.user_id, x->now_unix);
    if (sessions == NULL) {
        json_decref(all);
        return 500;
    }
    x->model = json_pack("{s:s, s:s, s:b, s:o, s:o}", "page_title", "Your account", "section", "account", "has_others",
                         json_array_size(sessions) > 1, "sessions", session_rows(x, sessions), "errors", all);
    return page_admin_html(x, status, "admin/account.html");
}

int page_account(struct exchange *x)
{
    return account_page(x, 200, json_object());
}

/* Whether the present password was given; guesses at an open screen are slowed down like logins. 200, 422, 429 or 500;
 * words go to `errors`. */
static int check_old(struct exchange *x, json_t *errors)
{
    int64_t user_id = 0;
    const char *name = x->actor.name;
    int64_t delay_s = login_delay_s(x->store, name, x->client, x->now_unix, NULL);
    if (delay_s < 0)
        return 500;
    if (delay_s > 0) {
        json_object_set_new(errors, "old", json_string(login_wait_words(x, delay_s)));
        return 429;
    }
    enum user_outcome outcome = login_check(x->store, name, form_text(x, "old"), x->client,
                                            x->site->password_memory_kib, x->now_unix, &user_id);
    if (outcome == USER_WRONG)
        json_object_set_new(errors, "old", json_string("That is not your present password."));
    return outcome == USER_OK ? 200 : outcome == USER_WRONG ? 422 : user_fault(x, outcome);
}

/* All sessions end, and this one goes on as a new one. */
static int change_password(struct exchange *x)
{
    int64_t user_id = x->actor.user_id;
    enum user_outcome outcome = user_set_password(x->store, x->actor, user_id, form_text(x, "password"),
                                                  x->site->password_memory_kib, x->now_unix);
    if (outcome != USER_OK)
        return user_fault(x, outcome);
    return page_log_in(x, user_id) ? page_redirect(x, 303, "/admin/account?done=password") : 500;
}

int page_account_password_post(struct exchange *x)
{
    json_t *errors = json_object();
    password_check_form(x, x->actor.name, errors);
    int status = json_object_size(errors) > 0 ? 422 : check_old(x, errors);
    if (status == 422 || status == 429)
        return account_page(x, status, errors);
    json_decref(errors);
    return status == 200 ? change_password(x) : status;
}

int page_account_session_post(struct exchange *x)
{
    int64_t session_id = form_number(x, "session_id");
    bool ok;
    if (*form_text(x, "others") != '\0')
        ok = session_end_others(x->store, x->actor.user_id, number(x->session, "session_id"));
    else if (session_id > 0)
        ok = session_end_one(x->store, x->actor.user_id, session_id);
    else
        return 400;
    return ok ? page_redirect(x, 303, "/admin/account?done=sessions") : 500;
}
