#include "warta/newsroom/type.h"

#include <stdlib.h>
#include <string.h>

#include "warta/http/form.h"
#include "warta/newsroom/activity.h"
#include "warta/newsroom/undo.h"

static const struct field name_fields[] = {
    {.key = "name", .kind = FIELD_LINE, .required = true, .max_len = 80},
    {0},
};

static bool run(struct store *store, enum sql sql, json_t *params)
{
    bool ok = store_exec(store, sql, params, NULL);
    json_decref(params);
    return ok;
}

static json_t *row_of(struct store *store, enum sql sql, json_t *params)
{
    json_t *row = store_row(store, sql, params);
    json_decref(params);
    return row;
}

static json_t *type_get(struct store *store, int64_t id)
{
    return row_of(store, SQL_TYPE_GET, json_pack("{s:I}", "id", (json_int_t)id));
}

static const char *text_at(const json_t *type, const char *key)
{
    return json_string_value(json_object_get(type, key));
}

static void refuse(json_t *errors, const char *key, json_t *reason)
{
    json_array_append_new(errors, json_pack("{s:s, s:o}", "key", key, "reason", reason));
}

/* Ends the transaction: commits what went well. */
static enum type_outcome finish(struct store *store, enum type_outcome outcome)
{
    if (outcome == TYPE_OK)
        return store_commit(store) ? TYPE_OK : TYPE_FAULT;
    store_rollback(store);
    return outcome;
}

json_t *type_list(struct store *store)
{
    return store_rows(store, SQL_TYPE_LIST, NULL);
}

/* A change on its way, and what comes of it. */
struct changing {
    struct store *store;
    struct actor actor;
    int64_t now_unix;
    json_t *errors;
    int64_t *undo_id;
};

static struct changing begin(struct store *store, struct actor actor, int64_t now_unix, json_t *errors,
                             int64_t *undo_id)
{
    if (undo_id != NULL)
        *undo_id = 0;
    return (struct changing){store, actor, now_unix, errors, undo_id};
}

/* Keeps how it can be taken back (*steals* `was`). */
static bool keep(const struct changing *changing, const char *kind, int64_t id, json_t *was)
{
    return undo_keep(changing->store, kind, id, was, 0, changing->now_unix, changing->undo_id);
}

/* --- adding, renaming, moving: in the caller's transaction --- */

/* Whether no other type has the name or slug. */
static enum type_outcome check_free(struct store *store, int64_t id, const char *name, const char *slug, json_t *errors)
{
    if (*slug == '\0') {
        refuse(errors, "name", json_string("has no letter and no digit"));
        return TYPE_REFUSED;
    }
    json_t *other =
        row_of(store, SQL_TYPE_NAMED, json_pack("{s:I, s:s, s:s}", "id", (json_int_t)id, "name", name, "slug", slug));
    if (json_is_object(other))
        refuse(errors, "name", json_sprintf("is too much like \"%s\", which there is already", text_at(other, "name")));
    enum type_outcome outcome = other == NULL ? TYPE_FAULT : json_is_object(other) ? TYPE_REFUSED : TYPE_OK;
    json_decref(other);
    return outcome;
}

/* The new type's id; 0 on a fault. */
static int64_t insert(struct store *store, const char *name, const char *slug)
{
    if (!run(store, SQL_TYPE_ALIAS_CLEAR, json_pack("{s:s}", "slug", slug)))
        return 0;
    json_t *row = row_of(store, SQL_TYPE_INSERT, json_pack("{s:s, s:s}", "slug", slug, "name", name));
    int64_t id = json_integer_value(json_object_get(row, "id"));
    json_decref(row);
    return id;
}

static bool move(struct store *store, int64_t id, int64_t position)
{
    return run(store, SQL_TYPE_MOVE, json_pack("{s:I, s:I}", "id", (json_int_t)id, "position", (json_int_t)position));
}

static enum type_outcome add(const struct changing *changing, const char *name, const char *slug, int64_t position)
{
    struct store *store = changing->store;
    int64_t id = insert(store, name, slug);
    bool ok = id != 0 && (position <= 0 || move(store, id, position)) &&
              activity_add(store, changing->actor, "add type", 0, name, "", changing->now_unix) &&
              keep(changing, "add type", id, json_pack("{s:s}", "name", name));
    return ok ? TYPE_OK : TYPE_FAULT;
}

