#include "warta/newsroom/import.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "warta/commands/command.h"
#include "warta/commands/output.h"
#include "warta/commands/plain_text.h"
#include "warta/commands/settings.h"
#include "warta/commands/site.h"
#include "warta/newsroom/item.h"
#include "warta/store/hold.h"
#include "warta/store/migrate.h"
#include "warta/store/store.h"

static const struct setting import_flags[] = {
    {.name = "text", .kind = SETTING_BOOLEAN, .help = "the file is a page saved as plain text, in numbered blocks"},
    {.name = "dry-run", .kind = SETTING_BOOLEAN, .help = "tell what would change, and store nothing"},
    {.name = NULL},
};

static const struct usage import_usage = {
    .command = "import",
    .arguments = "FILE",
    .arguments_min = 1,
    .arguments_max = 1,
    .shared = settings_shared,
    .own = import_flags,
    .details =
        "All items of FILE or none; \"-\" is standard input. An item that is there already is known by its slug or "
        "an alias, and changed only where it differs.",
};

enum { ERROR_CAP = 512, TEXT_MAX = 16 << 20, MISTAKES_SHOWN = 20, PROGRESS_EVERY = 1000 };

static const size_t json_max = (size_t)1 << 30;

/* One run of the command. */
struct intake {
    const char *file; /* as mistakes name it */
    bool dry_run;
    json_t *items;
    size_t mistakes;
    size_t outcomes[IMPORT_UNCHANGED + 1];
};

/* --- reading --- */

static json_t *read_json(const struct buf *content, const char *file)
{
    json_error_t error;
    json_t *items = json_loadb(buf_string(content), content->len, JSON_REJECT_DUPLICATES, &error);
    if (items == NULL)
        command_fail("%s, line %d, column %d: %s", file, error.line, error.column, error.text);
    else if (!json_is_array(items))
        command_fail("%s is not a JSON array of items", file);
    if (json_is_array(items))
        return items;
    json_decref(items);
    return NULL;
}

/* What was guessed is printed, for somebody to check. */
static void tell_guess(const json_t *guess)
{
    long long block = json_integer_value(json_object_get(guess, "block"));
    const char *text = json_string_value(json_object_get(guess, "text"));
    if (text != NULL)
        printf("guess: block %lld, \"%s\", is text and no date such as 30 August 2019\n", block, text);
    else
        printf("guess: block %lld, \"%s\", is of type %s\n", block, json_string_value(json_object_get(guess, "kicker")),
               json_string_value(json_object_get(guess, "type")));
}

static json_t *read_text(const struct buf *content, const char *file)
{
    char error[PLAIN_TEXT_ERROR_CAP];
    json_t *guesses = json_array();
    json_t *items = plain_text_parse(buf_string(content), content->len, guesses, error);
    size_t i;
    json_t *guess;
    if (items == NULL)
        command_fail("%s, %s", file, error);
    else
        json_array_foreach(guesses, i, guess) tell_guess(guess);
    json_decref(guesses);
    return items;
}

/* The file's items (*owned*); NULL, said on standard error, if they cannot be read. */
static json_t *read_items(const char *path, const char *file, bool text)
{
    char error[ERROR_CAP];
    struct buf content = BUF_EMPTY;
    json_t *items = NULL;
    if (!file_read(path, text ? TEXT_MAX : json_max, &content, error, sizeof error))
        command_fail("%s", error);
    else
        items = text ? read_text(&content, file) : read_json(&content, file);
    buf_release(&content);
    return items;
}

/* --- telling --- */

/* Names an item's mistakes by its index in the array, for machines, and by its number and title, for people. */
static void tell_mistakes(struct intake *intake, size_t index, const json_t *errors)
{
    const char *title = json_string_value(json_object_get(json_array_get(intake->items, index), "title"));
    size_t i;
    json_t *mistake;
    json_array_foreach(errors, i, mistake)
    {
        const char *key = json_string_value(json_object_get(mistake, "key"));
        if (intake->mistakes++ < MISTAKES_SHOWN)
            command_fail("%s: [%zu]%s%s %s (item %zu%s%.60s)", intake->file, index, *key == '\0' ? "" : ".", key,
                         json_string_value(json_object_get(mistake, "reason")), index + 1, title == NULL ? "" : ", ",
                         title == NULL ? "" : title);
    }
}

/* What a dry run prints of an item. */
static void tell_change(enum import_outcome outcome, const json_t *report)
{
    const char *slug = json_string_value(json_object_get(report, "slug"));
    size_t i;
    json_t *key;
    if (outcome == IMPORT_CREATED)
        printf("new: %s\n", slug);
    if (outcome != IMPORT_UPDATED)
        return;
    printf("changed: %s:", slug);
    json_array_foreach(json_object_get(report, "changed"), i, key)
        printf("%s %s", i == 0 ? "" : ",", json_string_value(key));
    putchar('\n');
}

static void tell_progress(size_t done, size_t of)
{
    if (isatty(STDERR_FILENO) && (done % PROGRESS_EVERY == 0 || done == of) && of > PROGRESS_EVERY)
        fprintf(stderr, "\r%zu of %zu items%s", done, of, done == of ? "\n" : "");
}

static void tell_result(const struct intake *intake)
{
    printf("%s%zu new, %zu changed, %zu unchanged\n", intake->dry_run ? "nothing stored; it would be " : "",
           intake->outcomes[IMPORT_CREATED], intake->outcomes[IMPORT_UPDATED], intake->outcomes[IMPORT_UNCHANGED]);
}

