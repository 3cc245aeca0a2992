#include "login.h"

#include <stdlib.h>
#include <string.h>

#include "warta/newsroom/login_gate.h"

const struct param login_params[] = {PARAMS_DONE, {.name = "next", .kind = PARAM_TEXT, .max = PAGE_NEXT_MAX}, {0}};
const struct param token_params[] = {{.name = "token", .kind = PARAM_TEXT, .max = 60}, {0}};

/* --- letting in --- */

bool page_log_in(struct exchange *x, int64_t user_id)
{
    char token[SESSION_TOKEN_CAP];
    const char *agent = request_header(x->request, "User-Agent");
    if (!session_end(x->store, x->cookie) ||
        !session_start(x->store, user_id, x->client, agent == NULL ? "" : agent, x->now_unix, token))
        return false;
    json_t *session = session_find(x->store, token, x->now_unix);
    if (!json_is_object(session))
        return false;
    json_decref(x->session);
    x->session = session;
    x->actor = (struct actor){user_id, json_string_value(json_object_get(session, "name"))};
    memcpy(x->cookie, token, sizeof x->cookie);
    session_csrf(x->cookie, x->csrf);
    page_set_cookie(x, x->cookie);
    return true;
}

const char *login_wait_words(struct exchange *x, int64_t delay_s)
{
    long long minutes = (delay_s + 59) / 60;
    response_header(x->response, "Retry-After", arena_format(&x->arena, "%lld", (long long)delay_s));
    if (delay_s >= 7200)
        return arena_format(&x->arena, "Too many attempts. Try again in %lld hours.", (minutes + 59) / 60);
    if (delay_s >= 60)
        return arena_format(&x->arena, "Too many attempts. Try again in %lld minute%s.", minutes,
                            minutes == 1 ? "" : "s");
    return arena_format(&x->arena, "Too many attempts. Try again in %lld second%s.", (long long)delay_s,
                        delay_s == 1 ? "" : "s");
}

int user_fault(struct exchange *x, enum user_outcome outcome)
{
    if (outcome == USER_UNHASHED)
        log_write(x->site->log, LOG_ERROR, x->id,
                  "a password could not be hashed: there is less memory than --password-memory asks for, or the stored "
                  "hash is damaged");
    return 500;
}

/* --- where to go --- */

/* An address among staff's pages, as a link of ours writes it: nothing that a browser could take for another site
 * (WHATWG URL, 4.4), nor dot segments, which could leave the site's prefix. */
static bool is_staff_path(const char *path)
{
    static const char root[] = "/admin";
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/";
    size_t len = strspn(path, plain);
    bool is_ours = strncmp(path, root, strlen(root)) == 0 && strchr("/?", path[strlen(root)]) != NULL;
    if (!is_ours || strlen(path) > PAGE_NEXT_MAX || strstr(path, "//") != NULL ||
        (path[len] != '\0' && path[len] != '?'))
        return false;
    for (const char *c = path + len; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~' || *c == '\\' || *c == '#')
            return false;
    }
    return true;
}

static const char *next_path(const char *next)
{
    return next != NULL && is_staff_path(next) ? next : "/admin";
}

static const char *query_text(const struct exchange *x, const char *name)
{
    const char *text = json_string_value(json_object_get(x->params, name));
    return text == NULL ? "" : text;
}

/* --- the login form --- */

static bool has_carry(const struct exchange *x)
{
    return is_staff_path(form_text(x, "carry_path"));
}

static int login_page(struct exchange *x, int status, const char *next, const char *error, const char *retry_words)
{
    bool carries = has_carry(x);
    x->model = json_pack("{s:s, s:n, s:{s:s}, s:s?, s:s, s:s, s:s, s:b, s:b, s:s?}", "page_title", "Log in", "section",
                         "values", "username", form_text(x, "username"), "error", error, "next", next, "carry_path",
                         carries ? form_text(x, "carry_path") : "", "carry", carries ? form_text(x, "carry") : "",
                         "has_carry", carries, "not_done", 0, "retry_words", retry_words);
    return page_admin_html(x, status, "admin/login.html");
}

