#include "warta/newsroom/editing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/buf.h"
#include "warta/newsroom/item.h"

/* One change of one item, from store_begin to the end of its transaction. */
struct change {
    const struct editing *editing;
    int64_t id, version; /* 0 and 0: a new item, not written yet */
    json_t *row;         /* as edit_get gives it; NULL of a new item */
    json_t *stored;      /* what a revision would hold of it; NULL likewise */
    json_t *whole;       /* what it is to become */
};

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

static json_t *id_params(int64_t id)
{
    return json_pack("{s:I}", "id", (json_int_t)id);
}

json_t *edit_get(struct store *store, int64_t id)
{
    json_t *params = id_params(id);
    json_t *row = store_row(store, SQL_ITEM_EDITING, params);
    json_decref(params);
    return row;
}

/* --- a change from its beginning to its end --- */

static enum edit_outcome change_load(struct change *change)
{
    change->row = edit_get(change->editing->store, change->id);
    if (!json_is_object(change->row))
        return change->row == NULL ? EDIT_FAULT : EDIT_GONE;
    change->version = json_integer_value(json_object_get(change->row, "version"));
    change->stored = revision_whole(change->row);
    return EDIT_OK;
}

/* Begins the transaction and reads the item. Whatever it returns but EDIT_FAULT, change_end must follow. */
static enum edit_outcome change_begin(struct change *change, const struct editing *editing, int64_t id)
{
    *change = (struct change){.editing = editing, .id = id};
    if (!store_begin(editing->store))
        return EDIT_FAULT;
    enum edit_outcome outcome = change_load(change);
    if (outcome == EDIT_FAULT)
        store_rollback(editing->store);
    return outcome;
}

static enum edit_outcome change_end(struct change *change, enum edit_outcome outcome, int64_t *saved_id,
                                    int64_t *saved_version)
{
    struct store *store = change->editing->store;
    if (outcome != EDIT_OK)
        store_rollback(store);
    else if (!store_commit(store))
        outcome = EDIT_FAULT;
    if ((outcome == EDIT_OK || outcome == EDIT_STALE) && saved_id != NULL)
        *saved_id = change->id;
    if (outcome == EDIT_OK)
        *saved_version = change->version;
    json_decref(change->row);
    json_decref(change->stored);
    json_decref(change->whole);
    return outcome;
}

static bool change_differs(const struct change *change)
{
    return change->stored == NULL || !json_equal(change->stored, change->whole);
}

/* The keys that differ, parted by commas (*owned*, free()); "" of a new item. */
static char *changed_keys(const struct change *change)
{
    struct buf keys = BUF_EMPTY;
    const char *key;
    json_t *value;
    json_object_foreach(change->stored, key, value)
    {
        if (!json_equal(value, json_object_get(change->whole, key)))
            buf_format(&keys, "%s%s", keys.len == 0 ? "" : ", ", key);
    }
    return buf_steal(&keys);
}

/* What the item was before its first change here is a revision too. */
static bool keep_first(const struct change *change)
{
    int64_t latest = change->stored == NULL ? change->version : revision_latest(change->editing->store, change->id);
    if (latest < 0 || latest == change->version)
        return latest >= 0;
    return revision_add(change->editing->store, (struct actor){0}, change->row, "import",
                        json_integer_value(json_object_get(change->row, "changed_unix")));
}

/* Writes the item, its revision and what was done. */
static enum edit_outcome change_write(struct change *change, const char *action, const char *detail)
{
    const struct editing *editing = change->editing;
    int64_t id = 0;
    if (keep_first(change))
        id = item_write(editing->store, editing->text, change->id, change->stored, change->whole, editing->now_unix);
    json_t *row = id == 0 ? NULL : edit_get(editing->store, id);
    bool ok =
        json_is_object(row) && revision_add(editing->store, editing->actor, row, action, editing->now_unix) &&
        activity_add(editing->store, editing->actor, action, id, text_at(row, "title"), detail, editing->now_unix);
    change->id = id;
    change->version = json_integer_value(json_object_get(row, "version"));
    json_decref(row);
    return ok ? EDIT_OK : EDIT_FAULT;
}

/* --- a form that was taken already --- */

