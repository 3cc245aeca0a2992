#include <stdio.h>
#include <string.h>

#include "warta/commands/command.h"
#include "warta/commands/settings.h"
#include "warta/commands/site.h"
#include "warta/newsroom/doctor.h"
#include "warta/store/migrate.h"
#include "warta/store/store.h"

static const struct usage check_usage = {
    .command = "check",
    .arguments = "",
    .shared = settings_shared,
    .details = "Prints each setting and where it comes from, whether the database is whole, how disk and backups are, "
               "and what "
               "to mend. Ends with 1 if anything is wrong; a warning or a note is nothing wrong yet.",
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

/* Prints facts other than the settings, which stand above, and what to mend. Whether nothing is wrong. */
static bool print_doctor(const struct doctor *doctor)
{
    size_t i, j;
    json_t *group, *fact, *finding;
    bool well = true;
    json_array_foreach(doctor->groups, i, group)
    {
        if (strcmp(json_string_value(json_object_get(group, "heading")), "Settings") == 0)
            continue;
        json_array_foreach(json_object_get(group, "facts"), j, fact)
            printf("  %-16s %s\n", json_string_value(json_object_get(fact, "name")),
                   json_string_value(json_object_get(fact, "value")));
    }
    puts(json_array_size(doctor->findings) == 0 ? "to mend: nothing" : "to mend");
    json_array_foreach(doctor->findings, i, finding)
    {
        const char *level = json_string_value(json_object_get(finding, "level"));
        printf("  %s: %s\n    %s\n", level, json_string_value(json_object_get(finding, "words")),
               json_string_value(json_object_get(finding, "mend")));
        well = well && strcmp(level, "wrong") != 0;
    }
    return well;
}

static bool ask_doctor(const struct site_setup *setup, struct store *store)
{
    struct doctor doctor = {
        .database = setup->site.database,
        .settings = setup->settings,
        .origin = setup->site.base.origin,
        .now_unix = setup->site.clock(),
    };
    doctor_init(&doctor);
    bool well = doctor_look(&doctor, store);
    well = print_doctor(&doctor) && well;
    doctor_release(&doctor);
    return well;
}

static bool database_is_whole(struct store *store, const char *database)
{
    json_t *problems = json_array();
    size_t i;
    json_t *problem;
    bool ok = store_check(store, problems) && check_listing(store, problems);
    bool whole = ok && json_array_size(problems) == 0;
    printf("database %s: %s\n", database, !ok ? "cannot be read" : whole ? "whole" : "damaged");
    json_array_foreach(problems, i, problem) printf("  %s\n", json_string_value(problem));
    json_decref(problems);
    return whole;
}

/* What is wrong has been printed, or is in `error`. */
static bool check_site(struct site_setup *setup, const struct config *config, char *error, size_t error_len)
{
    struct store *store = NULL;
    bool ok = site_setup_init(setup, config, NULL, error, error_len) &&
              migrate_is_current(setup->site.database, error, error_len);
    if (ok)
        store = store_open(setup->site.database, STORE_READ, &setup->log, error, error_len);
    ok = store != NULL && database_is_whole(store, setup->site.database);
    if (store != NULL)
        ok = ask_doctor(setup, store) && ok;
    store_destroy(store);
    return ok;
}

static int check_run(const struct config *config)
{
    char error[ERROR_CAP] = "";
    struct site_setup setup;
    print_settings(config);
    bool ok = check_site(&setup, config, error, sizeof error);
    site_setup_release(&setup);
    if (*error != '\0')
        return command_fail("%s", error);
    return ok ? 0 : 1;
}

const struct command command_check = {"look for damage, and for what to mend", &check_usage, check_run};
