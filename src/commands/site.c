#include "warta/commands/site.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

struct log site_log(const struct config *config)
{
    struct log log = {.fd = STDERR_FILENO,
                      .slow_ms = (unsigned)config_int(config, "log-slow"),
                      .journal = log_leads_to_journal(STDERR_FILENO)};
    log_level_parse(config_text(config, "log-level"), &log.level);
    log_format_parse(config_text(config, "log-format"), &log.format);
    log_clients_parse(config_text(config, "log-clients"), &log.clients);
    return log;
}

static int64_t wall_clock(void)
{
    return time(NULL);
}

/* The base address in parts: as set, else what the server listens on. A unix socket has no address for readers. */
static void init_base(struct site_setup *setup, const struct config *config, const char *address)
{
    char reason[160];
    const char *base_url = config_text(config, "base-url");
    if (*base_url == '\0')
        base_url = address == NULL ? "" : address;
    if (!url_base_init(&setup->site.base, base_url, reason, sizeof reason))
        url_base_init(&setup->site.base, "http://localhost", reason, sizeof reason);
}

static void init_words(struct site_setup *setup, const struct config *config)
{
    text_lang_canonical(config_text(config, "site-lang"), setup->lang);
    setup->site.lang = setup->lang;
    setup->site.timezone = config_text(config, "timezone");
    setup->site.title = config_text(config, "site-title");
    setup->site.description = config_text(config, "site-description");
}

static void init_staff(struct site_setup *setup, const struct config *config)
{
    struct site *site = &setup->site;
    site->password_memory_kib = (size_t)config_int(config, "password-memory") << 10;
    site->upload_max = (size_t)config_int(config, "upload-max") << 20;
    site->trusted_proxies = config_text(config, "trusted-proxy");
    site->metrics_from = config_text(config, "metrics-from");
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
    init_base(setup, config, address);
    init_words(setup, config);
    init_staff(setup, config);
    return init_view(setup, config, error, error_len);
}

void site_setup_release(struct site_setup *setup)
{
    view_destroy(setup->view);
    json_decref(setup->settings);
    url_base_release(&setup->site.base);
}
