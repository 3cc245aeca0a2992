#include "warta/newsroom/type.h"

#include <stdlib.h>
#include <string.h>

#include "warta/http/form.h"
#include "warta/newsroom/activity.h"

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

static enum type_outcome add(struct store *store, struct actor actor, const char *name, const char *slug,
                             int64_t position, int64_t now_unix)
{
    int64_t id = insert(store, name, slug);
    bool ok = id != 0 && (position <= 0 || move(store, id, position)) &&
              activity_add(store, actor, "add type", 0, name, "", now_unix);
    return ok ? TYPE_OK : TYPE_FAULT;
}

static enum type_outcome change(struct store *store, struct actor actor, const json_t *type, const char *name,
                                int64_t position, int64_t now_unix)
{
    const char *old_name = text_at(type, "name");
    int64_t id = json_integer_value(json_object_get(type, "id"));
    bool renames = strcmp(old_name, name) != 0;
    bool moves = position > 0 && position != json_integer_value(json_object_get(type, "position"));
    bool ok = true;
    if (renames)
        ok = run(store, SQL_TYPE_RENAME, json_pack("{s:I, s:s}", "id", (json_int_t)id, "name", name)) &&
             activity_add(store, actor, "rename type", 0, name, old_name, now_unix);
    if (ok && moves)
        ok = move(store, id, position) && activity_add(store, actor, "move type", 0, name, "", now_unix);
    return ok ? TYPE_OK : TYPE_FAULT;
}

static enum type_outcome save(struct store *store, struct actor actor, int64_t id, const char *name, const char *slug,
                              int64_t position, int64_t now_unix, json_t *errors)
{
    json_t *type = id == 0 ? json_null() : type_get(store, id);
    enum type_outcome outcome = type == NULL ? TYPE_FAULT : id != 0 && json_is_null(type) ? TYPE_GONE : TYPE_OK;
    if (outcome == TYPE_OK && (id == 0 || strcmp(text_at(type, "name"), name) != 0))
        outcome = check_free(store, id, name, slug, errors);
    if (outcome == TYPE_OK)
        outcome = id == 0 ? add(store, actor, name, slug, position, now_unix)
                          : change(store, actor, type, name, position, now_unix);
    json_decref(type);
    return outcome;
}

enum type_outcome type_save(struct store *store, struct text *text, struct actor actor, int64_t id, const char *name,
                            int64_t position, int64_t now_unix, json_t *errors)
{
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
            outcome = finish(store, save(store, actor, id, normal, slug, position, now_unix, errors));
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

/* In this order: a revision is made from the version before, and the type goes when nothing hangs on it. */
static bool merge_rows(struct store *store, struct actor actor, int64_t from_id, int64_t into_id, int64_t now_unix)
{
    json_t *items = merge_params(from_id, into_id);
    json_object_set_new(items, "now_unix", json_integer((json_int_t)now_unix));
    json_t *revisions = json_copy(items);
    json_object_set_new(revisions, "user_id",
                        actor.user_id == 0 ? json_null() : json_integer((json_int_t)actor.user_id));
    bool ok = run(store, SQL_TYPE_MERGE_REVISION, revisions);
    ok = run(store, SQL_TYPE_MERGE_ITEM, items) && ok;
    return ok && run(store, SQL_TYPE_MERGE_LISTING, merge_params(from_id, into_id)) &&
           run(store, SQL_TYPE_MERGE_COUNT, merge_params(from_id, into_id)) &&
           run(store, SQL_LISTING_COUNT_TRIM, json_pack("{s:I}", "type_id", (json_int_t)from_id)) &&
           run(store, SQL_TYPE_MERGE_ALIAS, merge_params(from_id, into_id)) &&
           run(store, SQL_TYPE_DELETE, json_pack("{s:I}", "id", (json_int_t)from_id));
}

static enum type_outcome merge(struct store *store, struct actor actor, int64_t from_id, int64_t into_id,
                               int64_t now_unix, size_t *items)
{
    json_t *from = type_get(store, from_id);
    json_t *into = type_get(store, into_id);
    enum type_outcome outcome = from == NULL || into == NULL               ? TYPE_FAULT
                                : json_is_null(from) || json_is_null(into) ? TYPE_GONE
                                                                           : TYPE_OK;
    if (outcome == TYPE_OK) {
        *items = (size_t)json_integer_value(json_object_get(from, "items"));
        json_t *detail = json_sprintf("into %s, items: %zu", text_at(into, "name"), *items);
        bool ok =
            merge_rows(store, actor, from_id, into_id, now_unix) &&
            activity_add(store, actor, "merge types", 0, text_at(from, "name"), json_string_value(detail), now_unix);
        json_decref(detail);
        outcome = ok ? TYPE_OK : TYPE_FAULT;
    }
    json_decref(from);
    json_decref(into);
    return outcome;
}

enum type_outcome type_merge(struct store *store, struct actor actor, int64_t from_id, int64_t into_id,
                             int64_t now_unix, size_t *items, json_t *errors)
{
    *items = 0;
    if (from_id == into_id) {
        refuse(errors, "into", json_string("cannot be merged into itself"));
        return TYPE_REFUSED;
    }
    if (!store_begin(store))
        return TYPE_FAULT;
    return finish(store, merge(store, actor, from_id, into_id, now_unix, items));
}

static enum type_outcome delete_unused(struct store *store, struct actor actor, const json_t *type, int64_t now_unix,
                                       json_t *errors)
{
    json_int_t items = json_integer_value(json_object_get(type, "items"));
    json_int_t id = json_integer_value(json_object_get(type, "id"));
    if (items > 0) {
        refuse(errors, "id", json_sprintf("has items (%lld): merge it into another type", (long long)items));
        return TYPE_REFUSED;
    }
    bool ok = run(store, SQL_LISTING_COUNT_TRIM, json_pack("{s:I}", "type_id", id)) &&
              run(store, SQL_TYPE_DELETE, json_pack("{s:I}", "id", id)) &&
              activity_add(store, actor, "delete type", 0, text_at(type, "name"), "", now_unix);
    return ok ? TYPE_OK : TYPE_FAULT;
}

enum type_outcome type_delete(struct store *store, struct actor actor, int64_t id, int64_t now_unix, json_t *errors)
{
    if (!store_begin(store))
        return TYPE_FAULT;
    json_t *type = type_get(store, id);
    enum type_outcome outcome = type == NULL ? TYPE_FAULT : TYPE_GONE;
    if (json_is_object(type))
        outcome = delete_unused(store, actor, type, now_unix, errors);
    json_decref(type);
    return finish(store, outcome);
}
