#include <stdio.h>
#include <string.h>

#include "warta/commands/command.h"
#include "warta/commands/settings.h"
#include "warta/commands/site.h"
#include "warta/store/migrate.h"
#include "warta/store/store.h"

static const struct usage check_usage = {
    .command = "check",
    .arguments = "",
    .shared = settings_shared,
    .details =
        "Prints each setting and where it comes from, then what is wrong with the database. Ends with 1 if anything "
        "is.",
};

enum { ERROR_CAP = 512 };

static void print_settings(const struct config *config)
{
    struct buf lines = BUF_EMPTY;
    config_describe(config, &lines);
    printf("settings\n%s", buf_string(&lines));
    buf_release(&lines);
}

/* Adds what the listing's tables have wrong. False on a fault. */
static bool check_listing(struct store *store, json_t *problems)
{
    static const struct {
        enum sql sql;
        const char *words;
    } checks[] = {{SQL_CHECK_LISTING, "rows of the listing do not agree with the items"},
                  {SQL_CHECK_COUNTS, "counts of the listing are wrong"}};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        json_t *wrong = store_value(store, checks[i].sql, NULL);
        if (wrong == NULL)
            return false;
        if (json_integer_value(wrong) > 0)
            json_array_append_new(problems,
                                  json_sprintf("%lld %s: export the items and import them into a new database",
                                               (long long)json_integer_value(wrong), checks[i].words));
        json_decref(wrong);
    }
    return true;
}

/* How many problems the database has; -1, said on standard error, if it cannot be looked at. */
static int check_database(const char *database, const struct log *log)
{
    char error[ERROR_CAP];
    json_t *problems = json_array();
    size_t i;
    json_t *problem;
    if (!migrate_is_current(database, error, sizeof error)) {
        json_decref(problems);
        command_fail("%s", error);
        return -1;
    }
    struct store *store = store_open(database, STORE_READ, log, error, sizeof error);
    bool ok = store != NULL && store_check(store, problems) && check_listing(store, problems);
    if (store == NULL)
        command_fail("%s", error);
    printf("database %s: %s\n", database, !ok ? "cannot be read" : json_array_size(problems) > 0 ? "damaged" : "whole");
    json_array_foreach(problems, i, problem) printf("  %s\n", json_string_value(problem));
    int count = ok ? (int)json_array_size(problems) : -1;
    store_destroy(store);
    json_decref(problems);
    return count;
}

static int check_run(const struct config *config)
{
    char error[ERROR_CAP];
    struct site_setup setup;
    print_settings(config);
    bool site_ok = site_setup_init(&setup, config, NULL, error, sizeof error);
    site_setup_release(&setup);
    if (!site_ok)
        return command_fail("%s", error);
    int problems = check_database(config_text(config, "database"), &setup.log);
    return problems == 0 ? 0 : 1;
}

const struct command command_check = {"look for damage and wrong settings", &check_usage, check_run};
