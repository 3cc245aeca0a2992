#include <string.h>

#include "login.h"
#include "warta/newsroom/activity.h"
#include "warta/pages/item_page.h"

/* What the page says besides the list. */
struct notice {
    const char *error;
    const char *error_field;            /* the new user's, that the mistake is in; NULL: what was done with a user */
    const char *reset_url, *reset_name; /* the link that was just made */
};

static bool is_admin(const char *role)
{
    return strcmp(role, "admin") == 0;
}

/* A user's times, and what may be done, in words. */
static void describe(struct exchange *x, json_t *user)
{
    json_int_t id = json_integer_value(json_object_get(user, "id"));
    const json_t *seen = json_object_get(user, "seen_unix");
    const char *role = json_string_value(json_object_get(user, "role"));
    const char *seen_words = json_is_null(seen) ? NULL : page_time_words(x, json_integer_value(seen));
    json_object_update_new(
        user, json_pack("{s:b, s:b, s:s, s:s?, s:s}", "is_admin", is_admin(role), "is_self", id == x->actor.user_id,
                        "created_words", page_time_words(x, json_integer_value(json_object_get(user, "created_unix"))),
                        "seen_words", seen_words, "change_href",
                        page_href(x, arena_format(&x->arena, "/admin/users/%lld", (long long)id))));
}

/* The error, where it stands; NULL elsewhere. */
static const char *error_at(struct notice notice, const char *field)
{
    return notice.error_field != NULL && strcmp(notice.error_field, field) == 0 ? notice.error : NULL;
}

static int users_page(struct exchange *x, int status, struct notice notice)
{
    const char *role = form_text(x, "role");
    json_t *users = user_list(x->store);
    size_t i;
    json_t *user;
    if (users == NULL)
        return 500;
    json_array_foreach(users, i, user) describe(x, user);
    x->model =
        json_pack("{s:s, s:s, s:o, s:s?, s:{s:s?, s:s?}, s:s?, s:s?, s:{s:s, s:s, s:b}}", "page_title", "Users",
                  "section", "users", "users", users, "error", notice.error_field == NULL ? notice.error : NULL,
                  "errors", "username", error_at(notice, "username"), "password", error_at(notice, "password"),
                  "reset_url", notice.reset_url, "reset_name", notice.reset_name, "values", "username",
                  form_text(x, "username"), "role", is_admin(role) ? "admin" : "editor", "is_admin", is_admin(role));
    return page_admin_html(x, status, "admin/users.html");
}

int page_users(struct exchange *x)
{
    return users_page(x, 200, (struct notice){0});
}

static bool note(struct exchange *x, const json_t *user, const char *action)
{
    const char *name = json_string_value(json_object_get(user, "name"));
    return activity_add(x->store, x->actor, action, 0, name, "", x->now_unix);
}

/* Makes the link with which a user chooses a password, and shows it this once. */
static int show_link(struct exchange *x, int64_t user_id)
{
    char token[TOKEN_CAP];
    json_t *user = user_get(x->store, user_id);
    if (!json_is_object(user) || !token_make(x->store, "reset", user_id, 0, x->now_unix + RESET_LIFE_S, token) ||
        !note(x, user, "make password link")) {
        json_decref(user);
        return 500;
    }
    const char *name = json_string_value(json_object_get(user, "name"));
    const char *path = arena_format(&x->arena, "/admin/reset?token=%s", token);
    json_object_del(x->form, "username");
    int status = users_page(x, 200, (struct notice){.reset_url = page_absolute(x, path), .reset_name = name});
    json_decref(user);
    return status;
}

/* What is wrong with the form for a new user; no `error` if nothing is. */
static struct notice add_problem(struct exchange *x, const char *name, const char *password)
{
    const char *problem = user_name_problem(name);
    if (problem != NULL)
        return (struct notice){.error = arena_format(&x->arena, "The user name %s.", problem),
                               .error_field = "username"};
    problem = *password == '\0' ? NULL : user_password_problem(name, password);
    if (problem != NULL)
        return (struct notice){.error = arena_format(&x->arena, "The password %s.", problem),
                               .error_field = "password"};
    return (struct notice){0};
}

