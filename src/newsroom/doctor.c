#include "warta/newsroom/doctor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "warta/base/buf.h"
#include "warta/base/mem.h"
#include "warta/base/sandbox.h"
#include "warta/base/text.h"
#include "warta/store/backup.h"
#include "warta/store/migrate.h"

enum { DAY_S = 86400 };

/* --- the lists --- */

void doctor_init(struct doctor *doctor)
{
    doctor->groups = json_array();
    doctor->findings = json_array();
}

void doctor_release(struct doctor *doctor)
{
    json_decref(doctor->groups);
    json_decref(doctor->findings);
}

void doctor_group(struct doctor *doctor, const char *heading)
{
    json_array_append_new(doctor->groups, json_pack("{s:s, s:[]}", "heading", heading, "facts"));
}

__attribute__((format(printf, 1, 0))) static json_t *text(const char *format, va_list arguments)
{
    json_t *words = json_vsprintf(format, arguments);
    return words == NULL ? json_string("(not UTF-8)") : words;
}

void doctor_fact(struct doctor *doctor, const char *name, const char *value, ...)
{
    va_list arguments;
    json_t *group = json_array_get(doctor->groups, json_array_size(doctor->groups) - 1);
    va_start(arguments, value);
    json_array_append_new(json_object_get(group, "facts"),
                          json_pack("{s:s, s:o}", "name", name, "value", text(value, arguments)));
    va_end(arguments);
}

void doctor_find(struct doctor *doctor, enum doctor_level level, const char *mend, const char *words, ...)
{
    static const char *const levels[] = {"note", "warning", "wrong"};
    va_list arguments;
    va_start(arguments, words);
    json_array_append_new(doctor->findings, json_pack("{s:s, s:o, s:s}", "level", levels[level], "words",
                                                      text(words, arguments), "mend", mend));
    va_end(arguments);
}

const char *doctor_setting(const struct doctor *doctor, const char *name)
{
    size_t i;
    json_t *setting;
    json_array_foreach(doctor->settings, i, setting)
    {
        if (strcmp(json_string_value(json_object_get(setting, "name")), name) == 0)
            return json_string_value(json_object_get(setting, "value"));
    }
    return "";
}

/* --- the site --- */

static double megabytes(int64_t bytes)
{
    return (double)bytes / 1e6;
}

/* The size of a file with that behind its name; 0 if there is none. */
static int64_t file_size(const char *path, const char *suffix)
{
    struct stat info;
    struct buf name = BUF_EMPTY;
    buf_format(&name, "%s%s", path, suffix);
    int64_t size = stat(buf_string(&name), &info) == 0 ? (int64_t)info.st_size : 0;
    buf_release(&name);
    return size;
}

static bool look_database(struct doctor *doctor, struct store *store)
{
    int64_t log_len = file_size(doctor->database, "-wal");
    doctor_group(doctor, "Database");
    doctor_fact(doctor, "File", "%s", doctor->database);
    doctor_fact(doctor, "Size", "%.1f MB", megabytes(file_size(doctor->database, "")));
    doctor_fact(doctor, "Write-ahead log", "%.1f MB", megabytes(log_len));
    doctor_fact(doctor, "Schema", "%zu", migrate_latest());
    if (doctor->in_server)
        doctor_fact(doctor, "Integrity", "warta check looks, as that takes long");
    if (log_len > (int64_t)DOCTOR_LOG_MIB << 20)
        doctor_find(doctor, DOCTOR_WARNING,
                    "See which program has the database open for long, such as a sqlite3 shell, and end it.",
                    "The database's log has grown to %.0f MB, as something keeps it from being written back.",
                    megabytes(log_len));
    json_t *params = json_pack("{s:i}", "id", 0);
    json_t *admins = store_value(store, SQL_USER_ADMINS, params);
    bool ok = json_is_integer(admins);
    if (ok && json_integer_value(admins) == 0)
        doctor_find(doctor, DOCTOR_WARNING, "Run: warta user add NAME --role admin",
                    "There is no admin who could log in.");
    json_decref(params);
    json_decref(admins);
    return ok;
}