static enum type_outcome change(const struct changing *changing, const json_t *type, const char *name, int64_t position)
{
    struct store *store = changing->store;
    const char *old_name = text_at(type, "name");
    int64_t id = json_integer_value(json_object_get(type, "id"));
    json_int_t old_position = json_integer_value(json_object_get(type, "position"));
    bool renames = strcmp(old_name, name) != 0;
    bool moves = position > 0 && position != old_position;
    bool ok = true;
    if (renames)
        ok = run(store, SQL_TYPE_RENAME, json_pack("{s:I, s:s}", "id", (json_int_t)id, "name", name)) &&
             activity_add(store, changing->actor, "rename type", 0, name, old_name, changing->now_unix);
    if (ok && moves)
        ok = move(store, id, position) &&
             activity_add(store, changing->actor, "move type", 0, name, "", changing->now_unix);
    if (ok && (renames || moves))
        ok = keep(changing, "change type", id,
                  json_pack("{s:s, s:I, s:s}", "name", old_name, "position", old_position, "became", name));
    return ok ? TYPE_OK : TYPE_FAULT;
}

static enum type_outcome save(const struct changing *changing, int64_t id, const char *name, const char *slug,
                              int64_t position)
{
    json_t *type = id == 0 ? json_null() : type_get(changing->store, id);
    enum type_outcome outcome = type == NULL ? TYPE_FAULT : id != 0 && json_is_null(type) ? TYPE_GONE : TYPE_OK;
    if (outcome == TYPE_OK && (id == 0 || strcmp(text_at(type, "name"), name) != 0))
        outcome = check_free(changing->store, id, name, slug, changing->errors);
    if (outcome == TYPE_OK)
        outcome = id == 0 ? add(changing, name, slug, position) : change(changing, type, name, position);
    json_decref(type);
    return outcome;
}

enum type_outcome type_save(struct store *store, struct text *text, struct actor actor, int64_t id, const char *name,
                            int64_t position, int64_t now_unix, json_t *errors, int64_t *undo_id)
{
    const struct changing changing = begin(store, actor, now_unix, errors, undo_id);
    size_t errors_before = json_array_size(errors);
    json_t *input = json_object();
    json_object_set_new(input, "name", text_valid(name, strlen(name)) ? json_string(name) : json_true());
    json_t *values = form_check(name_fields, input, true, errors);
    json_decref(input);
    enum type_outcome outcome = TYPE_REFUSED;
    if (json_array_size(errors) == errors_before) {
        const char *normal = text_at(values, "name");
        char *slug = text_slug(text, normal);
        outcome = TYPE_FAULT;
        if (store_begin(store))
            outcome = finish(store, save(&changing, id, normal, slug, position));
        free(slug);
    }
    json_decref(values);
    return outcome;
}

/* --- merging and deleting --- */

static json_t *merge_params(int64_t from_id, int64_t into_id)
{
    return json_pack("{s:I, s:I}", "from_id", (json_int_t)from_id, "into_id", (json_int_t)into_id);
}

static json_t *id_params(int64_t id)
{
    return json_pack("{s:I}", "id", (json_int_t)id);
}

static json_t *user_json(struct actor actor)
{
    return actor.user_id == 0 ? json_null() : json_integer((json_int_t)actor.user_id);
}

/* Keeps all that the type is, to be taken back (*steals* nothing). `into_id` 0: it is deleted. */
static bool keep_whole(const struct changing *changing, const char *kind, int64_t id, int64_t into_id)
{
    json_t *whole = row_of(changing->store, SQL_TYPE_WHOLE, id_params(id));
    if (!json_is_object(whole)) {
        json_decref(whole);
        return false;
    }
    json_object_set_new(whole, "into_id", json_integer((json_int_t)into_id));
    return keep(changing, kind, id, whole);
}

