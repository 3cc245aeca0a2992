#include <string.h>

#include "warta/newsroom/editing.h"
#include "warta/pages/item_form.h"
#include "warta/pages/item_page.h"

const struct param activity_params[] = {
    PARAMS_DONE,
    {.name = "action", .kind = PARAM_TEXT, .max = 40},
    {.name = "before", .kind = PARAM_NUMBER},
    {.name = "user", .kind = PARAM_NUMBER},
    {0},
};

enum { PAGE_LEN = 50 };

/* What happened, as it is said of the subject. */
static const char *const happened[][2] = {
    {"add type", "added as a type"},
    {"add user", "added as a user"},
    {"bring back file", "file brought back"},
    {"bring back type", "type brought back"},
    {"change password", "password changed"},
    {"change role", "role changed"},
    {"create", "made"},
    {"delete", "deleted for good"},
    {"delete file", "file deleted"},
    {"delete type", "type deleted"},
    {"delete user", "user deleted"},
    {"disable user", "user disabled"},
    {"enable user", "user enabled"},
    {"end password link", "link for a new password ended"},
    {"go back", "taken back to an earlier version"},
    {"import", "imported"},
    {"make password link", "link for a new password made"},
    {"merge", "given another type by a merge"},
    {"merge types", "type merged"},
    {"move type", "type moved"},
    {"publish", "published"},
    {"rename type", "type renamed"},
    {"replace file", "file replaced"},
    {"restore", "taken out of the trash"},
    {"save", "saved"},
    {"schedule", "scheduled"},
    {"share", "preview link made"},
    {"stop sharing", "preview links ended"},
    {"trash", "put into the trash"},
    {"undo merge", "merge undone"},
    {"unpublish", "taken off the site"},
    {"upload file", "file uploaded"},
};

const char *activity_words(const char *action)
{
    for (size_t i = 0; i < sizeof happened / sizeof *happened; i++) {
        if (strcmp(happened[i][0], action) == 0)
            return happened[i][1];
    }
    return action;
}

/* What the list can be narrowed to. */
struct filter {
    int64_t user, item;
    const char *action;
};

static struct filter filter_of(const struct exchange *x)
{
    int64_t user = param_number(x, "user");
    int64_t item = param_number(x, "item");
    const char *action = json_string_value(json_object_get(x->params, "action"));
    return (struct filter){user > 0 ? user : 0, item > 0 ? item : 0, action == NULL ? "" : action};
}

static const char *activity_href(struct exchange *x, const struct filter *filter, json_int_t before)
{
    struct buf path = BUF_EMPTY;
    buf_text(&path, "/admin/activity");
    if (filter->user > 0)
        url_query_append(&path, "user", arena_format(&x->arena, "%lld", (long long)filter->user));
    if (filter->item > 0)
        url_query_append(&path, "item", arena_format(&x->arena, "%lld", (long long)filter->item));
    if (*filter->action != '\0')
        url_query_append(&path, "action", filter->action);
    if (before > 0)
        url_query_append(&path, "before", arena_format(&x->arena, "%lld", (long long)before));
    const char *href = page_href(x, buf_string(&path));
    buf_release(&path);
    return href;
}

/* An item's row says which keys changed, parted by ", "; here as the form calls them (*owned*). */
static json_t *detail_words(struct exchange *x, const json_t *row)
{
    const char *detail = json_string_value(json_object_get(row, "detail"));
    struct buf words = BUF_EMPTY;
    if (!json_is_integer(json_object_get(row, "item_id")))
        return json_string(detail);
    while (*detail != '\0') {
        size_t len = strcspn(detail, ",");
        buf_text(&words, words.len > 0 ? ", " : "");
        buf_text(&words, item_form_label(arena_copy(&x->arena, detail, len)));
        detail += len;
        detail += strspn(detail, ", ");
    }
    json_t *text = json_string(buf_string(&words));
    buf_release(&words);
    return text;
}

static json_t *activity_row(struct exchange *x, const json_t *row)
{
    char utc[TEXT_UTC_CAP];
    int64_t at_unix = (int64_t)json_integer_value(json_object_get(row, "at_unix"));
    int64_t item_id = (int64_t)json_integer_value(json_object_get(row, "item_id"));
    bool has_item = json_is_true(json_object_get(row, "item_exists"));
    text_utc_format(at_unix, utc);
    return json_pack("{s:s, s:s, s:O, s:s, s:O, s:o, s:s?}", "when_words", page_time_words(x, at_unix), "when", utc,
                     "user_name", json_object_get(row, "user_name"), "action_words",
                     activity_words(json_string_value(json_object_get(row, "action"))), "subject",
                     json_object_get(row, "subject"), "detail", detail_words(x, row), "item_href",
                     has_item ? item_admin_href(x, item_id, "") : NULL);
}

/* Sets rows, any, older_href and first_href. False on a fault. */
static bool model_rows(struct exchange *x, const struct filter *filter)
{
    int64_t before = param_number(x, "before");
    json_t *found =
        activity_list(x->store, filter->user, filter->item, filter->action, before > 0 ? before : 0, PAGE_LEN + 1);
    json_t *rows = json_array();
    json_int_t last = 0;
    bool ok = found != NULL;
    bool more = json_array_size(found) > PAGE_LEN;
    size_t i;
    json_t *row;
    json_array_foreach(found, i, row)
    {
        if (i == PAGE_LEN)
            break;
        json_array_append_new(rows, activity_row(x, row));
        last = json_integer_value(json_object_get(row, "id"));
    }
    json_object_update_new(x->model, json_pack("{s:o, s:b, s:s?, s:s?}", "rows", rows, "any", i > 0, "older_href",
                                               more ? activity_href(x, filter, last) : NULL, "first_href",
                                               before > 0 ? activity_href(x, filter, 0) : NULL));
    json_decref(found);
    return ok;
}

static bool model_users(struct exchange *x, const struct filter *filter)
{
    json_t *users = user_list(x->store);
    json_t *choices = json_array();
    bool ok = users != NULL;
    size_t i;
    json_t *user;
    json_array_foreach(users, i, user)
    {
        json_int_t id = json_integer_value(json_object_get(user, "id"));
        json_array_append_new(choices, json_pack("{s:I, s:O, s:b}", "value", id, "name", json_object_get(user, "name"),
                                                 "selected", id == filter->user));
    }
    json_object_set_new(x->model, "users", choices);
    json_decref(users);
    return ok;
}

/* The actions that there have been. */
static bool model_actions(struct exchange *x, const struct filter *filter)
{
    json_t *actions = store_rows(x->store, SQL_ACTIVITY_ACTIONS, NULL);
    size_t i;
    json_t *action;
    json_array_foreach(actions, i, action)
    {
        const char *value = json_string_value(json_object_get(action, "value"));
        json_object_set_new(action, "selected", json_boolean(strcmp(value, filter->action) == 0));
        json_object_set_new(action, "name", json_string(activity_words(value)));
    }
    json_object_set_new(x->model, "actions", actions);
    return actions != NULL;
}

int page_activity(struct exchange *x)
{
    const struct filter filter = filter_of(x);
    json_decref(x->model);
    x->model = json_pack("{s:s, s:s, s:b}", "page_title", "Activity", "section", "activity", "filtered",
                         filter.user > 0 || filter.item > 0 || *filter.action != '\0');
    if (!model_rows(x, &filter) || !model_users(x, &filter) || !model_actions(x, &filter))
        return 500;
    return page_admin_html(x, 200, "admin/activity.html");
}
