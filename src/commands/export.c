#include <jansson.h>
#include <stdlib.h>

#include "warta/commands/command.h"
#include "warta/commands/output.h"
#include "warta/commands/settings.h"
#include "warta/commands/site.h"
#include "warta/store/migrate.h"
#include "warta/store/store.h"

static const struct usage export_usage = {
    .command = "export",
    .arguments = "FILE",
    .arguments_min = 1,
    .arguments_max = 1,
    .shared = settings_shared,
    .details = "In the form that import takes, without the bytes of files; \"-\" is standard output.",
};

enum { ERROR_CAP = 512, ROWS_AT_ONCE = 500 };

/* Writes the rows, an item a line; false if one cannot be written. The id is the database's own and stays at home. */
static bool write_rows(FILE *file, json_t *rows, bool *first)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        json_object_del(row, "id");
        json_object_set_new(row, "files", json_array());
        fputs(*first ? "[\n" : ",\n", file);
        if (json_dumpf(row, file, JSON_COMPACT) != 0)
            return false;
        *first = false;
    }
    return true;
}

static bool write_items(struct store *store, FILE *file)
{
    json_int_t last_id = 0;
    bool first = true;
    bool ok = true;
    size_t len = 1;
    while (ok && len > 0) {
        json_t *params = json_pack("{s:I, s:i}", "id", last_id, "limit", ROWS_AT_ONCE);
        json_t *rows = store_rows(store, SQL_ITEM_EXPORT, params);
        len = json_array_size(rows);
        if (len > 0)
            last_id = json_integer_value(json_object_get(json_array_get(rows, len - 1), "id"));
        ok = rows != NULL && write_rows(file, rows, &first);
        json_decref(rows);
        json_decref(params);
    }
    fputs(first ? "[]\n" : "\n]\n", file);
    return ok;
}

/* Everything is read in one transaction, so the file is of one moment, whatever is posted meanwhile. */
static bool export_items(struct store *store, const char *path, char *error, size_t error_len)
{
    struct output output;
    if (!output_open(&output, path, error, error_len))
        return false;
    bool begun = store_begin(store);
    bool ok = begun && write_items(store, output.file);
    if (begun)
        store_rollback(store);
    if (ok)
        return output_commit(&output, error, error_len);
    snprintf(error, error_len, "%s was not written, see above", path);
    output_abandon(&output);
    return false;
}

static int export_run(const struct config *config)
{
    char error[ERROR_CAP];
    struct log log = site_log(config);
    const char *database = config_text(config, "database");
    struct store *store = NULL;
    if (migrate_is_current(database, error, sizeof error))
        store = store_open(database, STORE_READ, &log, error, sizeof error);
    bool ok = store != NULL && export_items(store, config_argument(config, 0), error, sizeof error);
    store_destroy(store);
    return ok ? 0 : command_fail("%s", error);
}

const struct command command_export = {"write all items as JSON", &export_usage, export_run};