/* In this order: a revision is made from the version before, and the type goes when nothing hangs on it. */
static bool merge_rows(const struct changing *changing, int64_t from_id, int64_t into_id)
{
    struct store *store = changing->store;
    json_t *items = merge_params(from_id, into_id);
    json_object_set_new(items, "now_unix", json_integer((json_int_t)changing->now_unix));
    json_t *revisions = json_copy(items);
    json_object_set_new(revisions, "user_id", user_json(changing->actor));
    bool ok = run(store, SQL_TYPE_MERGE_REVISION, revisions);
    ok = run(store, SQL_TYPE_MERGE_ITEM, items) && ok;
    return ok && run(store, SQL_TYPE_MERGE_LISTING, merge_params(from_id, into_id)) &&
           run(store, SQL_TYPE_MERGE_COUNT, merge_params(from_id, into_id)) &&
           run(store, SQL_LISTING_COUNT_TRIM, json_pack("{s:I}", "type_id", (json_int_t)from_id)) &&
           run(store, SQL_TYPE_MERGE_ALIAS, merge_params(from_id, into_id)) &&
           run(store, SQL_TYPE_DELETE, json_pack("{s:I}", "id", (json_int_t)from_id));
}

static enum type_outcome merge(const struct changing *changing, int64_t from_id, int64_t into_id, size_t *items)
{
    struct store *store = changing->store;
    json_t *from = type_get(store, from_id);
    json_t *into = type_get(store, into_id);
    enum type_outcome outcome = from == NULL || into == NULL               ? TYPE_FAULT
                                : json_is_null(from) || json_is_null(into) ? TYPE_GONE
                                                                           : TYPE_OK;
    if (outcome == TYPE_OK) {
        *items = (size_t)json_integer_value(json_object_get(from, "items"));
        json_t *detail = json_sprintf("into %s, items: %zu", text_at(into, "name"), *items);
        bool ok = keep_whole(changing, "merge types", from_id, into_id) && merge_rows(changing, from_id, into_id) &&
                  activity_add(store, changing->actor, "merge types", 0, text_at(from, "name"),
                               json_string_value(detail), changing->now_unix);
        json_decref(detail);
        outcome = ok ? TYPE_OK : TYPE_FAULT;
    }
    json_decref(from);
    json_decref(into);
    return outcome;
}

enum type_outcome type_merge(struct store *store, struct actor actor, int64_t from_id, int64_t into_id,
                             int64_t now_unix, size_t *items, json_t *errors, int64_t *undo_id)
{
    const struct changing changing = begin(store, actor, now_unix, errors, undo_id);
    *items = 0;
    if (from_id == into_id) {
        refuse(errors, "into", json_string("cannot be merged into itself"));
        return TYPE_REFUSED;
    }
    if (!store_begin(store))
        return TYPE_FAULT;
    return finish(store, merge(&changing, from_id, into_id, items));
}

static enum type_outcome delete_unused(const struct changing *changing, const json_t *type)
{
    struct store *store = changing->store;
    json_int_t items = json_integer_value(json_object_get(type, "items"));
    int64_t id = json_integer_value(json_object_get(type, "id"));
    if (items > 0) {
        refuse(changing->errors, "id", json_sprintf("has items (%lld): merge it into another type", (long long)items));
        return TYPE_REFUSED;
    }
    bool ok = keep_whole(changing, "delete type", id, 0) &&
              run(store, SQL_LISTING_COUNT_TRIM, json_pack("{s:I}", "type_id", (json_int_t)id)) &&
              run(store, SQL_TYPE_DELETE, id_params(id)) &&
              activity_add(store, changing->actor, "delete type", 0, text_at(type, "name"), "", changing->now_unix);
    return ok ? TYPE_OK : TYPE_FAULT;
}

enum type_outcome type_delete(struct store *store, struct actor actor, int64_t id, int64_t now_unix, json_t *errors,
                              int64_t *undo_id)
{
    const struct changing changing = begin(store, actor, now_unix, errors, undo_id);
    if (!store_begin(store))
        return TYPE_FAULT;
    json_t *type = type_get(store, id);
    enum type_outcome outcome = type == NULL ? TYPE_FAULT : TYPE_GONE;
    if (json_is_object(type))
        outcome = delete_unused(&changing, type);
    json_decref(type);
    return finish(store, outcome);
}

/* --- taking back: in the caller's transaction --- */

