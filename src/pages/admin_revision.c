#include <string.h>

#include "warta/newsroom/editing.h"
#include "warta/pages/item_form.h"
#include "warta/pages/item_page.h"

const struct param revision_params[] = {PARAMS_DONE, {.name = "compare", .kind = PARAM_NUMBER}, {0}};

static json_int_t integer_at(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* Who made a revision: nobody who logs in means an import. */
static const char *who(const json_t *revision)
{
    const char *name = json_string_value(json_object_get(revision, "user_name"));
    return name == NULL ? "import" : name;
}

/* "Title, Text" */
static json_t *changed_words(const json_t *changed)
{
    struct buf words = BUF_EMPTY;
    size_t i;
    json_t *key;
    json_array_foreach(changed, i, key)
        buf_format(&words, "%s%s", i == 0 ? "" : ", ", item_form_label(json_string_value(key)));
    json_t *text = json_string(buf_string(&words));
    buf_release(&words);
    return text;
}

/* What both pages say of the item. */
static void model_item(struct exchange *x, const json_t *item, const char *page_title)
{
    const char *lang = json_string_value(json_object_get(item, "lang"));
    int64_t id = (int64_t)integer_at(item, "id");
    json_decref(x->model);
    x->model = json_pack("{s:s, s:s, s:I, s:O, s:I, s:s, s:s, s:O, s:s, s:b}", "page_title", page_title, "section",
                         "items", "id", (json_int_t)id, "title", json_object_get(item, "title"), "current_version",
                         integer_at(item, "version"), "edit_href", item_admin_href(x, id, ""), "revisions_href",
                         item_admin_href(x, id, "/revisions"), "lang", json_object_get(item, "lang"), "dir",
                         text_lang_dir(x->text, lang), "lang_differs", strcmp(lang, x->site->lang) != 0);
}

/* What both pages say of a revision (*owned*). */
static json_t *revision_row(struct exchange *x, const json_t *revision, int64_t id, json_int_t current)
{
    json_int_t version = integer_at(revision, "version");
    const char *path = arena_format(&x->arena, "/revisions/%lld", (long long)version);
    return json_pack("{s:I, s:s, s:s, s:s, s:b, s:s, s:s}", "version", version, "when_words",
                     page_time_words(x, (int64_t)integer_at(revision, "at_unix")), "user_name", who(revision),
                     "action_words", activity_words(json_string_value(json_object_get(revision, "action"))),
                     "is_current", version == current, "view_href", item_admin_href(x, id, path), "restore_href",
                     item_admin_href(x, id, arena_format(&x->arena, "%s/restore", path)));
}

/* --- the list of revisions --- */

static int revisions_html(struct exchange *x, const json_t *item)
{
    int64_t id = (int64_t)integer_at(item, "id");
    json_t *revisions = edit_revisions(x->store, id);
    json_t *rows = json_array();
    size_t i;
    json_t *revision;
    model_item(x, item, "Earlier versions");
    json_array_foreach(revisions, i, revision)
    {
        json_t *row = revision_row(x, revision, id, integer_at(item, "version"));
        json_object_set_new(row, "changed_words", changed_words(json_object_get(revision, "changed")));
        json_array_append_new(rows, row);
    }
    json_object_set_new(x->model, "revisions", rows);
    bool ok = revisions != NULL;
    json_decref(revisions);
    return ok ? page_admin_html(x, 200, "admin/revisions.html") : 500;
}

int page_revisions(struct exchange *x)
{
    int64_t id = param_number(x, "id");
    json_t *item = id <= 0 ? json_null() : edit_get(x->store, id);
    int status = item == NULL ? 500 : json_is_null(item) ? 404 : revisions_html(x, item);
    json_decref(item);
    return status;
}

/* --- one revision --- */

/* Sets what has changed from one whole to another, under labels; null for a whole that there is not. */
static bool model_changes(struct exchange *x, const char *key, const json_t *before, const json_t *after)
{
    json_t *changes = before == NULL || after == NULL ? json_array() : edit_compare(before, after);
    size_t i;
    json_t *change;
    json_array_foreach(changes, i, change)
    {
        const char *name = json_string_value(json_object_get(change, "key"));
        json_object_set_new(change, "label", json_string(item_form_label(name)));
    }
    json_object_set_new(x->model, arena_format(&x->arena, "any_%s", key), json_boolean(json_array_size(changes) > 0));
    json_object_set_new(x->model, key, changes);
    return changes != NULL;
}

/* Sets what differs between a revision and another one, from the earlier to the later; null for an other that there
 * is not. */
static bool model_compared(struct exchange *x, const json_t *revision, const json_t *other, bool asked)
{
    json_int_t version = integer_at(revision, "version");
    json_int_t other_version = integer_at(other, "version");
    const json_t *from = other_version < version ? other : revision;
    const json_t *to = from == other ? revision : other;
    const char *words = arena_format(&x->arena, "From version %lld to version %lld",
                                     (long long)integer_at(from, "version"), (long long)integer_at(to, "version"));
    json_object_update_new(x->model, json_pack("{s:b, s:s}", "compares", version != other_version, "compared_words",
                                               asked ? words : "What has changed since"));
    return model_changes(x, "compared", json_object_get(from, "item"), json_object_get(to, "item"));
}

static int revision_html(struct exchange *x, const json_t *item, const json_t *revision, int64_t compare)
{
    int64_t id = (int64_t)integer_at(item, "id");
    json_int_t version = integer_at(revision, "version");
    json_t *earlier = edit_revision(x->store, id, version - 1);
    json_t *other = edit_revision(x->store, id, compare > 0 ? compare : integer_at(item, "version"));
    int status = earlier == NULL || other == NULL ? 500 : compare > 0 && json_is_null(other) ? 404 : 200;
    model_item(x, item, arena_format(&x->arena, "Version %lld", (long long)version));
    json_object_update_new(x->model, revision_row(x, revision, id, integer_at(item, "version")));
    json_object_set_new(x->model, "compare", compare > 0 ? json_integer(compare) : json_string(""));
    if (status == 404)
        x->detail = "There is no such version of this item to compare with.";
    else if (status == 200)
        status = model_changes(x, "before", json_object_get(earlier, "item"), json_object_get(revision, "item")) &&
                         model_compared(x, revision, other, compare > 0)
                     ? page_admin_html(x, 200, "admin/revision.html")
                     : 500;
    json_decref(other);
    json_decref(earlier);
    return status;
}

int page_revision(struct exchange *x)
{
    int64_t id = param_number(x, "id");
    int64_t version = param_number(x, "version");
    bool named = id > 0 && version > 0;
    json_t *item = named ? edit_get(x->store, id) : json_null();
    json_t *revision = named ? edit_revision(x->store, id, version) : json_null();
    int status = item == NULL || revision == NULL ? 500
                 : json_is_null(item) || json_is_null(revision)
                     ? 404
                     : revision_html(x, item, revision, param_number(x, "compare"));
    json_decref(revision);
    json_decref(item);
    return status;
}
