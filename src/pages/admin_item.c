#include <stdlib.h>
#include <string.h>

#include "warta/http/form.h"
#include "warta/newsroom/editing.h"
#include "warta/pages/item_page.h"

const struct param item_new_params[] = {
    PARAMS_DONE,
    {.name = "cleaned", .kind = PARAM_TEXT, .max = 400},
    {.name = "type", .kind = PARAM_SLUG},
    {0},
};

/* --- opening the form --- */

int page_item_new(struct exchange *x)
{
    char today[TEXT_DATE_CAP];
    struct item_page page;
    json_t *type = json_object_get(x->params, "type");
    bool ok = item_page_open(x, 0, &page);
    text_local_date(x->text, x->now_unix, today);
    json_object_set_new(page.values, "lang", json_string(x->site->lang));
    json_object_set_new(page.values, "date", json_string(today));
    if (json_is_string(type))
        json_object_set(page.values, "type", type);
    int status = ok ? item_page_html(x, 200, &page) : 500;
    item_page_release(&page);
    return status;
}

int page_item_edit(struct exchange *x)
{
    struct item_page page;
    int64_t id = param_number(x, "id");
    if (id <= 0)
        return 404;
    int status = item_page_open(x, id, &page) ? 404 : 500;
    if (json_is_object(page.stored))
        status = item_page_html(x, 200, &page);
    item_page_release(&page);
    return status;
}

/* --- what was asked for --- */

/* What a button of the form does to the item's status, and how it is called afterwards. */
struct asked {
    const char *form;   /* the button's value */
    const char *status; /* NULL: as it is */
    const char *action; /* for the activity list */
    const char *done;   /* the message's code */
};

static struct asked asked_of(struct exchange *x, const struct item_page *page)
{
    const char *form = form_text(x, "action");
    const char *publish_at = json_string_value(json_object_get(page->checked, "publish_at"));
    const char *status = json_string_value(json_object_get(page->stored, "status"));
    int64_t publish_unix = 0;
    bool later = publish_at != NULL && text_utc_parse(publish_at, &publish_unix) && publish_unix > x->now_unix;
    if (strcmp(form, "publish") == 0)
        return later ? (struct asked){"publish", "published", "schedule", "scheduled"}
                     : (struct asked){"publish", "published", "publish", "published"};
    if (page->id == 0)
        return (struct asked){"save", "draft", "create", "created"};
    if (strcmp(form, "draft") == 0 && status != NULL && strcmp(status, "draft") != 0)
        return (struct asked){"draft", "draft", "unpublish", "unpublished"};
    return (struct asked){"save", NULL, "save", "saved"};
}

static struct editing editing_of(struct exchange *x)
{
    return (struct editing){.store = x->store, .text = x->text, .actor = x->actor, .now_unix = x->now_unix};
}

/* Back to `path` with the message of what was done. It can be undone if `version` came right behind `before`. */
static int redirect_done(struct exchange *x, const char *path, const char *done, int64_t id, int64_t before,
                         int64_t version, const char *cleaned)
{
    struct buf target = BUF_EMPTY;
    buf_format(&target, "%s?done=%s&item=%lld&version=%lld", path, done, (long long)id, (long long)version);
    if (before > 0 && before == version - 1)
        buf_format(&target, "&to=%lld", (long long)before);
    if (cleaned != NULL)
        url_query_append(&target, "cleaned", cleaned);
    int status = page_redirect(x, 303, buf_string(&target));
    buf_release(&target);
    return status;
}

static const char *edit_path(struct exchange *x, int64_t id)
{
    return arena_format(&x->arena, "/admin/items/%lld", (long long)id);
}

/* --- saving --- */

/* The checked values with status and files, as edit_save takes them (*owned*). */
static json_t *save_values(struct exchange *x, const struct item_page *page, const struct asked *asked)
{
    json_t *values = json_copy(page->checked);
    if (asked->status != NULL)
        json_object_set_new(values, "status", json_string(asked->status));
    if (page->id == 0 && json_object_get(values, "lang") == NULL)
        json_object_set_new(values, "lang", json_string(x->site->lang));
    if (page->files_typed)
        json_object_set(values, "files", page->files);
    return values;
}

