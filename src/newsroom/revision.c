#include "warta/newsroom/revision.h"

#include <string.h>

#include "warta/base/buf.h"
#include "warta/newsroom/diff.h"
#include "warta/newsroom/editing.h"
#include "warta/newsroom/item.h"

/* --- keeping --- */

static json_t *files_whole(const json_t *files)
{
    static const char *const keys[] = {"id", "name", "alt"};
    json_t *whole = json_array();
    size_t i;
    json_t *file;
    json_array_foreach(files, i, file)
    {
        json_t *entry = json_object();
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            json_object_set(entry, keys[k], json_object_get(file, keys[k]));
        json_array_append_new(whole, entry);
    }
    return whole;
}

json_t *revision_whole(const json_t *item)
{
    json_t *whole = json_object();
    for (const struct field *field = item_fields; field->key != NULL; field++) {
        if (field->kind != FIELD_IGNORED)
            json_object_set(whole, field->key, json_object_get(item, field->key));
    }
    json_object_set_new(whole, "files", files_whole(json_object_get(item, "files")));
    return whole;
}

bool revision_add(struct store *store, struct actor actor, const json_t *item, const char *action, int64_t at_unix)
{
    json_t *params = json_pack("{s:O, s:O, s:I, s:o, s:s, s:o}", "item_id", json_object_get(item, "id"), "version",
                               json_object_get(item, "version"), "at_unix", (json_int_t)at_unix, "user_id",
                               actor.user_id == 0 ? json_null() : json_integer((json_int_t)actor.user_id), "action",
                               action, "item", revision_whole(item));
    bool ok = store_exec(store, SQL_REVISION_INSERT, params, NULL);
    json_decref(params);
    return ok;
}

int64_t revision_latest(struct store *store, int64_t item_id)
{
    json_t *params = json_pack("{s:I}", "id", (json_int_t)item_id);
    json_t *version = store_value(store, SQL_REVISION_LATEST, params);
    int64_t latest = version == NULL ? -1 : (int64_t)json_integer_value(version);
    json_decref(version);
    json_decref(params);
    return latest;
}

bool revision_follow(struct store *store, int64_t item_id, const char *action, int64_t at_unix)
{
    int64_t latest = revision_latest(store, item_id);
    if (latest <= 0)
        return latest == 0;
    json_t *item = edit_get(store, item_id);
    bool ok = json_is_object(item) && revision_add(store, (struct actor){0}, item, action, at_unix);
    json_decref(item);
    return ok;
}

/* --- reading --- */

json_t *edit_revisions(struct store *store, int64_t id)
{
    json_t *params = json_pack("{s:I}", "id", (json_int_t)id);
    json_t *rows = store_rows(store, SQL_REVISION_LIST, params);
    json_decref(params);
    return rows;
}

json_t *edit_revision(struct store *store, int64_t id, int64_t version)
{
    json_t *params = json_pack("{s:I, s:I}", "id", (json_int_t)id, "version", (json_int_t)version);
    json_t *row = store_row(store, SQL_REVISION_GET, params);
    json_decref(params);
    return row;
}

/* --- comparing --- */

/* Appends the strings under `keys` that are not empty, with `between` between them. */
static void append_strings(struct buf *out, const json_t *object, const char *const *keys, const char *between)
{
    size_t start = out->len;
    for (; *keys != NULL; keys++) {
        const char *text = json_string_value(json_object_get(object, *keys));
        if (text != NULL && *text != '\0') {
            buf_text(out, out->len > start ? between : "");
            buf_text(out, text);
        }
    }
}

static void append_value(struct buf *out, const json_t *value)
{
    static const char *const event_keys[] = {"starts", "ends", "venue", NULL};
    static const char *const file_keys[] = {"name", "alt", NULL};
    size_t i;
    json_t *entry;
    if (json_is_string(value))
        buf_text(out, json_string_value(value));
    append_strings(out, value, event_keys, ", ");
    json_array_foreach(value, i, entry)
    {
        buf_text(out, i == 0 ? "" : json_is_object(entry) ? "\n" : ", ");
        if (json_is_string(entry))
            buf_text(out, json_string_value(entry));
        append_strings(out, entry, file_keys, ": ");
    }
}

static void compare_key(json_t *changes, const char *key, const json_t *before, const json_t *after)
{
    struct buf old = BUF_EMPTY;
    struct buf new = BUF_EMPTY;
    append_value(&old, before);
    append_value(&new, after);
    if (strcmp(buf_string(&old), buf_string(&new)) != 0)
        json_array_append_new(
            changes, json_pack("{s:s, s:o}", "key", key, "parts", diff_texts(buf_string(&old), buf_string(&new))));
    buf_release(&old);
    buf_release(&new);
}

json_t *edit_compare(const json_t *before, const json_t *after)
{
    json_t *changes = json_array();
    for (const struct field *field = item_fields; field->key != NULL; field++) {
        const json_t *old = json_object_get(before, field->key);
        const json_t *new = json_object_get(after, field->key);
        if (old != NULL && new != NULL && (field->kind != FIELD_IGNORED || json_is_array(new)))
            compare_key(changes, field->key, old, new);
    }
    return changes;
}
