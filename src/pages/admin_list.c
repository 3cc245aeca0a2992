#include <stdlib.h>
#include <string.h>

#include "warta/newsroom/editing.h"
#include "warta/pages/item_page.h"

const struct param item_list_params[] = {
    PARAMS_DONE,
    {.name = "after", .kind = PARAM_TEXT, .max = 400},
    {.name = "left", .kind = PARAM_NUMBER},
    {.name = "q", .kind = PARAM_TEXT, .max = 200},
    {.name = "sort", .kind = PARAM_SLUG},
    {.name = "status", .kind = PARAM_SLUG},
    {.name = "type", .kind = PARAM_SLUG},
    {0},
};

enum { PAGE_LEN = 50, TRASH_DAYS = 30 };

struct choice {
    const char *value, *name;
};

static const struct choice statuses[] = {
    {"", "All"}, {"draft", "Drafts"}, {"published", "Published"}, {"scheduled", "Scheduled"}, {"trashed", "Trash"}};
static const struct choice sorts[] = {{"changed", "Last changed"}, {"date", "Date"}, {"title", "Title"}};

enum { STATUSES = sizeof statuses / sizeof *statuses, SORTS = sizeof sorts / sizeof *sorts };

/* Which items the list shows, and in what order. */
struct filter {
    const char *status, *type, *q, *sort;
};

static const char *string_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

/* The one of `choices` that was asked for; the first if none was. */
static const char *chosen(const struct choice *choices, size_t len, const char *value)
{
    for (size_t i = 0; i < len; i++) {
        if (strcmp(choices[i].value, value) == 0)
            return choices[i].value;
    }
    return choices[0].value;
}

static struct filter filter_of(const struct exchange *x)
{
    return (struct filter){
        .status = chosen(statuses, STATUSES, string_at(x->params, "status")),
        .type = string_at(x->params, "type"),
        .q = string_at(x->params, "q"),
        .sort = chosen(sorts, SORTS, string_at(x->params, "sort")),
    };
}

static bool is_filtered(const struct filter *filter)
{
    return *filter->type != '\0' || *filter->q != '\0';
}

static void append_filter(struct buf *path, const struct filter *filter)
{
    if (*filter->status != '\0')
        url_query_append(path, "status", filter->status);
    if (*filter->type != '\0')
        url_query_append(path, "type", filter->type);
    if (*filter->q != '\0')
        url_query_append(path, "q", filter->q);
    if (strcmp(filter->sort, sorts[0].value) != 0)
        url_query_append(path, "sort", filter->sort);
}

/* The list's address from behind a cursor; NULL: from its start (*arena*). */
static const char *list_href(struct exchange *x, struct filter filter, const char *after)
{
    struct buf path = BUF_EMPTY;
    buf_text(&path, "/admin");
    append_filter(&path, &filter);
    if (after != NULL)
        url_query_append(&path, "after", after);
    const char *href = page_href(x, buf_string(&path));
    buf_release(&path);
    return href;
}

/* --- the parts of the model --- */

static json_t *tabs(struct exchange *x, const struct filter *filter, const json_t *counts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < STATUSES; i++) {
        struct filter tab = *filter;
        tab.status = statuses[i].value;
        const char *count = *tab.status == '\0' ? "all" : tab.status;
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:I, s:b, s:s}", "value", tab.status, "name", statuses[i].name,
                                        "count", json_integer_value(json_object_get(counts, count)), "selected",
                                        tab.status == filter->status, "href", list_href(x, tab, NULL)));
    }
    return list;
}

static json_t *sort_choices(const struct filter *filter)
{
    json_t *list = json_array();
    for (size_t i = 0; i < SORTS; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "value", sorts[i].value, "name", sorts[i].name,
                                              "selected", sorts[i].value == filter->sort));
    return list;
}

/* Sets types and types_new. False on a fault. */
static bool model_types(struct exchange *x, const struct filter *filter)
{
    json_t *types = store_rows(x->store, SQL_TYPE_CHOICES, NULL);
    json_t *new_of_type = json_array();
    size_t i;
    json_t *type;
    json_array_foreach(types, i, type)
    {
        const char *value = string_at(type, "value");
        const char *path = arena_format(&x->arena, "/admin/items/new?type=%s", value);
        json_object_set_new(type, "selected", json_boolean(strcmp(value, filter->type) == 0));
        json_array_append_new(
            new_of_type, json_pack("{s:O, s:s}", "name", json_object_get(type, "name"), "href", page_href(x, path)));
    }
    json_object_set_new(x->model, "types", types);
    json_object_set_new(x->model, "types_new", new_of_type);
    return types != NULL;
}

