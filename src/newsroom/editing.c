#include "warta/newsroom/editing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "editing.h"
#include "warta/base/buf.h"
#include "warta/newsroom/item.h"

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
        activity_add(editing->store, editing->actor, action, id, change_text(row, "title"), detail, editing->now_unix);
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

static enum edit_outcome save(struct change *change, int64_t version, const json_t *values, const char *request_id,
                              const char *action, json_t *errors)
{
    size_t errors_before = json_array_size(errors);
    enum edit_outcome outcome = change->id == 0 ? EDIT_OK : change_load(change);
    if (outcome == EDIT_OK && change->id != 0 && change->version != version)
        outcome = EDIT_STALE;
    if (outcome != EDIT_OK)
        return outcome;
    change->whole = change->id == 0 ? change_new_whole() : json_copy(change->stored);
    change_lay_over(change->whole, values);
    change_settle_time(change);
    if (!change_check_save(change, values, errors))
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
    if (*change_text(values, "slug") == '\0')
        json_object_set(values, "slug", json_object_get(made, "slug"));
    then->stored = json_incref((json_t *)(uintptr_t)base);
    then->whole = base == NULL ? change_new_whole() : json_copy(then->stored);
    change_lay_over(then->whole, values);
    if (json_is_null(json_object_get(then->whole, "publish_at")))
        json_object_set(then->whole, "publish_at", json_object_get(made, "publish_at"));
    return change_check_save(then, values, errors);
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
    return text_utc_parse(change_text(change->whole, "publish_at"), &publish_unix) &&
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
    const char *status = change_text(change->stored, "status");
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
    change_lay_over(change->whole, item);
    if (!change_find_type(change, change_text(item, "type"), &type))
        return false;
    json_object_set(change->whole, "type", json_is_null(type) ? json_object_get(change->stored, "type") : type);
    json_decref(type);
    int64_t owner = change_owner_of(change, change_text(item, "slug"));
    if (owner > 0 && owner != change->id)
        json_object_set(change->whole, "slug", json_object_get(change->stored, "slug"));
    json_t *names = names_back(change, item, to_version);
    bool ok = owner >= 0 && names != NULL && change_settle_aliases(change, names, NULL) &&
              change_settle_files(change, json_object_get(item, "files"), NULL);
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