int page_user_add_post(struct exchange *x)
{
    const char *name = form_text(x, "username");
    const char *password = form_text(x, "password");
    const char *role = is_admin(form_text(x, "role")) ? "admin" : "editor";
    const struct notice problem = add_problem(x, name, password);
    int64_t user_id = 0;
    int64_t undo_id = 0;
    if (problem.error != NULL)
        return users_page(x, 422, problem);
    enum user_outcome outcome = user_add(x->store, x->actor, name, role, *password == '\0' ? NULL : password,
                                         x->site->password_memory_kib, x->now_unix, &user_id, &undo_id);
    if (outcome == USER_TAKEN)
        return users_page(x, 422,
                          (struct notice){.error = "There is a user of that name already.", .error_field = "username"});
    if (outcome != USER_OK)
        return user_fault(x, outcome);
    if (*password != '\0')
        return page_redirect(x, 303, page_done(x, "/admin/users", "added", undo_id));
    page_say_done(x, "added", arena_format(&x->arena, "%lld", (long long)undo_id));
    return show_link(x, user_id);
}

/* A new link for a user who can use it. */
static int make_link(struct exchange *x, int64_t user_id)
{
    json_t *user = user_get(x->store, user_id);
    bool fault = user == NULL;
    bool known = json_is_object(user);
    bool disabled = json_is_true(json_object_get(user, "disabled"));
    json_decref(user);
    if (fault || !known)
        return fault ? 500 : 404;
    if (disabled)
        return users_page(x, 422, (struct notice){.error = "This user is disabled. Enable them first."});
    page_say_done(x, "linked", "unlink");
    return show_link(x, user_id);
}

/* As if the last link for a user had not been made. */
static int end_link(struct exchange *x, int64_t user_id)
{
    json_t *user = user_get(x->store, user_id);
    int status = user == NULL ? 500 : 404;
    if (json_is_object(user))
        status = token_drop(x->store, "reset", user_id, 0) && note(x, user, "end password link")
                     ? page_redirect(x, 303, "/admin/users?done=unlinked")
                     : 500;
    json_decref(user);
    return status;
}

static int changed(struct exchange *x, enum user_outcome outcome, const char *done, int64_t undo_id)
{
    if (outcome == USER_LAST_ADMIN)
        return users_page(x, 422, (struct notice){.error = "This is the last admin. Make another one first."});
    if (outcome == USER_UNKNOWN)
        return 404;
    return outcome == USER_OK ? page_redirect(x, 303, page_done(x, "/admin/users", done, undo_id)) : 500;
}

int page_user_change_post(struct exchange *x)
{
    enum user_outcome outcome;
    int64_t undo_id;
    int64_t user_id = param_number(x, "id");
    const char *action = form_text(x, "do");
    if (user_id <= 0)
        return 404;
    if (strcmp(action, "disable") == 0 || strcmp(action, "enable") == 0)
        outcome = user_set_disabled(x->store, x->actor, user_id, *action == 'd', x->now_unix, &undo_id);
    else if (strcmp(action, "editor") == 0 || strcmp(action, "admin") == 0)
        outcome = user_set_role(x->store, x->actor, user_id, action, x->now_unix, &undo_id);
    else if (strcmp(action, "unlink") == 0)
        return end_link(x, user_id);
    else
        return strcmp(action, "reset") == 0 ? make_link(x, user_id) : 400;
    return changed(x, outcome, "changed", undo_id);
}

int page_user_undo_post(struct exchange *x)
{
    int64_t redo_id = 0;
    enum user_outcome outcome = user_undo(x->store, x->actor, form_number(x, "undo"), x->now_unix, &redo_id);
    if (outcome == USER_UNKNOWN)
        return users_page(x, 409, (struct notice){.error = PAGE_UNDO_LATE});
    return changed(x, outcome, "undone", redo_id);
}