/* --- doing --- */

/* Puts every item into its normal form, in place. Whether all are as they should be. */
static bool check_items(struct intake *intake)
{
    json_t *checked = json_array();
    size_t i;
    json_t *item;
    json_array_foreach(intake->items, i, item)
    {
        json_t *errors = json_array();
        if (json_is_object(item))
            json_array_append_new(checked, item_check(item, errors));
        else
            json_array_append_new(errors, json_pack("{s:s, s:s}", "key", "", "reason", "is not an object"));
        tell_mistakes(intake, i, errors);
        json_decref(errors);
    }
    json_decref(intake->items);
    intake->items = checked;
    return intake->mistakes == 0;
}

static bool put_items(struct intake *intake, struct import *import)
{
    size_t i;
    json_t *values;
    json_array_foreach(intake->items, i, values)
    {
        json_t *errors = json_array();
        json_t *report;
        enum import_outcome outcome = import_item(import, i, values, errors, &report);
        tell_mistakes(intake, i, errors);
        if (intake->dry_run)
            tell_change(outcome, report);
        intake->outcomes[outcome]++;
        json_decref(errors);
        json_decref(report);
        if (outcome == IMPORT_FAULT)
            return false;
        tell_progress(i + 1, json_array_size(intake->items));
    }
    return intake->mistakes == 0;
}

/* All items or none. */
static bool store_items(struct intake *intake, struct store *store, const struct site *site, struct text *text)
{
    struct import import;
    store_request(store, NULL, true);
    if (!store_begin(store))
        return false;
    import_init(&import, store, text, site->lang, site->clock());
    bool ok = put_items(intake, &import);
    import_release(&import);
    if (ok && !intake->dry_run)
        return store_commit(store);
    store_rollback(store);
    return ok;
}

/* The database, brought to the current schema first; a dry run leaves that as it is. Its hold is to be released behind
 * it. NULL, with a reason, on a fault. */
static struct store *open_database(const struct intake *intake, const char *path, const struct log *log, int *hold,
                                   char *error, size_t error_len)
{
    bool current =
        intake->dry_run ? migrate_is_current(path, error, error_len) : migrate_run(path, log, error, error_len);
    if (current)
        *hold = hold_take(path, HOLD_SHARED, HOLD_WAIT_MS, error, error_len);
    return *hold < 0 ? NULL : store_open(path, STORE_WRITE, log, error, error_len);
}

/* The items into the open database, or none of them; what went wrong has been said. */
static bool import_into(struct intake *intake, struct store *store, const struct site *site)
{
    char error[ERROR_CAP];
    struct text *text = text_create(site->lang, site->timezone, error, sizeof error);
    bool ok = text != NULL && store_items(intake, store, site, text);
    if (text == NULL)
        command_fail("%s", error);
    else if (!ok && intake->mistakes == 0)
        command_fail("nothing was stored: the database failed, see above");
    text_destroy(text);
    return ok;
}

static bool import_items(struct intake *intake, const struct site *site, const char *database)
{
    char error[ERROR_CAP];
    bool ok = check_items(intake);
    int hold = -1;
    struct store *store = NULL;
    if (ok) {
        store = open_database(intake, database, site->log, &hold, error, sizeof error);
        if (store == NULL)
            command_fail("%s", error);
        ok = store != NULL && import_into(intake, store, site);
        store_destroy(store);
        hold_release(hold);
    }
    if (intake->mistakes > MISTAKES_SHOWN)
        command_fail("%s: and %zu more mistakes", intake->file, intake->mistakes - MISTAKES_SHOWN);
    if (intake->mistakes > 0)
        command_fail("nothing was stored: mend %s and import it again", intake->file);
    return ok;
}

/* A dry run where there is no database works in one that is made for it and taken away again. */
static bool import_beside(struct intake *intake, const struct site *site, const char *database)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char error[ERROR_CAP];
    struct log quiet = {.fd = site->log->fd, .level = LOG_WARN, .format = site->log->format};
    struct buf path = BUF_EMPTY;
    buf_format(&path, "%s.dry-run-%ld", database, (long)getpid());
    size_t len = path.len;
    bool ok = migrate_run(buf_string(&path), &quiet, error, sizeof error);
    if (ok)
        ok = import_items(intake, site, buf_string(&path));
    else
        command_fail("%s", error);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        buf_truncate(&path, len);
        buf_text(&path, suffixes[i]);
        unlink(buf_string(&path));
    }
    buf_release(&path);
    return ok;
}

static int import_run(const struct config *config)
{
    char error[ERROR_CAP];
    struct site_setup setup;
    const char *path = config_argument(config, 0);
    const char *database = config_text(config, "database");
    struct intake intake = {
        .file = path[0] == '-' && path[1] == '\0' ? "standard input" : path,
        .dry_run = config_flag(config, "dry-run"),
    };
    bool ok = site_setup_init(&setup, config, NULL, error, sizeof error);
    if (!ok)
        command_fail("%s", error);
    else
        intake.items = read_items(path, intake.file, config_flag(config, "text"));
    bool beside = intake.dry_run && access(database, F_OK) != 0;
    ok = intake.items != NULL && (beside ? import_beside : import_items)(&intake, &setup.site, database);
    if (ok)
        tell_result(&intake);
    json_decref(intake.items);
    site_setup_release(&setup);
    return ok ? 0 : 1;
}

const struct command command_import = {"add or update items from JSON", &import_usage, import_run};
