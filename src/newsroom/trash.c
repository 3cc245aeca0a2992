#include "warta/newsroom/editing.h"
#include "warta/newsroom/undo.h"

enum edit_outcome edit_empty_trash(const struct editing *editing, int days, size_t *count)
{
    struct store *store = editing->store;
    if (!store_begin(store))
        return EDIT_FAULT;
    json_t *params = json_pack("{s:I}", "before_unix", (json_int_t)(editing->now_unix - (int64_t)days * 86400));
    json_t *rows = store_rows(store, SQL_TRASH_EMPTY, params);
    bool ok = rows != NULL && undo_trim(store, "", 0, editing->now_unix);
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        ok = ok && activity_add(store, editing->actor, "delete", json_integer_value(json_object_get(row, "id")),
                                json_string_value(json_object_get(row, "title")), "", editing->now_unix);
    }
    *count = json_array_size(rows);
    json_decref(rows);
    json_decref(params);
    if (!ok)
        store_rollback(store);
    return ok && store_commit(store) ? EDIT_OK : EDIT_FAULT;
}