/* What was typed, as a new item: the one it was of is gone. */
static int save_gone(struct exchange *x, struct item_page *page)
{
    page->id = 0;
    json_array_append_new(page->errors,
                          json_pack("{s:s, s:s}", "key", "form", "words",
                                    "This item has been deleted for good meanwhile. Saving makes a new one of it."));
    return item_page_html(x, 422, page);
}

/* Somebody was faster. The form of a new item, sent before, has made this one of it. */
static int save_stale(struct exchange *x, struct item_page *page, int64_t id, const char *form)
{
    if (page->id == 0) {
        page->id = id;
        page->version = 1;
        json_decref(page->stored);
        page->stored = edit_get(x->store, id);
    }
    return item_conflict_html(x, page, form);
}

/* The form stays, as a page that only tells of the fault would lose what was typed. */
static int save_failed(struct exchange *x, struct item_page *page)
{
    json_array_append_new(page->errors,
                          json_pack("{s:s, s:s}", "key", "form", "words",
                                    "It could not be saved just now. What you typed is still here: try again in a "
                                    "while, and tell whoever runs this site if that does not help."));
    return item_page_html(x, 500, page);
}

static int save_checked(struct exchange *x, struct item_page *page)
{
    const struct editing editing = editing_of(x);
    const struct asked asked = asked_of(x, page);
    const char *request_id = *form_text(x, "request_id") == '\0' ? NULL : form_text(x, "request_id");
    int64_t id = 0;
    int64_t version = 0;
    json_t *values = save_values(x, page, &asked);
    enum edit_outcome outcome =
        edit_save(&editing, page->id, page->version, values, request_id, asked.action, page->errors, &id, &version);
    json_decref(values);
    switch (outcome) {
    case EDIT_OK:
        return redirect_done(x, edit_path(x, id), asked.done, id, page->id == 0 ? 0 : page->version, version,
                             page->cleaned);
    case EDIT_STALE:
        return save_stale(x, page, id, asked.form);
    case EDIT_GONE:
        return save_gone(x, page);
    case EDIT_REFUSED:
        return item_page_html(x, 422, page);
    case EDIT_FAULT:
        break;
    }
    return save_failed(x, page);
}

/* Whether it is to be published and is not yet. */
static bool publishes(struct exchange *x, const struct item_page *page)
{
    const char *status = json_string_value(json_object_get(page->stored, "status"));
    return strcmp(form_text(x, "action"), "publish") == 0 && (status == NULL || strcmp(status, "published") != 0);
}

/* The form once more, with what was overlooked above it; the same button then publishes it all the same. */
static int ask(struct exchange *x, struct item_page *page)
{
    page->asks = true;
    return item_page_html(x, 422, page);
}

static int save(struct exchange *x, int64_t id)
{
    struct item_page page;
    int status = 500;
    bool opened = item_page_open(x, id, &page);
    if (opened && !item_page_typed(x, &page, true)) {
        status = save_failed(x, &page);
    } else if (opened) {
        if (id != 0 && !json_is_object(page.stored))
            status = save_gone(x, &page);
        else if (json_array_size(page.errors) > 0)
            status = item_page_html(x, 422, &page);
        else if (publishes(x, &page) && item_page_unwarned(x, &page))
            status = ask(x, &page);
        else
            status = save_checked(x, &page);
    }
    item_page_release(&page);
    return status;
}

int page_item_create_post(struct exchange *x)
{
    return save(x, 0);
}

int page_item_save_post(struct exchange *x)
{
    int64_t id = param_number(x, "id");
    return id <= 0 ? 404 : save(x, id);
}

/* --- status and revisions --- */

