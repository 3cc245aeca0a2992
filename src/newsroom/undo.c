#include "warta/newsroom/undo.h"

#include <string.h>

static bool run(struct store *store, enum sql sql, json_t *params)
{
    bool ok = store_exec(store, sql, params, NULL);
    json_decref(params);
    return ok;
}

bool undo_trim(struct store *store, const char *kind, int64_t subject_id, int64_t now_unix)
{
    json_int_t before_unix = (json_int_t)(now_unix - UNDO_LIFE_S);
    return run(store, SQL_UNDO_TRIM_CHUNK,
               json_pack("{s:I, s:s, s:I}", "before_unix", before_unix, "kind", kind, "subject_id",
                         (json_int_t)subject_id)) &&
           run(store, SQL_UNDO_TRIM,
               json_pack("{s:I, s:s, s:I}", "before_unix", before_unix, "kind", kind, "subject_id",
                         (json_int_t)subject_id));
}

bool undo_keep(struct store *store, const char *kind, int64_t subject_id, json_t *was, int64_t content,
               int64_t now_unix, int64_t *undo_id)
{
    json_t *params = json_pack("{s:s, s:I, s:I, s:o, s:o}", "kind", kind, "subject_id", (json_int_t)subject_id,
                               "now_unix", (json_int_t)now_unix, "was", was, "content",
                               content == 0 ? json_null() : json_integer((json_int_t)content));
    json_t *id = undo_trim(store, kind, subject_id, now_unix) ? store_value(store, SQL_UNDO_PUT, params) : NULL;
    if (undo_id != NULL)
        *undo_id = (int64_t)json_integer_value(id);
    bool ok = json_is_integer(id);
    json_decref(id);
    json_decref(params);
    return ok;
}

json_t *undo_get(struct store *store, int64_t undo_id, int64_t now_unix)
{
    json_t *params =
        json_pack("{s:I, s:I}", "id", (json_int_t)undo_id, "after_unix", (json_int_t)(now_unix - UNDO_LIFE_S));
    json_t *undo = store_row(store, SQL_UNDO_GET, params);
    json_decref(params);
    return undo;
}

bool undo_is(const json_t *undo, const char *kind)
{
    const char *text = json_string_value(json_object_get(undo, "kind"));
    return text != NULL && strcmp(text, kind) == 0;
}

bool undo_drop(struct store *store, int64_t undo_id)
{
    return run(store, SQL_UNDO_DROP, json_pack("{s:I}", "id", (json_int_t)undo_id));
}