/* Whether the form was taken; the change is then the item that it made, as that stands now. */
static enum edit_outcome submission_find(struct change *change, const char *request_id, bool *taken)
{
    *taken = false;
    if (request_id == NULL)
        return EDIT_OK;
    json_t *params = json_pack("{s:s}", "request_id", request_id);
    json_t *row = store_row(change->editing->store, SQL_SUBMISSION_GET, params);
    const json_t *version = json_object_get(row, "version");
    json_int_t id = json_integer_value(json_object_get(row, "item_id"));
    *taken = json_is_object(row) && (change->id == 0 || change->id == id);
    enum edit_outcome outcome = row == NULL ? EDIT_FAULT : *taken && json_is_null(version) ? EDIT_GONE : EDIT_OK;
    if (*taken) {
        change->id = id;
        change->version = json_integer_value(version);
    }
    json_decref(row);
    json_decref(params);
    return outcome;
}

static bool submission_note(const struct change *change, const char *request_id)
{
    struct store *store = change->editing->store;
    if (request_id == NULL)
        return true;
    json_t *old = json_pack("{s:I}", "before_unix", (json_int_t)(change->editing->now_unix - SUBMISSION_LIFE_S));
    json_t *note = json_pack("{s:s, s:I, s:I}", "request_id", request_id, "item_id", (json_int_t)change->id, "now_unix",
                             (json_int_t)change->editing->now_unix);
    bool ok = store_exec(store, SQL_SUBMISSION_TRIM, old, NULL) && store_exec(store, SQL_SUBMISSION_INSERT, note, NULL);
    json_decref(old);
    json_decref(note);
    return ok;
}

/* --- what it is to become; false on a fault, mistakes go to `errors` --- */

static void refuse(json_t *errors, const char *key, json_t *reason)
{
    json_array_append_new(errors, json_pack("{s:s, s:o}", "key", key, "reason", reason));
}

/* The item that has a slug or alias; 0 for none, -1 on a fault. */
static int64_t owner_of(const struct change *change, const char *name)
{
    json_t *params = json_pack("{s:s}", "name", name);
    json_t *value = store_value(change->editing->store, SQL_ITEM_BY_NAME, params);
    int64_t id = value == NULL ? -1 : (int64_t)json_integer_value(value);
    json_decref(value);
    json_decref(params);
    return id;
}

static json_t *new_whole(void)
{
    json_t *whole = item_blank("");
    json_object_set_new(whole, "status", json_string("draft"));
    json_object_set_new(whole, "files", json_array());
    return whole;
}

static void lay_over(json_t *whole, const json_t *values)
{
    static const char *const stay_if_empty[] = {"lang", "status"};
    json_t *given = json_copy((json_t *)(uintptr_t)values);
    const char *key;
    json_t *value;
    for (size_t i = 0; i < sizeof stay_if_empty / sizeof *stay_if_empty; i++) {
        if (*text_at(given, stay_if_empty[i]) == '\0')
            json_object_del(given, stay_if_empty[i]);
    }
    json_object_foreach(whole, key, value)
    {
        json_t *other = json_object_get(given, key);
        if (other != NULL)
            json_object_set(whole, key, other);
    }
    json_decref(given);
}

/* What readers see already does not become newer because its time was left empty. */
static void settle_time(const struct change *change)
{
    int64_t publish_unix;
    bool seen = strcmp(text_at(change->stored, "status"), "published") == 0 &&
                text_utc_parse(text_at(change->stored, "publish_at"), &publish_unix) &&
                publish_unix <= change->editing->now_unix;
    if (seen && strcmp(text_at(change->whole, "status"), "published") == 0 &&
        json_is_null(json_object_get(change->whole, "publish_at")))
        json_object_set(change->whole, "publish_at", json_object_get(change->stored, "publish_at"));
}

/* A type may be given by its name. `*type` is its slug, null for none (*owned*). */
static bool find_type(const struct change *change, const char *given, json_t **type)
{
    json_t *params = json_pack("{s:s}", "name", given);
    json_t *row = store_row(change->editing->store, SQL_TYPE_BY_NAME, params);
    const json_t *slug = json_object_get(row, "value");
    *type = slug == NULL ? json_null() : json_string(json_string_value(slug));
    bool ok = row != NULL;
    json_decref(row);
    json_decref(params);
    return ok;
}

static bool check_type(const struct change *change, json_t *errors)
{
    json_t *type;
    const char *given = text_at(change->whole, "type");
    if (*given == '\0')
        return true;
    if (!find_type(change, given, &type))
        return false;
    if (json_is_null(type))
        refuse(errors, "type", json_string("is none of the types"));
    else
        json_object_set(change->whole, "type", type);
    json_decref(type);
    return true;
}

