#include "warta/commands/live_site.h"

#include <stdio.h>
#include <stdlib.h>

#include "warta/base/text.h"

enum { REFUSED_CAP = 1024 };

/* The site in force, with what the doctor's page says of a reload that was refused. */
struct refused_reload {
    struct site site;
    char words[REFUSED_CAP];
};

static bool make(struct live_site *live, char *error, size_t error_len)
{
    bool ok = site_setup_init(live->setup, live->config, live->address, error, error_len);
    live->setup->site.metrics = live->metrics;
    live->setup->site.log = live->log; /* stores keep it, so it must outlive this setup */
    return ok;
}

bool live_site_init(struct live_site *live, const struct config *config, struct log *log, const char *address,
                    const struct metrics_source *metrics, char *error, size_t error_len)
{
    *live = (struct live_site){.log = log, .address = address, .metrics = metrics, .config = config};
    live->first = live->setup = mem_alloc(sizeof *live->setup);
    return make(live, error, error_len);
}

/* What came by a reload. */
static void drop(struct live_site *live)
{
    if (live->reloaded == NULL)
        return;
    site_setup_release(live->setup);
    free(live->setup);
    config_release(live->reloaded);
    free(live->reloaded);
}

void live_site_release(struct live_site *live)
{
    free(live->refused);
    drop(live);
    site_setup_release(live->first);
    free(live->first);
}

static void change(struct live_site *live, const struct live_site *fresh, struct app **apps, size_t apps_len)
{
    live->log->level = fresh->setup->log.level;
    live->log->format = fresh->setup->log.format;
    live->log->clients = fresh->setup->log.clients;
    live->log->slow_ms = fresh->setup->log.slow_ms;
    for (size_t i = 0; i < apps_len; i++)
        app_change(apps[i], &fresh->setup->site);
    free(live->refused);
    drop(live);
    *live = *fresh;
}

static void refuse(struct live_site *live, struct app **apps, size_t apps_len, const char *error)
{
    char when[TEXT_UTC_CAP];
    struct refused_reload *refused = mem_alloc(sizeof *refused);
    refused->site = live->setup->site;
    refused->site.not_reloaded = refused->words;
    text_utc_format(refused->site.clock(), when);
    snprintf(refused->words, sizeof refused->words, "%s: %s", when, error);
    for (size_t i = 0; i < apps_len; i++)
        app_change(apps[i], &refused->site);
    free(live->refused);
    live->refused = refused;
}

static bool take(struct live_site *live, struct app **apps, size_t apps_len, char *error, size_t error_len)
{
    char reason[CONFIG_ERROR_CAP];
    struct config *config = mem_alloc(sizeof *config);
    if (!config_reload(live->config, config, reason)) {
        snprintf(error, error_len, "%s", reason);
        config_release(config);
        free(config);
        return false;
    }
    struct live_site fresh = *live;
    fresh.config = fresh.reloaded = config;
    fresh.refused = NULL;
    fresh.setup = mem_alloc(sizeof *fresh.setup);
    bool ok = make(&fresh, error, error_len);
    if (ok)
        change(live, &fresh, apps, apps_len);
    else
        drop(&fresh);
    return ok;
}

bool live_site_reload(struct live_site *live, struct app **apps, size_t apps_len, char *error, size_t error_len)
{
    bool taken = take(live, apps, apps_len, error, error_len);
    if (!taken)
        refuse(live, apps, apps_len, error);
    return taken;
}
