#include "warta/commands/settings.h"

#include <stdio.h>

#include "warta/base/text.h"
#include "warta/http/client.h"
#include "warta/http/url.h"

static bool base_url_valid(const char *text, char *reason, size_t reason_len)
{
    struct url_base base = {0};
    bool valid = *text == '\0' || url_base_init(&base, text, reason, reason_len);
    url_base_release(&base);
    return valid;
}

static bool lang_valid(const char *text, char *reason, size_t reason_len)
{
    char canonical[TEXT_LANG_CAP];
    snprintf(reason, reason_len, "\"%s\" is not a language tag such as en or pt-BR", text);
    return text_lang_canonical(text, canonical);
}

static bool zone_valid(const char *text, char *reason, size_t reason_len)
{
    snprintf(reason, reason_len, "\"%s\" is not a time zone such as Asia/Bangkok", text);
    return text_zone_valid(text);
}

static const char *const log_levels[] = {"debug", "info", "warn", "error", NULL};
static const char *const log_formats[] = {"text", "json", NULL};
static const char *const switches[] = {"on", "off", NULL};
static const char *const log_clients[] = {"full", "masked", "none", NULL};

const struct setting settings_shared[] = {
    {.name = "database",
     .kind = SETTING_TEXT,
     .filled = true,
     .fallback = "warta.db",
     .value = "FILE",
     .help = "the file that holds the whole site"},
    {.name = "listen",
     .kind = SETTING_TEXT,
     .filled = true,
     .fallback = "127.0.0.1:8080",
     .value = "ADDRESS",
     .help = "where to wait for requests, as HOST:PORT or unix:/PATH"},
    {.name = "base-url",
     .kind = SETTING_TEXT,
     .valid = base_url_valid,
     .value = "URL",
     .help = "the site's public address, with its path if it has one (default: from --listen)"},
    {.name = "site-title",
     .kind = SETTING_TEXT,
     .filled = true,
     .fallback = "Warta",
     .value = "TEXT",
     .help = "the name over every page"},
    {.name = "site-description", .kind = SETTING_TEXT, .value = "TEXT", .help = "one sentence on what the site is"},
    {.name = "site-lang",
     .kind = SETTING_TEXT,
     .valid = lang_valid,
     .filled = true,
     .fallback = "en",
     .value = "TAG",
     .help = "the language of the site's own words, such as en or pt-BR"},
    {.name = "timezone",
     .kind = SETTING_TEXT,
     .valid = zone_valid,
     .filled = true,
     .fallback = "UTC",
     .value = "ZONE",
     .help = "the zone that times are given in, such as Asia/Bangkok"},
    {.name = "theme",
     .kind = SETTING_TEXT,
     .value = "DIR",
     .help = "a folder of templates, styles and words that stand in for the built-in ones"},
    {.name = "trusted-proxy",
     .kind = SETTING_TEXT,
     .valid = client_networks_valid,
     .fallback = "127.0.0.0/8,::1/128",
     .value = "NETWORKS",
     .help = "who may tell a client's address in X-Forwarded-For, parted by commas"},
    {.name = "metrics-from",
     .kind = SETTING_TEXT,
     .valid = client_networks_valid,
     .fallback = "127.0.0.0/8,::1/128",
     .value = "NETWORKS",
     .help = "who may read /metrics, parted by commas"},
    {.name = "upload-max",
     .kind = SETTING_INTEGER,
     .min = 1,
     .max = 1024,
     .fallback = "25",
     .value = "MIB",
     .help = "how large an uploaded file may be"},
    {.name = "password-memory",
     .kind = SETTING_INTEGER,
     .min = 8,
     .max = 1024,
     .fallback = "64",
     .value = "MIB",
     .help = "how much memory each check of a password takes; more is harder to guess"},
    {.name = "cache-size",
     .kind = SETTING_INTEGER,
     .min = 0,
     .max = 65536,
     .fallback = "32",
     .value = "MIB",
     .help = "how much memory finished pages may take; 0 keeps none"},
    {.name = "connections-max",
     .kind = SETTING_INTEGER,
     .min = 64,
     .max = 1000000,
     .fallback = "12000",
     .value = "NUMBER",
     .help = "how many connections may be open at once"},
    {.name = "connection-memory",
     .kind = SETTING_INTEGER,
     .min = 8,
     .max = 1024,
     .fallback = "12",
     .value = "KIB",
     .help = "memory for each connection; also the longest head of a request"},
    {.name = "threads",
     .kind = SETTING_INTEGER,
     .min = 0,
     .max = 64,
     .fallback = "0",
     .value = "NUMBER",
     .help = "event loops, which read requests and send answers; 0 for one on each core"},
    {.name = "read-threads",
     .kind = SETTING_INTEGER,
     .min = 0,
     .max = 64,
     .fallback = "0",
     .value = "NUMBER",
     .help = "threads that make pages for readers, at least 2; 0 for one on each core"},
    {.name = "sandbox",
     .kind = SETTING_CHOICE,
     .choices = switches,
     .fallback = "on",
     .help = "whether a server confines itself to its files and calls; off is for debuggers"},
    {.name = "log-level",
     .kind = SETTING_CHOICE,
     .choices = log_levels,
     .fallback = "info",
     .help = "the least grave events to log"},
    {.name = "log-format",
     .kind = SETTING_CHOICE,
     .choices = log_formats,
     .fallback = "text",
     .help = "lines for people or for machines"},
    {.name = "log-clients",
     .kind = SETTING_CHOICE,
     .choices = log_clients,
     .fallback = "full",
     .help = "how much of clients' addresses to log; masked is their network, such as 203.0.113.0/24"},
    {.name = "log-slow",
     .kind = SETTING_INTEGER,
     .min = 0,
     .max = 3600000,
     .fallback = "200",
     .value = "MS",
     .help = "name each statement of the database that takes longer; 0 names none"},
    {.name = "config", .kind = SETTING_TEXT, .value = "FILE", .help = "a file of settings, one name = value a line"},
    {.name = NULL},
};