int page_login(struct exchange *x)
{
    const char *next = next_path(query_text(x, "next"));
    return x->session != NULL ? page_redirect(x, 303, next) : login_page(x, 200, next, NULL, NULL);
}

/* The form stays, as it may carry another along. */
static int login_failed(struct exchange *x, int status, const char *next)
{
    return login_page(x, status, next, NULL, "You cannot be logged in just now. Please try again in a while.");
}

static int logged_in(struct exchange *x, int64_t user_id, const char *next)
{
    if (!page_log_in(x, user_id))
        return login_failed(x, 500, next);
    log_write(x->site->log, LOG_INFO, x->id, "login of user %lld from %s", (long long)user_id, page_shown_client(x));
    return has_carry(x) ? page_carry(x, form_text(x, "carry_path"), form_text(x, "carry"))
                        : page_redirect(x, 303, next);
}

int page_login_post(struct exchange *x)
{
    const char *name = form_text(x, "username");
    const char *next = next_path(form_text(x, "next"));
    int64_t user_id = 0;
    int64_t network_s;
    int64_t delay_s = login_delay_s(x->store, name, x->client, x->now_unix, &network_s);
    if (delay_s < 0)
        return login_failed(x, 500, next);
    if (network_s > 0 && x->site->gate != NULL)
        login_gate_close(x->site->gate, x->client, x->now_unix + network_s);
    if (delay_s > 0)
        return login_page(x, 429, next, NULL, login_wait_words(x, delay_s));
    enum user_outcome outcome = login_check(x->store, name, form_text(x, "password"), x->client,
                                            x->site->password_memory_kib, x->now_unix, &user_id);
    if (outcome == USER_OK)
        return logged_in(x, user_id, next);
    if (outcome != USER_WRONG)
        return login_failed(x, user_fault(x, outcome), next);
    log_write(x->site->log, LOG_WARN, x->id, "refused: a wrong name or password from %s", page_shown_client(x));
    return login_page(x, 422, next, "That name and password do not fit.", NULL);
}

int page_logout_post(struct exchange *x)
{
    if (!session_end(x->store, x->cookie))
        return 500;
    page_set_cookie(x, "");
    return page_redirect(x, 303, "/admin/login");
}

/* --- links that let somebody choose a password --- */

struct door {
    const char *kind, *heading, *path;
    bool asks_name;
};

static const struct door setup = {"setup", "Make the first admin", "/admin/setup", true};
static const struct door reset = {"reset", "Choose a new password", "/admin/reset", false};

/* Whether the link still opens the door: 200, 410 or 500. A reset is `*user`'s (*owned*). */
static int door_check(struct exchange *x, const struct door *door, const char *token, json_t **user)
{
    json_t *found = token_find(x->store, door->kind, token, x->now_unix);
    int none = user_none(x->store);
    if (found != NULL && none == 0 && door == &reset)
        *user = user_get(x->store, json_integer_value(json_object_get(found, "user_id")));
    bool fault = found == NULL || none < 0 || (none == 0 && door == &reset && *user == NULL);
    bool opens =
        json_is_object(found) &&
        (door == &setup ? none == 1 : json_is_object(*user) && !json_is_true(json_object_get(*user, "disabled")));
    json_decref(found);
    return fault ? 500 : opens ? 200 : 410;
}

/* `errors` (*steals*) is {} or holds words. */
static int door_page(struct exchange *x, const struct door *door, int status, const char *token, const char *name,
                     json_t *errors)
{
    json_t *all = json_pack("{s:n, s:n, s:n, s:n}", "name", "password", "password2", "form");
    json_object_update_new(all, errors);
    x->model =
        json_pack("{s:s, s:s, s:n, s:s, s:s, s:b, s:b, s:{s:s}, s:o, s:b}", "page_title", door->heading, "heading",
                  door->heading, "section", "action_href", page_href(x, door->path), "token", token, "asks_name",
                  door->asks_name, "asks_old", 0, "values", "name", name, "errors", all, "expired", status == 410);
    return page_admin_html(x, status, "admin/password.html");
}