static void complete_item(struct exchange *x, json_t *item)
{
    const char *status = string_at(item, "status");
    const char *date = json_string_value(json_object_get(item, "date"));
    const char *dir = text_lang_dir(x->text, string_at(item, "lang"));
    int64_t id = (int64_t)json_integer_value(json_object_get(item, "id"));
    int64_t changed_unix = (int64_t)json_integer_value(json_object_get(item, "changed_unix"));
    bool is_public = item_is_public(item, x->now_unix);
    const char *path = arena_format(&x->arena, "/items/%s", string_at(item, "slug"));
    json_object_update_new(item,
                           json_pack("{s:s, s:b, s:b, s:b, s:b, s:s?, s:s, s:s, s:s?, s:s, s:b}", "status_words",
                                     item_status_words(x, item), "is_draft", strcmp(status, "draft") == 0,
                                     "is_published", is_public, "is_scheduled", item_is_scheduled(item, x->now_unix),
                                     "is_trashed", strcmp(status, "trashed") == 0, "date_words",
                                     date == NULL ? NULL : text_date_words(x->text, date), "changed_words",
                                     page_time_words(x, changed_unix), "edit_href", item_admin_href(x, id, ""),
                                     "view_href", is_public ? page_href(x, path) : NULL, "dir", dir, "lang_differs",
                                     strcmp(string_at(item, "lang"), x->site->lang) != 0));
}

/* How many items there are: those that a type or words find are only counted as far as the page goes. */
static json_t *total_words(const struct filter *filter, const json_t *counts, size_t shown, bool is_first, bool is_last)
{
    json_int_t total = json_integer_value(json_object_get(counts, *filter->status == '\0' ? "all" : filter->status));
    if (is_filtered(filter) && !is_last && is_first)
        return json_sprintf("More than %zu items", shown);
    if (is_filtered(filter) && !is_first)
        return json_sprintf("%zu more item%s", shown, shown == 1 ? "" : "s");
    if (is_filtered(filter))
        total = (json_int_t)shown;
    return total == 0 ? json_string("No items") : json_sprintf("%lld item%s", (long long)total, total == 1 ? "" : "s");
}

/* Reads the page's items, and what there is of each status. False on a fault. */
static bool model_items(struct exchange *x, const struct filter *filter)
{
    const char *after = json_string_value(json_object_get(x->params, "after"));
    struct filter all = *filter;
    all.type = all.q = "";
    char *next = NULL;
    json_t *items = edit_list(x->store, filter->status, filter->type, filter->q, filter->sort,
                              after == NULL ? "" : after, PAGE_LEN, x->now_unix, &next);
    json_t *counts = edit_counts(x->store, x->now_unix);
    bool ok = items != NULL && counts != NULL;
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item) complete_item(x, item);
    if (ok)
        json_object_update_new(
            x->model,
            json_pack("{s:O, s:b, s:o, s:o, s:s?, s:s?, s:s}", "items", items, "any", i > 0, "total_words",
                      total_words(filter, counts, i, after == NULL, next == NULL), "tabs", tabs(x, filter, counts),
                      "next_href", next == NULL ? NULL : list_href(x, *filter, next), "first_href",
                      after == NULL ? NULL : list_href(x, *filter, NULL), "reset_href", list_href(x, all, NULL)));
    json_decref(counts);
    json_decref(items);
    free(next);
    return ok;
}

/* --- after a bulk action --- */

/* What is said of those that were left as they were; null for none. */
static json_t *bulk_left_words(const struct exchange *x)
{
    int64_t left = param_number(x, "left");
    if (left <= 0)
        return json_null();
    return json_sprintf("%lld of them had been changed by somebody else meanwhile and %s as before.", (long long)left,
                        left == 1 ? "is" : "are");
}

int page_admin(struct exchange *x)
{
    const struct filter filter = filter_of(x);
    json_decref(x->model);
    x->model = json_pack("{s:s, s:s, s:s, s:o, s:b, s:b, s:o, s:s}", "page_title", "Items", "section", "items", "q",
                         filter.q, "sort", sort_choices(&filter), "filtered", is_filtered(&filter), "in_trash",
                         strcmp(filter.status, "trashed") == 0, "bulk_left_words", bulk_left_words(x), "new_href",
                         page_href(x, "/admin/items/new"));
    return model_types(x, &filter) && model_items(x, &filter) ? page_admin_html(x, 200, "admin/list.html") : 500;
}

/* --- several items at once --- */