static void check_required(const struct change *change, json_t *errors)
{
    static const char *const keys[] = {"type", "title", "lang"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (*text_at(change->whole, keys[i]) == '\0')
            refuse(errors, keys[i], json_string("is missing"));
    }
}

static bool propose_slug(const struct change *change)
{
    const char *title = text_at(change->whole, "title");
    char *slug = item_slug_unique(change->editing->store, change->editing->text, title, change->id);
    if (slug != NULL)
        json_object_set_new(change->whole, "slug", json_string(slug));
    free(slug);
    return slug != NULL;
}

static bool check_slug(const struct change *change, json_t *errors)
{
    const char *slug = text_at(change->whole, "slug");
    if (*slug == '\0')
        return propose_slug(change);
    if (strcmp(slug, text_at(change->stored, "slug")) == 0)
        return true;
    int64_t owner = owner_of(change, slug);
    if (owner > 0 && owner != change->id)
        refuse(errors, "slug", json_string("belongs to another item"));
    else if (slug[strspn(slug, "0123456789")] == '\0')
        refuse(errors, "slug", json_string("is a number: those are the items' permanent addresses"));
    return owner >= 0;
}

static bool array_has(const json_t *array, const char *text)
{
    size_t i;
    json_t *entry;
    json_array_foreach(array, i, entry)
    {
        if (strcmp(json_string_value(entry), text) == 0)
            return true;
    }
    return false;
}

/* `*free_names` gets those of `names` that are no other item's, each once and not the item's own slug; `*taken` the others
 * (both *owned*). */
static bool part_names(const struct change *change, const json_t *names, json_t **free_names, json_t **taken)
{
    bool ok = true;
    size_t i;
    json_t *name;
    *free_names = json_array();
    *taken = json_array();
    json_array_foreach(names, i, name)
    {
        const char *text = json_string_value(name);
        int64_t owner = ok ? owner_of(change, text) : -1;
        ok = owner >= 0;
        bool others = owner > 0 && owner != change->id;
        if (others || (strcmp(text, text_at(change->whole, "slug")) != 0 && !array_has(*free_names, text)))
            json_array_append(others ? *taken : *free_names, name);
    }
    return ok;
}

/* Sets the aliases to those of `names` that can be had, and the slug that the item leaves; the others are named in `errors`,
 * unless that is NULL. */
static bool settle_aliases(const struct change *change, const json_t *names, json_t *errors)
{
    json_t *aliases, *taken;
    size_t i;
    json_t *name;
    const char *old_slug = text_at(change->stored, "slug");
    bool ok = part_names(change, names, &aliases, &taken);
    if (*old_slug != '\0' && strcmp(old_slug, text_at(change->whole, "slug")) != 0 && !array_has(aliases, old_slug))
        json_array_append_new(aliases, json_string(old_slug));
    json_object_set_new(change->whole, "aliases", aliases);
    json_array_foreach(taken, i, name)
    {
        if (errors != NULL)
            refuse(errors, "aliases",
                   json_sprintf("has \"%s\", which belongs to another item", json_string_value(name)));
    }
    json_decref(taken);
    return ok;
}

/* Sets the attachments to those of `files` that there are; one that is not is told in `errors`, unless that is NULL. */
static bool settle_files(const struct change *change, json_t *files, json_t *errors)
{
    json_t *params = json_pack("{s:O}", "files", files);
    json_t *rows = store_rows(change->editing->store, SQL_ITEM_FILE_KNOWN, params);
    json_t *known = json_array();
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (json_is_string(json_object_get(row, "name")))
            json_array_append(known, row);
    }
    if (errors != NULL && json_array_size(known) < json_array_size(rows))
        refuse(errors, "files", json_string("has one that was deleted"));
    json_object_set_new(change->whole, "files", known);
    bool ok = rows != NULL;
    json_decref(rows);
    json_decref(params);
    return ok;
}

/* --- saving --- */

static bool check_save(const struct change *change, const json_t *values, json_t *errors)
{
    json_t *files = json_object_get(values, "files");
    json_t *names = json_deep_copy(json_object_get(change->whole, "aliases"));
    check_required(change, errors);
    bool ok = check_type(change, errors) && check_slug(change, errors) && settle_aliases(change, names, errors) &&
              (files == NULL || settle_files(change, files, errors));
    json_decref(names);
    return ok;
}