static const char *user_name(const json_t *user)
{
    return json_is_object(user) ? json_string_value(json_object_get(user, "name")) : "";
}

static int door_show(struct exchange *x, const struct door *door)
{
    json_t *user = NULL;
    const char *token = query_text(x, "token");
    int status = door_check(x, door, token, &user);
    if (status != 500)
        status = door_page(x, door, status, token, user_name(user), json_object());
    json_decref(user);
    return status;
}

void password_check_form(struct exchange *x, const char *name, json_t *errors)
{
    const char *password = form_text(x, "password");
    const char *problem = user_password_problem(name, password);
    if (problem != NULL)
        json_object_set_new(errors, "password", json_sprintf("The password %s.", problem));
    else if (strcmp(password, form_text(x, "password2")) != 0)
        json_object_set_new(errors, "password2", json_string("The two passwords differ."));
}

/* What is wrong with the form (*owned*); {} if nothing is. */
static json_t *door_errors(struct exchange *x, const struct door *door, const char *name)
{
    json_t *errors = json_object();
    const char *problem = door->asks_name ? user_name_problem(name) : NULL;
    if (problem != NULL)
        json_object_set_new(errors, "name", json_sprintf("The user name %s.", problem));
    password_check_form(x, name, errors);
    return errors;
}

/* Does what the door is for, once; the user's id. */
static enum user_outcome door_pass(struct exchange *x, const struct door *door, const char *token, const char *name,
                                   int64_t *user_id)
{
    const char *password = form_text(x, "password");
    size_t memory_kib = x->site->password_memory_kib;
    if (!token_use(x->store, door->kind, token))
        return USER_UNKNOWN;
    if (door == &setup)
        return user_add(x->store, (struct actor){0, "setup link"}, name, "admin", password, memory_kib, x->now_unix,
                        user_id, NULL);
    return user_set_password(x->store, (struct actor){*user_id, name}, *user_id, password, memory_kib, x->now_unix);
}

static int door_take(struct exchange *x, const struct door *door, const char *token, const json_t *user,
                     const char *name)
{
    json_t *errors = door_errors(x, door, name);
    if (json_object_size(errors) > 0)
        return door_page(x, door, 422, token, name, errors);
    int64_t user_id = json_integer_value(json_object_get(user, "id"));
    enum user_outcome outcome = door_pass(x, door, token, name, &user_id);
    if (outcome == USER_UNKNOWN || outcome == USER_TAKEN)
        return door_page(x, door, 410, token, "", errors);
    json_decref(errors);
    if (outcome != USER_OK)
        return user_fault(x, outcome);
    bool ok = login_know_network(x->store, user_id, name, x->client, x->now_unix) && page_log_in(x, user_id);
    return ok ? page_redirect(x, 303, "/admin") : 500;
}

static int door_post(struct exchange *x, const struct door *door)
{
    json_t *user = NULL;
    const char *token = form_text(x, "token");
    int status = door_check(x, door, token, &user);
    if (status == 410) {
        log_write(x->site->log, LOG_WARN, x->id, "refused: a %s link that is used up or made up, from %s", door->kind,
                  page_shown_client(x));
        status = door_page(x, door, status, token, "", json_object());
    } else if (status == 200) {
        status = door_take(x, door, token, user, door->asks_name ? form_text(x, "name") : user_name(user));
    }
    json_decref(user);
    return status;
}

int page_setup(struct exchange *x)
{
    return door_show(x, &setup);
}

int page_setup_post(struct exchange *x)
{
    return door_post(x, &setup);
}

int page_reset(struct exchange *x)
{
    return door_show(x, &reset);
}

int page_reset_post(struct exchange *x)
{
    return door_post(x, &reset);
}
