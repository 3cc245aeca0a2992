/* What config.c and config_help.c share. */
#ifndef WARTA_BASE_CONFIG_PRIVATE_H
#define WARTA_BASE_CONFIG_PRIVATE_H

#include "warta/base/config.h"

struct config_value {
    const struct setting *setting;
    bool flag_only;
    unsigned given_by; /* one bit for each source */
    const char *text;
    int64_t number;
    const char *origin;
};

/* How many rows a table of settings has; NULL has none. */
size_t config_table_len(const struct setting *table);

/* Appends what a SETTING_CHOICE may be. */
void config_join_choices(const struct setting *setting, const char *separator, struct buf *out);

#endif