static enum edit_outcome save(struct change *change, int64_t version, const json_t *values, const char *request_id,
                              const char *action, json_t *errors)
{
    size_t errors_before = json_array_size(errors);
    enum edit_outcome outcome = change->id == 0 ? EDIT_OK : change_load(change);
    if (outcome == EDIT_OK && change->id != 0 && change->version != version)
        outcome = EDIT_STALE;
    if (outcome != EDIT_OK)
        return outcome;
    change->whole = change->id == 0 ? new_whole() : json_copy(change->stored);
    lay_over(change->whole, values);
    settle_time(change);
    if (!check_save(change, values, errors))
        return EDIT_FAULT;
    if (json_array_size(errors) > errors_before)
        return EDIT_REFUSED;
    if (!change_differs(change))
        return EDIT_OK;
    char *keys = changed_keys(change);
    outcome = change_write(change, action, keys);
    free(keys);
    return outcome == EDIT_OK && !submission_note(change, request_id) ? EDIT_FAULT : outcome;
}

/* What the form made of the item when it was taken: in `then`, up to what is left to the server. False on a fault. */
static bool replay(struct change *then, const json_t *made, const json_t *base, json_t *values, json_t *errors)
{
    if (*text_at(values, "slug") == '\0')
        json_object_set(values, "slug", json_object_get(made, "slug"));
    then->stored = json_incref((json_t *)(uintptr_t)base);
    then->whole = base == NULL ? new_whole() : json_copy(then->stored);
    lay_over(then->whole, values);
    if (json_is_null(json_object_get(then->whole, "publish_at")))
        json_object_set(then->whole, "publish_at", json_object_get(made, "publish_at"));
    return check_save(then, values, errors);
}

/* A form that was taken comes again. If it holds what it held, as when a button is pressed twice, that is all; but
 * whoever stops the browser may type on and send it again, and that is a change of what was made of it. */
static enum edit_outcome save_again(struct change *change, int64_t version, const json_t *values, const char *action,
                                    json_t *errors)
{
    struct store *store = change->editing->store;
    struct change then = {.editing = change->editing, .id = change->id};
    json_t *before = edit_revision(store, change->id, version);
    json_t *after = edit_revision(store, change->id, version + 1);
    const json_t *made = json_object_get(after, "item");
    json_t *copy = json_copy((json_t *)(uintptr_t)values);
    json_t *ignored = json_array();
    bool ok = before != NULL && after != NULL &&
              (made == NULL || replay(&then, made, json_object_get(before, "item"), copy, ignored));
    bool same = made != NULL && json_equal(then.whole, made);
    json_decref(then.stored);
    json_decref(then.whole);
    json_decref(ignored);
    json_decref(copy);
    json_decref(before);
    json_decref(after);
    if (!ok)
        return EDIT_FAULT;
    return same ? EDIT_OK : save(change, version == 0 ? 1 : version, values, NULL, action, errors);
}

enum edit_outcome edit_save(const struct editing *editing, int64_t id, int64_t version, const json_t *values,
                            const char *request_id, const char *action, json_t *errors, int64_t *saved_id,
                            int64_t *saved_version)
{
    struct change change = {.editing = editing, .id = id};
    bool taken;
    if (!store_begin(editing->store))
        return EDIT_FAULT;
    enum edit_outcome outcome = submission_find(&change, request_id, &taken);
    if (outcome == EDIT_OK)
        outcome = taken ? save_again(&change, id == 0 ? 0 : version, values, action, errors)
                        : save(&change, version, values, request_id, action, errors);
    return change_end(&change, outcome, saved_id, saved_version);
}

/* --- the status alone --- */

struct status_step {
    const char *action, *from, *to; /* from NULL: any */
};

static const struct status_step *find_step(const char *action)
{
    static const struct status_step steps[] = {
        {"publish", NULL, "published"},
        {"unpublish", "published", "draft"},
        {"trash", NULL, "trashed"},
        {"restore", "trashed", "draft"},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (strcmp(steps[i].action, action) == 0)
            return &steps[i];
    }
    return NULL;
}

static bool is_ahead(const struct change *change)
{
    int64_t publish_unix;
    return text_utc_parse(text_at(change->whole, "publish_at"), &publish_unix) &&
           publish_unix > change->editing->now_unix;
}

/* Whether the item has changed just once since. Where it then is what it was to become, the button was pressed twice. */
static bool is_next(const struct change *change, int64_t version)
{
    return change->version == version + 1;
}