/* "ID.VERSION", as the list's boxes have it. */
static bool bulk_parse(const char *text, int64_t *id, int64_t *version)
{
    enum { DIGITS_MAX = 15 };
    size_t id_len = strspn(text, "0123456789");
    const char *behind = text + id_len + 1;
    if (id_len == 0 || id_len > DIGITS_MAX || text[id_len] != '.')
        return false;
    size_t version_len = strspn(behind, "0123456789");
    *id = strtoll(text, NULL, 10);
    *version = strtoll(behind, NULL, 10);
    return version_len > 0 && version_len <= DIGITS_MAX && behind[version_len] == '\0' && *id > 0;
}

/* What came of a bulk action. */
struct bulk {
    struct buf undo; /* "ID.VERSION ID.VERSION": what can be taken back */
    int64_t done, left;
    bool fault;
};

static void bulk_item(struct exchange *x, const char *action, const char *item, struct bulk *bulk)
{
    const struct editing editing = {.store = x->store, .text = x->text, .actor = x->actor, .now_unix = x->now_unix};
    int64_t id;
    int64_t version;
    int64_t saved = 0;
    bool undoes = strcmp(action, "undo") == 0;
    if (!bulk_parse(item, &id, &version)) {
        bulk->left++;
        return;
    }
    enum edit_outcome outcome = undoes ? edit_revert(&editing, id, version, version - 1, &saved)
                                       : edit_status(&editing, id, version, action, &saved);
    bulk->fault = outcome == EDIT_FAULT;
    bulk->done += outcome == EDIT_OK ? 1 : 0;
    bulk->left += outcome == EDIT_OK ? 0 : 1;
    if (outcome == EDIT_OK && saved == version + 1)
        buf_format(&bulk->undo, "%s%lld.%lld", bulk->undo.len == 0 ? "" : " ", (long long)id, (long long)saved);
}

static bool bulk_known(const char *action)
{
    static const char *const actions[] = {"publish", "unpublish", "trash", "restore", "undo"};
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(actions[i], action) == 0)
            return true;
    }
    return false;
}

/* Back to the list as it was, unless it cannot have been so. */
static void append_list(struct exchange *x, struct buf *path)
{
    char error[PARAM_ERROR_CAP];
    const struct filter filter = {.status = form_text(x, "status"),
                                  .type = form_text(x, "type"),
                                  .q = form_text(x, "q"),
                                  .sort = chosen(sorts, SORTS, form_text(x, "sort"))};
    buf_text(path, "/admin");
    size_t bare_len = path->len;
    append_filter(path, &filter);
    const char *query = buf_string(path) + bare_len;
    json_t *params = params_parse(item_list_params, *query == '?' ? query + 1 : query, error);
    if (params == NULL)
        buf_truncate(path, bare_len);
    json_decref(params);
}

static int bulk_redirect(struct exchange *x, const struct bulk *bulk, const char *done)
{
    struct buf path = BUF_EMPTY;
    append_list(x, &path);
    if (bulk->done > 0)
        url_query_append(&path, "done", done);
    if (bulk->undo.len > 0)
        url_query_append(&path, "undo", buf_string(&bulk->undo));
    if (bulk->left > 0)
        url_query_append(&path, "left", arena_format(&x->arena, "%lld", (long long)bulk->left));
    int status = page_redirect(x, 303, buf_string(&path));
    buf_release(&path);
    return status;
}

int page_admin_bulk_post(struct exchange *x)
{
    const char *action = form_text(x, "action");
    const json_t *items = json_object_get(x->form, "item");
    struct bulk bulk = {0};
    size_t count = json_is_array(items) ? json_array_size(items) : items == NULL ? 0 : 1;
    if (!bulk_known(action) || count > PAGE_LEN) {
        x->detail = "Choose at most 50 items, and what to do with them.";
        return 422;
    }
    for (size_t i = 0; i < count && !bulk.fault; i++)
        bulk_item(x, action, json_string_value(json_is_array(items) ? json_array_get(items, i) : items), &bulk);
    int status = bulk.fault ? 500 : bulk_redirect(x, &bulk, strcmp(action, "undo") == 0 ? "bulk-undone" : "bulk");
    buf_release(&bulk.undo);
    return status;
}

int page_trash_empty_post(struct exchange *x)
{
    const struct editing editing = {.store = x->store, .text = x->text, .actor = x->actor, .now_unix = x->now_unix};
    size_t count;
    if (edit_empty_trash(&editing, TRASH_DAYS, &count) != EDIT_OK)
        return 500;
    return page_redirect(x, 303, "/admin?status=trashed&done=emptied");
}
