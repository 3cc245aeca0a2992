#include "warta/commands/site.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "warta/http/client.h"

struct log site_log(const struct config *config)
{
    enum log_level level = LOG_INFO;
    enum log_format format = LOG_TEXT;
    enum log_clients clients = LOG_CLIENTS_FULL;
    struct log log = {.fd = STDERR_FILENO,
                      .slow_ms = (unsigned)config_int(config, "log-slow"),
                      .journal = log_leads_to_journal(STDERR_FILENO)};
    log_level_parse(config_text(config, "log-level"), &level);
    log_format_parse(config_text(config, "log-format"), &format);
    log_clients_parse(config_text(config, "log-clients"), &clients);
    log.level = level;
    log.format = format;
    log.clients = clients;
    return log;
}

static int64_t wall_clock(void)
{
    return time(NULL);
}

/* The base address in parts: as set, else what the server listens on. A unix socket has no address for readers. */
static bool init_base(struct site_setup *setup, const struct config *config, const char *address, char *error,
                      size_t error_len)
{
    char reason[160];
    const char *base_url = config_text(config, "base-url");
    if (*base_url == '\0')
        base_url = address == NULL || strncmp(address, "http", 4) != 0 ? "http://localhost" : address;
    if (url_base_init(&setup->site.base, base_url, reason, sizeof reason))
        return true;
    snprintf(error, error_len, "--base-url %s", reason);
    return false;
}

static bool init_words(struct site_setup *setup, const struct config *config, char *error, size_t error_len)
{
    const char *lang = config_text(config, "site-lang");
    const char *zone = config_text(config, "timezone");
    if (!text_lang_canonical(lang, setup->lang)) {
        snprintf(error, error_len, "--site-lang \"%s\" is not a language tag such as en or pt-BR", lang);
        return false;
    }
    if (!text_zone_valid(zone)) {
        snprintf(error, error_len, "--timezone \"%s\" is not a time zone such as Asia/Bangkok", zone);
        return false;
    }
    setup->site.lang = setup->lang;
    setup->site.timezone = zone;
    setup->site.title = config_text(config, "site-title");
    setup->site.description = config_text(config, "site-description");
    return true;
}

static bool init_staff(struct site_setup *setup, const struct config *config, char *error, size_t error_len)
{
    char reason[160];
    struct site *site = &setup->site;
    site->password_memory_kib = (size_t)config_int(config, "password-memory") << 10;
    site->upload_max = (size_t)config_int(config, "upload-max") << 20;
    site->trusted_proxies = config_text(config, "trusted-proxy");
    site->metrics_from = config_text(config, "metrics-from");
    bool proxies = client_networks_valid(site->trusted_proxies, reason, sizeof reason);
    if (proxies && client_networks_valid(site->metrics_from, reason, sizeof reason))
        return true;
    snprintf(error, error_len, "%s: %s", proxies ? "--metrics-from" : "--trusted-proxy", reason);
    return false;
}

static bool init_view(struct site_setup *setup, const struct config *config, char *error, size_t error_len)
{
    const struct site *site = &setup->site;
    json_t *globals =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "base", site->base.prefix, "origin", site->base.origin, "site_title",
                  site->title, "site_description", site->description, "site_lang", site->lang);
    setup->view = view_create(globals, config_text(config, "theme"), error, error_len);
    setup->site.view = setup->view;
    json_decref(globals);
    return setup->view != NULL;
}

static json_t *settings_list(const struct config *config)
{
    json_t *list = json_array();
    struct config_row row;
    for (size_t i = 0; config_row(config, i, &row); i++) {
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", row.name, "value", buf_string(&row.value),
                                              "origin", row.origin));
        buf_release(&row.value);
    }
    return list;
}

bool site_setup_init(struct site_setup *setup, const struct config *config, const char *address, char *error,
                     size_t error_len)
{
    *setup = (struct site_setup){.log = site_log(config), .site = {.clock = wall_clock}};
    setup->site.log = &setup->log;
    setup->site.database = config_text(config, "database");
    setup->site.settings = setup->settings = settings_list(config);
    return init_base(setup, config, address, error, error_len) && init_words(setup, config, error, error_len) &&
           init_staff(setup, config, error, error_len) && init_view(setup, config, error, error_len);
}

void site_setup_release(struct site_setup *setup)
{
    view_destroy(setup->view);
    json_decref(setup->settings);
    url_base_release(&setup->site.base);
}
