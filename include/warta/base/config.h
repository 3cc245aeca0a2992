/* Settings by table: each is a flag (--site-title), an environment variable (WARTA_SITE_TITLE) or a line of the file
 * named by the setting "config" (site-title = ILO cooperatives).
 *
 * Flags win, then the environment, then the file, then the row's fallback; a mistake is a mistake even where a stronger
 * source overrides it. Names are case-sensitive.
 *   Flags        `--name value` or `--name=value`; a boolean takes no value. What follows is not taken as a value when
 *                it begins with two dashes. Flags and arguments may mix; `--` ends the flags; "-" is an argument.
 *   Environment  every variable that begins with WARTA_ must be a setting. An empty one counts as given. A secret may
 *                also stand in a file that WARTA_NAME_FILE names, as containers hand them over; a line feed at its end
 *                is not part of it.
 *   File         UTF-8; one `name = value` a line; blank lines, and lines that begin with '#', are passed over. Values
 *                are trimmed and otherwise taken as they stand: quotes and a later '#' belong to them.
 * Knows nothing of what settings mean: the table names who can tell whether a text is an address or a time zone.
 *
 * Threads: a config is constant once initialised. */
#ifndef WARTA_BASE_CONFIG_H
#define WARTA_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/base/buf.h"
#include "warta/base/mem.h"

enum setting_kind {
    SETTING_TEXT,    /* one line of valid UTF-8 without control characters */
    SETTING_INTEGER, /* within `min` and `max` */
    SETTING_CHOICE,  /* one of `choices` */
    SETTING_BOOLEAN, /* elsewhere than as a flag: yes no true false on off 1 0 */
};

struct setting {
    const char *name; /* a-z and hyphens, less than CONFIG_NAME_CAP - 6 bytes */
    enum setting_kind kind;
    bool filled;                                                      /* SETTING_TEXT: must not be empty */
    bool secret;                                                      /* SETTING_TEXT: not to be shown */
    bool (*valid)(const char *text, char *reason, size_t reason_len); /* SETTING_TEXT; NULL: any text is */
    int64_t min, max;                                                 /* SETTING_INTEGER */
    const char *fallback;                                             /* as a file would give it; NULL: "" or no */
    const char *const *choices;                                       /* SETTING_CHOICE: ends with NULL */
    const char *value; /* what help calls the value: "FILE"; not for choices and booleans */
    const char *help;
};

/* What one command takes. Tables end with a row without a name; NULL stands for an empty one. */
struct usage {
    const char *command;   /* "import" */
    const char *arguments; /* for people: "FILE", "[NAME]", "" */
    size_t arguments_min, arguments_max;
    const struct setting *shared; /* flag, environment and file */
    const struct setting *own;    /* flags only */
    const char *details;          /* for people: what the arguments mean; NULL for none */
};

struct config_value;

struct config {
    struct arena arena;
    const struct usage *usage; /* borrowed */
    struct config_value *values;
    size_t values_len;
    const char **arguments;
    size_t arguments_len;
};

enum { CONFIG_ERROR_CAP = 512, CONFIG_NAME_CAP = 64, CONFIG_FILE_MAX = 1 << 20 };

/* Reads the settings of one command. `words` (borrowed for this call) is its part of the command line, without
 * the program's and the command's names; `environment` (likewise) is as environ and ends with NULL. False with one
 * printable line in `error` that names the setting and where it stands ("--threads", "WARTA_THREADS in the
 * environment", "warta.conf:3: threads") and says what is wrong: an unknown name (with the nearest known one), a
 * missing, bad or unwanted value, a setting given twice by one source, too few or too many arguments, a file that
 * cannot be read. Release the config in either case. */
bool config_init(struct config *config, const struct usage *usage, size_t words_len, const char *const *words,
                 const char *const *environment, char error[static CONFIG_ERROR_CAP]);
void config_release(struct config *config);

/* The value of a setting (*borrowed*). The name must be in the usage and of that kind; config_text: or a choice. */
const char *config_text(const struct config *config, const char *name);
int64_t config_int(const struct config *config, const char *name);
bool config_flag(const struct config *config, const char *name);

/* The argument of that index, NULL behind the last (*borrowed*). */
const char *config_argument(const struct config *config, size_t index);

/* Whether --help or -h is among the flags: ask this first, as help is due even where the rest is wrong. */
bool config_wants_help(size_t words_len, const char *const *words);

/* Appends what --help prints, within 80 columns: a usage line, the details, then each flag and setting behind two spaces,
 * with its value, its meaning and its default. */
void config_help(const struct usage *usage, struct buf *out);

/* The names are borrowed. */
struct config_row {
    const char *name;
    const char *origin; /* "flag", "environment", "file warta.conf:3" or "default" */
    struct buf value;   /* as people read it, secrets masked; owned */
};

/* Fills in the shared setting of that index; false behind the last. Release the value. */
bool config_row(const struct config *config, size_t index, struct config_row *row);

/* Appends a line for each shared setting: its name, its value, secrets masked, and where it comes from. */
void config_describe(const struct config *config, struct buf *out);

#endif