static void look_disk(struct doctor *doctor)
{
    struct statvfs info;
    doctor_group(doctor, "Disk and backups");
    if (statvfs(doctor->database, &info) != 0 || info.f_blocks == 0) {
        doctor_fact(doctor, "Free on the disk", "not known");
        return;
    }
    double free_bytes = (double)info.f_bavail * (double)info.f_frsize;
    double all_bytes = (double)info.f_blocks * (double)info.f_frsize;
    int percent = (int)(100 * free_bytes / all_bytes);
    doctor_fact(doctor, "Free on the disk", "%.1f of %.1f GB, %d %%", free_bytes / 1e9, all_bytes / 1e9, percent);
    if (percent < DOCTOR_DISK_PERCENT)
        doctor_find(doctor, percent == 0 ? DOCTOR_WRONG : DOCTOR_WARNING,
                    "Delete what is not needed, or move the database to a larger disk. On a full disk nobody can post.",
                    "Only %d %% of the database's disk is free (%.1f GB).", percent, free_bytes / 1e9);
}

static void look_backups(struct doctor *doctor)
{
    static const char mend[] =
        "Make one now: systemctl start warta-backup, or warta backup FILE. Make one each night: systemctl enable --now "
        "warta-backup.timer, which the package does by itself, or warta backup --keep 14 FOLDER by cron. "
        "Copy them to another machine, too.";
    char when[TEXT_UTC_CAP];
    int64_t noted_unix = backup_noted_unix(doctor->database);
    long long days = (long long)((doctor->now_unix - noted_unix) / DAY_S);
    if (noted_unix == 0) {
        doctor_fact(doctor, "Last backup", "none");
        doctor_find(doctor, DOCTOR_WARNING, mend, "No backup has been made of this database.");
        return;
    }
    text_utc_format(noted_unix, when);
    doctor_fact(doctor, "Last backup", "%s, %lld days ago", when, days < 0 ? 0 : days);
    if (days >= DOCTOR_BACKUP_DAYS)
        doctor_find(doctor, DOCTOR_WARNING, mend, "The last backup was made %lld days ago.", days);
}

static const char *in_force(bool is)
{
    return is ? "in force" : "not in force";
}

static void look_sandbox(struct doctor *doctor)
{
    bool is_off = strcmp(doctor_setting(doctor, "sandbox"), "off") == 0;
    if (is_off)
        doctor_find(doctor, DOCTOR_WARNING, "Take sandbox = off away, and restart the server.",
                    "The server does not confine itself, so a fault in it would be a door to the whole machine.");
    if (!doctor->in_server)
        return;
    const struct sandbox_state state = sandbox_look();
    doctor_group(doctor, "Sandbox");
    doctor_fact(doctor, "No new privileges", "%s", in_force(state.no_new_privs));
    doctor_fact(doctor, "Files by Landlock", "%s", in_force(state.landlock_abi > 0));
    doctor_fact(doctor, "Calls by seccomp", "%s", in_force(state.seccomp));
    if (!is_off && state.supported && (state.landlock_abi == 0 || !state.seccomp))
        doctor_find(doctor, DOCTOR_NOTE,
                    "A newer kernel has it; in a container, its runtime may keep it away. The log tells at each start.",
                    "Part of the sandbox is not to be had here.");
}

static bool is_loopback(const char *origin)
{
    static const char *const hosts[] = {"://localhost", "://127.", "://[::1]"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        if (strstr(origin, hosts[i]) != NULL)
            return true;
    }
    return false;
}

static void look_settings(struct doctor *doctor)
{
    bool base_set = *doctor_setting(doctor, "base-url") != '\0';
    size_t i;
    json_t *setting;
    doctor_group(doctor, "Settings");
    json_array_foreach(doctor->settings, i, setting)
    {
        const char *value = json_string_value(json_object_get(setting, "value"));
        doctor_fact(doctor, json_string_value(json_object_get(setting, "name")), "%s (%s)",
                    *value == '\0' ? "not set" : value, json_string_value(json_object_get(setting, "origin")));
    }
    if (!base_set)
        doctor_find(doctor, DOCTOR_NOTE,
                    "Set base-url to the address that readers use, such as https://news.example.org.",
                    "No base-url is set, so links in feeds and for search engines lead to where the server listens.");
    else if (strncmp(doctor->origin, "http:", strlen("http:")) == 0 && !is_loopback(doctor->origin))
        doctor_find(doctor, DOCTOR_WARNING,
                    "Let a proxy serve the site by https (deploy/ has examples), and set base-url to that.",
                    "The site is at %s, so passwords travel for all to read.", doctor->origin);
    if (strcmp(doctor_setting(doctor, "cache-size"), "0") == 0)
        doctor_find(doctor, DOCTOR_WARNING, "Take cache-size = 0 away.",
                    "Finished pages are not kept, so each is made anew for each reader.");
}

bool doctor_look(struct doctor *doctor, struct store *store)
{
    bool ok = look_database(doctor, store);
    look_disk(doctor);
    look_backups(doctor);
    look_sandbox(doctor);
    look_settings(doctor);
    return ok;
}
