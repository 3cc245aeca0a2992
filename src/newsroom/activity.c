#include "warta/newsroom/activity.h"

static json_t *id_or_null(int64_t id)
{
    return id == 0 ? json_null() : json_integer((json_int_t)id);
}

bool activity_add(struct store *store, struct actor actor, const char *action, int64_t item_id, const char *subject,
                  const char *detail, int64_t now_unix)
{
    json_t *params = json_pack("{s:I, s:o, s:s, s:s, s:o, s:s, s:s}", "now_unix", (json_int_t)now_unix, "user_id",
                               id_or_null(actor.user_id), "user_name", actor.name == NULL ? "" : actor.name, "action",
                               action, "item_id", id_or_null(item_id), "subject", subject, "detail", detail);
    bool ok = store_exec(store, SQL_ACTIVITY_INSERT, params, NULL);
    json_decref(params);
    return ok;
}

json_t *activity_list(struct store *store, int64_t user_id, int64_t item_id, const char *action, int64_t before_id,
                      int limit)
{
    json_t *params =
        json_pack("{s:I, s:I, s:s, s:I, s:i}", "user_id", (json_int_t)user_id, "item_id", (json_int_t)item_id, "action",
                  action, "before_id", before_id == 0 ? (json_int_t)INT64_MAX : (json_int_t)before_id, "limit", limit);
    json_t *rows = store_rows(store, SQL_ACTIVITY_LIST, params);
    json_decref(params);
    return rows;
}