/* Likewise, and in nothing but the status. */
static bool is_next_step(const struct change *change, int64_t version)
{
    static const char *const keys[] = {"status", "publish_at"};
    if (!is_next(change, version))
        return false;
    json_t *revision = edit_revision(change->editing->store, change->id, version);
    json_t *before = json_copy(json_object_get(revision, "item"));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        json_object_set(before, keys[i], json_object_get(change->stored, keys[i]));
    bool is_step = json_equal(before, change->stored);
    json_decref(before);
    json_decref(revision);
    return is_step;
}

static enum edit_outcome take_step(struct change *change, int64_t version, const struct status_step *step)
{
    const char *status = text_at(change->stored, "status");
    bool done = strcmp(status, step->to) == 0 || (step->from != NULL && strcmp(status, step->from) != 0);
    if (change->version != version && !(done && is_next_step(change, version)))
        return EDIT_STALE;
    if (done)
        return EDIT_OK;
    change->whole = json_copy(change->stored);
    json_object_set_new(change->whole, "status", json_string(step->to));
    bool schedules = strcmp(step->to, "published") == 0 && is_ahead(change);
    return change_write(change, schedules ? "schedule" : step->action, "");
}

enum edit_outcome edit_status(const struct editing *editing, int64_t id, int64_t version, const char *action,
                              int64_t *saved_version)
{
    struct change change;
    const struct status_step *step = find_step(action);
    if (step == NULL)
        return EDIT_GONE;
    enum edit_outcome outcome = change_begin(&change, editing, id);
    if (outcome == EDIT_FAULT)
        return outcome;
    if (outcome == EDIT_OK)
        outcome = take_step(&change, version, step);
    return change_end(&change, outcome, NULL, saved_version);
}

/* --- going back --- */

/* The aliases of the revision, and behind them the slugs that the item has had since (*owned*); NULL on a fault. */
static json_t *names_back(const struct change *change, const json_t *item, int64_t to_version)
{
    json_t *params = json_pack("{s:I, s:I}", "id", (json_int_t)change->id, "version", (json_int_t)to_version);
    json_t *rows = store_rows(change->editing->store, SQL_ITEM_SLUGS_SINCE, params);
    json_t *names = rows == NULL ? NULL : json_copy(json_object_get(item, "aliases"));
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) json_array_append(names, json_object_get(row, "slug"));
    json_decref(rows);
    json_decref(params);
    return names;
}

/* What of the revision can be had back. */
static bool settle_back(struct change *change, const json_t *item, int64_t to_version)
{
    json_t *type;
    change->whole = json_copy(change->stored);
    lay_over(change->whole, item);
    if (!find_type(change, text_at(item, "type"), &type))
        return false;
    json_object_set(change->whole, "type", json_is_null(type) ? json_object_get(change->stored, "type") : type);
    json_decref(type);
    int64_t owner = owner_of(change, text_at(item, "slug"));
    if (owner > 0 && owner != change->id)
        json_object_set(change->whole, "slug", json_object_get(change->stored, "slug"));
    json_t *names = names_back(change, item, to_version);
    bool ok = owner >= 0 && names != NULL && settle_aliases(change, names, NULL) &&
              settle_files(change, json_object_get(item, "files"), NULL);
    json_decref(names);
    return ok;
}

static enum edit_outcome go_back(struct change *change, int64_t version, int64_t to_version)
{
    json_t *revision = edit_revision(change->editing->store, change->id, to_version);
    enum edit_outcome outcome = revision == NULL ? EDIT_FAULT : json_is_null(revision) ? EDIT_GONE : EDIT_OK;
    if (outcome == EDIT_OK && !settle_back(change, json_object_get(revision, "item"), to_version))
        outcome = EDIT_FAULT;
    bool done = outcome == EDIT_OK && !change_differs(change);
    if (outcome == EDIT_OK && change->version != version && !(done && is_next(change, version)))
        outcome = EDIT_STALE;
    if (outcome == EDIT_OK && !done) {
        char detail[32];
        snprintf(detail, sizeof detail, "version %lld", (long long)to_version);
        outcome = change_write(change, "go back", detail);
    }
    json_decref(revision);
    return outcome;
}

enum edit_outcome edit_revert(const struct editing *editing, int64_t id, int64_t version, int64_t to_version,
                              int64_t *saved_version)
{
    struct change change;
    enum edit_outcome outcome = change_begin(&change, editing, id);
    if (outcome == EDIT_FAULT)
        return outcome;
    if (outcome == EDIT_OK)
        outcome = go_back(&change, version, to_version);
    return change_end(&change, outcome, NULL, saved_version);
}