/* Gives the type's items back to it, those that are still where it was merged into. In the same order as merging. */
static bool part_rows(const struct changing *changing, const json_t *was, int64_t into_id, int64_t id)
{
    struct store *store = changing->store;
    json_t *listing = json_pack("{s:I, s:I, s:O}", "from_id", (json_int_t)into_id, "into_id", (json_int_t)id, "items",
                                json_object_get(was, "items"));
    json_t *items = json_copy(listing);
    json_object_set_new(items, "now_unix", json_integer((json_int_t)changing->now_unix));
    json_t *revisions = json_copy(items);
    json_object_set_new(revisions, "user_id", user_json(changing->actor));
    bool ok = run(store, SQL_TYPE_PART_REVISION, revisions);
    ok = run(store, SQL_TYPE_PART_ITEM, items) && ok;
    ok = run(store, SQL_TYPE_PART_LISTING, listing) && ok;
    return ok && run(store, SQL_TYPE_PART_COUNT, id_params(id)) &&
           run(store, SQL_TYPE_PART_UNCOUNT, merge_params(into_id, id)) &&
           run(store, SQL_TYPE_PART_ALIAS,
               json_pack("{s:I, s:I, s:O}", "from_id", (json_int_t)into_id, "into_id", (json_int_t)id, "slugs",
                         json_object_get(was, "aliases")));
}

/* The type is there again, with its slug, its place in the order, and its items. */
static enum type_outcome bring_back(const struct changing *changing, const json_t *was)
{
    struct store *store = changing->store;
    const char *name = text_at(was, "name");
    int64_t into_id = json_integer_value(json_object_get(was, "into_id"));
    json_t *into = into_id == 0 ? json_null() : type_get(store, into_id);
    enum type_outcome outcome = into == NULL ? TYPE_FAULT : into_id != 0 && json_is_null(into) ? TYPE_STALE : TYPE_OK;
    json_decref(into);
    if (outcome == TYPE_OK)
        outcome = check_free(store, 0, name, text_at(was, "slug"), changing->errors);
    if (outcome != TYPE_OK)
        return outcome;
    int64_t id = insert(store, name, text_at(was, "slug"));
    bool ok = id != 0 && move(store, id, json_integer_value(json_object_get(was, "position"))) &&
              (into_id == 0 || part_rows(changing, was, into_id, id)) &&
              activity_add(store, changing->actor, into_id == 0 ? "bring back type" : "undo merge", 0, name, "",
                           changing->now_unix);
    return ok ? TYPE_OK : TYPE_FAULT;
}

/* `type` is as it was left; a name that has changed since is somebody else's work. */
static enum type_outcome take_back_change(const struct changing *changing, const json_t *type, const json_t *was)
{
    const char *name = text_at(was, "name");
    int64_t id = json_integer_value(json_object_get(type, "id"));
    if (strcmp(text_at(type, "name"), text_at(was, "became")) != 0)
        return TYPE_STALE;
    enum type_outcome outcome = check_free(changing->store, id, name, text_at(type, "value"), changing->errors);
    return outcome != TYPE_OK ? outcome
                              : change(changing, type, name, json_integer_value(json_object_get(was, "position")));
}

static enum type_outcome take_back(const struct changing *changing, const json_t *undo)
{
    const json_t *was = json_object_get(undo, "was");
    if (undo_is(undo, "delete type") || undo_is(undo, "merge types"))
        return bring_back(changing, was);
    json_t *type = type_get(changing->store, json_integer_value(json_object_get(undo, "subject_id")));
    enum type_outcome outcome = type == NULL ? TYPE_FAULT : TYPE_STALE;
    if (json_is_object(type) && undo_is(undo, "change type"))
        outcome = take_back_change(changing, type, was);
    else if (json_is_object(type) && undo_is(undo, "add type") &&
             strcmp(text_at(type, "name"), text_at(was, "name")) == 0)
        outcome = delete_unused(changing, type);
    json_decref(type);
    return outcome;
}

enum type_outcome type_undo(struct store *store, struct actor actor, int64_t undo_id, int64_t now_unix, json_t *errors,
                            int64_t *redo_id)
{
    const struct changing changing = begin(store, actor, now_unix, errors, redo_id);
    if (!store_begin(store))
        return TYPE_FAULT;
    json_t *undo = undo_get(store, undo_id, now_unix);
    enum type_outcome outcome = undo == NULL ? TYPE_FAULT : TYPE_STALE;
    if (json_is_object(undo))
        outcome = take_back(&changing, undo);
    if (outcome == TYPE_OK && !undo_drop(store, undo_id))
        outcome = TYPE_FAULT;
    json_decref(undo);
    return finish(store, outcome);
}
