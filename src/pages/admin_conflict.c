#include <string.h>

#include "warta/newsroom/diff.h"
#include "warta/newsroom/editing.h"
#include "warta/pages/item_form.h"
#include "warta/pages/item_page.h"

/* Three versions of an item as a form holds it: what the form began with, what was typed, and what is stored now.
 * Without a base (null values) nobody knows who changed what. */
struct side {
    json_t *values;
    json_t *files;
};

struct sides {
    struct side base, mine, theirs;
};

static void side_release(struct side *side)
{
    json_decref(side->values);
    json_decref(side->files);
}

static void sides_release(struct sides *sides)
{
    side_release(&sides->base);
    side_release(&sides->mine);
    side_release(&sides->theirs);
}

/* The side of a whole item. */
static struct side side_of(struct exchange *x, const json_t *item)
{
    json_t *files = json_object_get(item, "files");
    return (struct side){item_form_values(x->text, item), files == NULL ? json_array() : json_incref(files)};
}

/* --- fields --- */

static void add_field(json_t *model, const char *key, const char *label, bool is_long, json_t *mine, json_t *theirs,
                      bool takes_mine)
{
    json_t *parts = diff_texts(json_string_value(theirs), json_string_value(mine));
    json_array_append_new(json_object_get(model, "fields"),
                          json_pack("{s:s, s:s, s:O, s:O, s:b, s:b, s:b, s:O, s:o}", "key", key, "label", label, "mine",
                                    mine, "theirs", theirs, "differs", 1, "is_long", is_long, "takes_mine", takes_mine,
                                    "value", takes_mine ? mine : theirs, "parts", parts));
}

static void add_same(json_t *model, const char *key, json_t *value)
{
    json_array_append_new(json_object_get(model, "same"), json_pack("{s:s, s:o}", "key", key, "value", value));
}

/* Fields that differ stand side by side; mine is chosen at first wherever I changed something, as theirs is kept as
 * an earlier version, and mine nowhere else. */
static void merge_values(const struct sides *sides, json_t *model)
{
    for (const struct item_field *field = item_form_fields; field->key != NULL; field++) {
        json_t *mine = json_object_get(sides->mine.values, field->key);
        json_t *theirs = json_object_get(sides->theirs.values, field->key);
        bool mine_changed = !json_equal(mine, json_object_get(sides->base.values, field->key));
        if (json_equal(mine, theirs))
            add_same(model, field->key, json_incref(mine));
        else
            add_field(model, field->key, field->label, field->is_long, mine, theirs, mine_changed);
    }
}

/* --- files --- */

static json_t *find_file(const json_t *files, const json_t *id)
{
    size_t i;
    json_t *file;
    json_array_foreach(files, i, file)
    {
        if (json_equal(json_object_get(file, "id"), id))
            return file;
    }
    return NULL;
}

static void send_file(json_t *model, const json_t *file, json_t *alt, bool removes)
{
    json_int_t id = json_integer_value(json_object_get(file, "id"));
    add_same(model, "file_id", json_sprintf("%lld", (long long)id));
    add_same(model, "file_alt", json_incref(alt));
    if (removes)
        add_same(model, "file_remove", json_sprintf("%lld", (long long)id));
}

/* A file that is stored now: mine, as it may have been described or taken off, decides where theirs is as it was.
 * Two descriptions that were both changed stand side by side. */
static void merge_file(struct exchange *x, const struct sides *sides, json_t *model, const json_t *file)
{
    json_t *id = json_object_get(file, "id");
    const json_t *base = find_file(sides->base.files, id);
    const json_t *mine = find_file(sides->mine.files, id);
    json_t *theirs_alt = json_object_get(file, "alt");
    json_t *mine_alt = mine == NULL ? theirs_alt : json_object_get(mine, "alt");
    json_t *base_alt = json_object_get(base, "alt");
    bool mine_decides = json_equal(theirs_alt, base_alt);
    send_file(model, file, mine_decides ? mine_alt : theirs_alt, mine == NULL && base != NULL);
    if (mine_decides || json_equal(mine_alt, base_alt) || json_equal(mine_alt, theirs_alt))
        return;
    add_field(model, arena_format(&x->arena, "file_alt_%lld", (long long)json_integer_value(id)),
              arena_format(&x->arena, "Description of %s", json_string_value(json_object_get(file, "name"))), false,
              mine_alt, theirs_alt, false);
}

static void merge_files(struct exchange *x, const struct sides *sides, json_t *model)
{
    size_t i;
    json_t *file;
    json_array_foreach(sides->theirs.files, i, file) merge_file(x, sides, model, file);
    json_array_foreach(sides->mine.files, i, file)
    {
        json_t *id = json_object_get(file, "id");
        if (find_file(sides->theirs.files, id) == NULL && find_file(sides->base.files, id) == NULL)
            send_file(model, file, json_object_get(file, "alt"), false);
    }
}