/* What the buttons beside the form do; `form` is what the form itself would be asked for to do the same. */
static const struct status_action {
    const char *action, *done, *form;
} status_actions[] = {
    {"publish", "published", "publish"},
    {"unpublish", "unpublished", "draft"},
    {"trash", "trashed", ""},
    {"restore", "restored", ""},
};

enum { STATUS_ACTIONS = sizeof status_actions / sizeof *status_actions };

static const struct status_action *find_action(const char *name)
{
    for (size_t i = 0; name != NULL && i < STATUS_ACTIONS; i++) {
        if (strcmp(status_actions[i].action, name) == 0)
            return &status_actions[i];
    }
    return NULL;
}

/* The message's code: what is published for a time to come is scheduled. NULL on a fault. */
static const char *status_done(struct exchange *x, int64_t id, const struct status_action *action)
{
    json_t *item = edit_get(x->store, id);
    const char *done = item == NULL ? NULL : item_is_scheduled(item, x->now_unix) ? "scheduled" : action->done;
    json_decref(item);
    return done;
}

int page_item_status_post(struct exchange *x)
{
    const struct editing editing = editing_of(x);
    const struct status_action *action = find_action(json_string_value(json_object_get(x->params, "action")));
    int64_t id = param_number(x, "id");
    int64_t version = form_number(x, "version");
    int64_t saved = 0;
    if (action == NULL || id <= 0)
        return 404;
    switch (edit_status(&editing, id, version, action->action, &saved)) {
    case EDIT_OK: {
        const char *done = status_done(x, id, action);
        bool leaves = strcmp(action->action, "trash") == 0;
        return done == NULL ? 500
                            : redirect_done(x, leaves ? "/admin" : edit_path(x, id), done, id, version, saved, NULL);
    }
    case EDIT_STALE:
        return item_moved_html(x, id, version, action->form);
    case EDIT_GONE:
        return 404;
    case EDIT_REFUSED:
    case EDIT_FAULT:
        break;
    }
    return 500;
}

int page_item_revert_post(struct exchange *x)
{
    const struct editing editing = editing_of(x);
    int64_t id = param_number(x, "id");
    int64_t to = param_number(x, "version");
    int64_t version = form_number(x, "version");
    int64_t saved = 0;
    if (id <= 0 || to <= 0)
        return 404;
    switch (edit_revert(&editing, id, version, to, &saved)) {
    case EDIT_OK:
        return redirect_done(x, edit_path(x, id), "reverted", id, version, saved, NULL);
    case EDIT_STALE:
        return item_moved_html(x, id, version, "");
    case EDIT_GONE:
        return 404;
    case EDIT_REFUSED:
    case EDIT_FAULT:
        break;
    }
    return 500;
}

/* --- a form that waited for a login --- */

/* "/admin/items" → 0, "/admin/items/12" → 12; -1 for any other address. */
static int64_t carried_id(const char *path)
{
    static const char items[] = "/admin/items";
    enum { DIGITS_MAX = 15 };
    size_t len = sizeof items - 1;
    if (strncmp(path, items, len) != 0)
        return -1;
    path += len;
    if (*path == '\0')
        return 0;
    size_t digits = *path == '/' ? strspn(path + 1, "0123456789") : 0;
    return digits == 0 || digits > DIGITS_MAX || path[1 + digits] != '\0' ? -1 : strtoll(path + 1, NULL, 10);
}

bool page_carries(const char *path)
{
    return carried_id(path) >= 0;
}

int page_carry(struct exchange *x, const char *path, const char *form)
{
    struct item_page page;
    int64_t id = carried_id(path);
    json_t *carried = json_object();
    int status = 500;
    if (id < 0 || !form_decode(&x->arena, form, carried)) {
        json_decref(carried);
        return page_redirect(x, 303, "/admin?done=carried");
    }
    json_decref(x->form);
    x->form = carried;
    if (item_page_open(x, id, &page) && item_page_typed(x, &page, false)) {
        page.id = json_is_object(page.stored) ? id : 0;
        page.restored = true;
        status = item_page_html(x, 200, &page);
    }
    item_page_release(&page);
    return status;
}
