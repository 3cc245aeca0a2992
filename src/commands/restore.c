#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "warta/base/buf.h"
#include "warta/commands/command.h"
#include "warta/commands/settings.h"
#include "warta/commands/site.h"
#include "warta/commands/stamp.h"
#include "warta/newsroom/login.h"
#include "warta/store/backup.h"
#include "warta/store/store.h"

static const struct usage restore_usage = {
    .command = "restore",
    .arguments = "FILE",
    .arguments_min = 1,
    .arguments_max = 1,
    .shared = settings_shared,
    .details =
        "The server must be stopped, and so must the socket by which systemd would start it again. What was there is "
        "kept beside it as "
        "warta.db.replaced-20260131T020000Z. Everybody has to log in again, and passwords are as they were then.",
};

enum { ERROR_CAP = 1024 };

/* What had been ended since the backup was made must not come alive again. */
static bool end_logins(const char *copy, const struct log *log, char *error, size_t error_len)
{
    struct store *store = store_open(copy, STORE_WRITE, log, error, error_len);
    if (store == NULL)
        return false;
    bool ok = login_end_all(store);
    if (!ok)
        snprintf(error, error_len, "%s: sessions cannot be ended, see above", copy);
    store_destroy(store);
    return ok;
}

static char *kept_name(const char *database)
{
    char stamp[STAMP_CAP];
    struct buf name = BUF_EMPTY;
    stamp_format(time(NULL), stamp);
    buf_format(&name, "%s.replaced-%s", database, stamp);
    return buf_steal(&name);
}

static int restore_run(const struct config *config)
{
    char error[ERROR_CAP];
    struct log log = site_log(config);
    const char *database = config_text(config, "database");
    const char *backup = config_argument(config, 0);
    char *kept = kept_name(database);
    struct restore *restore = restore_begin(database, backup, &log, error, sizeof error);
    bool replaces = restore != NULL && restore_replaces(restore);
    bool ok = restore != NULL && end_logins(restore_copy(restore), &log, error, sizeof error) &&
              restore_finish(restore, kept, error, sizeof error);
    restore_destroy(restore);
    if (ok)
        printf("%s is now as it was in %s; everybody has to log in again\n", database, backup);
    if (ok && replaces)
        printf("what was there before is kept as %s\n", kept);
    free(kept);
    return ok ? 0 : command_fail("%s", error);
}

const struct command command_restore = {"put a backup in the place of the database", &restore_usage, restore_run};