static bool same_files(const json_t *a, const json_t *b)
{
    bool same = json_array_size(a) == json_array_size(b);
    size_t i;
    json_t *file;
    json_array_foreach(a, i, file)
    {
        const json_t *other = find_file(b, json_object_get(file, "id"));
        same = same && other != NULL && json_equal(json_object_get(file, "alt"), json_object_get(other, "alt"));
    }
    return same;
}

/* --- the page --- */

/* "Ana saved it on 23 November 2026, 19:00 (publish)" (*arena*); NULL on a fault. */
static const char *theirs_by_words(struct exchange *x, int64_t id, const json_t *stored)
{
    int64_t version = (int64_t)json_integer_value(json_object_get(stored, "version"));
    json_t *revision = edit_revision(x->store, id, version);
    const char *words = revision == NULL ? NULL : "Somebody saved it";
    if (json_is_object(revision)) {
        const char *name = json_string_value(json_object_get(revision, "user_name"));
        const char *action = json_string_value(json_object_get(revision, "action"));
        int64_t at_unix = (int64_t)json_integer_value(json_object_get(revision, "at_unix"));
        bool only_saved = action == NULL || strcmp(action, "save") == 0;
        words = arena_format(&x->arena, "%s saved it on %s%s%s%s", name == NULL ? "An import" : name,
                             page_time_words(x, at_unix), only_saved ? "" : " (", only_saved ? "" : action,
                             only_saved ? "" : ")");
    }
    json_decref(revision);
    return words;
}

static int conflict_html(struct exchange *x, const struct item_page *theirs, const struct sides *sides,
                         const char *action)
{
    const char *words = theirs_by_words(x, theirs->id, theirs->stored);
    bool can_merge = *action != '\0';
    json_t *title = json_object_get(theirs->stored, "title");
    json_decref(x->model);
    x->model = json_pack("{s:O, s:s, s:I, s:O, s:s, s:I, s:s?, s:s, s:[], s:[]}", "page_title", title, "section",
                         "items", "id", (json_int_t)theirs->id, "title", title, "action_href",
                         item_admin_href(x, theirs->id, ""), "current_version", (json_int_t)theirs->version,
                         "theirs_by_words", words, "action", action, "fields", "same");
    if (words == NULL)
        return 500;
    if (can_merge) {
        merge_values(sides, x->model);
        merge_files(x, sides, x->model);
    }
    bool any = json_array_size(json_object_get(x->model, "fields")) > 0 ||
               (can_merge && !same_files(sides->mine.files, sides->theirs.files));
    json_object_set_new(x->model, "any", json_boolean(any));
    return page_admin_html(x, 409, "admin/conflict.html");
}

/* Opens what is stored now and the version that the form began with. False on a fault. */
static bool sides_open(struct exchange *x, int64_t id, int64_t version, struct item_page *theirs, struct sides *sides)
{
    json_t *revision = edit_revision(x->store, id, version);
    bool opened = item_page_open(x, id, theirs);
    const json_t *item = json_object_get(revision, "item");
    *sides = (struct sides){.theirs = side_of(x, theirs->stored)};
    sides->base = item == NULL ? (struct side){json_null(), json_array()} : side_of(x, item);
    bool ok = opened && revision != NULL;
    json_decref(revision);
    return ok;
}

int item_conflict_html(struct exchange *x, const struct item_page *page, const char *action)
{
    struct item_page theirs;
    struct sides sides;
    bool ok = sides_open(x, page->id, page->version, &theirs, &sides);
    json_t *whole = json_copy(page->stored);
    json_object_update(whole, page->checked);
    sides.mine = (struct side){item_form_values(x->text, whole),
                               json_incref(page->files_typed ? page->files : sides.theirs.files)};
    int status = ok ? conflict_html(x, &theirs, &sides, action) : 500;
    json_decref(whole);
    sides_release(&sides);
    item_page_release(&theirs);
    return status;
}

int item_moved_html(struct exchange *x, int64_t id, int64_t version, const char *action)
{
    struct item_page theirs;
    struct sides sides;
    bool ok = sides_open(x, id, version, &theirs, &sides);
    bool known = json_is_object(sides.base.values);
    const struct side *seen = known ? &sides.base : &sides.theirs;
    sides.mine = (struct side){json_incref(seen->values), json_incref(seen->files)};
    int status = ok ? conflict_html(x, &theirs, &sides, action) : 500;
    sides_release(&sides);
    item_page_release(&theirs);
    return status;
}
