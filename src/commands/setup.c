#include "warta/commands/setup.h"

#include <stdio.h>

#include "warta/newsroom/login.h"

void setup_announce(const struct site *site, const char *database)
{
    char error[512];
    char token[TOKEN_CAP];
    struct store *store = store_open(database, STORE_WRITE, site->log, error, sizeof error);
    if (store == NULL)
        log_write(site->log, LOG_ERROR, NULL, "%s", error);
    else if (user_none(store) == 1 && token_make(store, "setup", 0, 0, site->clock() + SETUP_LIFE_S, token))
        printf("warta: no users yet; make the first within %d minutes at %s%s/admin/setup?token=%s\n",
               SETUP_LIFE_S / 60, site->base.origin, site->base.prefix, token);
    fflush(stdout);
    store_destroy(store);
}
