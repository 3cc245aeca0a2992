#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "warta/base/config.h"
#include "warta/commands/settings.h"

enum { WORDS_MAX = 8, PATH_CAP = 256 };

static const struct setting import_own[] = {
    {.name = "dry-run", .kind = SETTING_BOOLEAN, .help = "change nothing"},
    {.name = "role", .kind = SETTING_TEXT, .fallback = "editor", .value = "ROLE", .help = "what they may do"},
    {.name = NULL},
};
static const struct setting shared[] = {
    {.name = "database",
     .kind = SETTING_TEXT,
     .filled = true,
     .fallback = "warta.db",
     .value = "FILE",
     .help = "the file"},
    {.name = "site-title", .kind = SETTING_TEXT, .fallback = "Warta", .value = "TEXT", .help = "the name"},
    {.name = "threads",
     .kind = SETTING_INTEGER,
     .min = -1,
     .max = 64,
     .fallback = "0",
     .value = "N",
     .help = "threads"},
    {.name = "log-format",
     .kind = SETTING_CHOICE,
     .choices = (const char *const[]){"text", "json", NULL},
     .fallback = "text",
     .help = "lines"},
    {.name = "quiet", .kind = SETTING_BOOLEAN, .help = "say less"},
    {.name = "config", .kind = SETTING_TEXT, .value = "FILE", .help = "settings"},
    {.name = NULL},
};
static const struct usage import_usage = {"import", "FILE", 1, 1, shared, import_own};
static const struct usage serve_usage = {"serve", "", 0, 0, shared, NULL};

static const struct setting secrets[] = {
    {.name = "key", .kind = SETTING_TEXT, .secret = true, .value = "KEY", .help = "a secret"},
    {.name = "other", .kind = SETTING_TEXT, .secret = true, .value = "KEY", .help = "another"},
    {.name = "threads", .kind = SETTING_INTEGER, .max = 64, .fallback = "0", .value = "N", .help = "threads"},
    {.name = "quiet", .kind = SETTING_BOOLEAN, .help = "say less"},
    {.name = NULL},
};
static const struct usage secret_usage = {"serve", "", 0, 0, secrets, NULL};

static const char *const nothing[] = {NULL};

static size_t count(const char *const *words)
{
    size_t len = 0;
    while (words[len]) {
        len++;
    }
    return len;
}

/* A file of its own for each test, removed by drop_file. */
static void make_file(char path[static PATH_CAP], const char *content, size_t len)
{
    const char *folder = getenv("TMPDIR");
    snprintf(path, PATH_CAP, "%s/warta-config-XXXXXX", folder ? folder : "/tmp");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, len), (ssize_t)len);
    close(fd);
}

/* --- what is taken -------------------------------------------------------------------------------- */

static void assert_origin(const struct config *config, const char *name, const char *origin)
{
    struct config_row row;
    bool found = false;
    for (size_t i = 0; !found && config_row(config, i, &row); i++) {
        buf_release(&row.value);
        found = strcmp(row.name, name) == 0;
    }
    assert_true(found);
    assert_string_equal(row.origin, origin);
}

static void defaults_stand(void **state)
{
    (void)state;
    struct config config;
    char error[CONFIG_ERROR_CAP];
    assert_true(config_init(&config, &serve_usage, 0, nothing, nothing, error));
    assert_string_equal(error, "");
    assert_string_equal(config_text(&config, "database"), "warta.db");
    assert_string_equal(config_text(&config, "log-format"), "text");
    assert_string_equal(config_text(&config, "config"), "");
    assert_int_equal(config_int(&config, "threads"), 0);
    assert_false(config_flag(&config, "quiet"));
    assert_origin(&config, "threads", "default");
    assert_null(config_argument(&config, 0));
    config_release(&config);
}

static void flags_win_over_environment_over_file(void **state)
{
    (void)state;
    static const char content[] = "\xEF\xBB\xBF# a site\r\n\r\n  site-title = ILO cooperatives \t\r\n"
                                  "threads=3\n\tlog-format = json\nquiet = yes\ndatabase = a = #b\n";
    char path[PATH_CAP], variable[PATH_CAP + 32], origin[PATH_CAP + 32];
    make_file(path, content, sizeof content - 1);
    snprintf(variable, sizeof variable, "WARTA_CONFIG=%s", path);
    const char *const environment[] = {"HOME=/", variable, "WARTA_THREADS=2", "WARTA_LOG_FORMAT=text", "WARTAX=1",
                                       "WARTA",  NULL};
    const char *const words[] = {"--threads", "-1"};
    struct config config;
    char error[CONFIG_ERROR_CAP];
    assert_true(config_init(&config, &serve_usage, 2, words, environment, error));
    unlink(path);
    assert_int_equal(config_int(&config, "threads"), -1);
    assert_origin(&config, "threads", "flag");
    assert_string_equal(config_text(&config, "log-format"), "text");
    assert_origin(&config, "log-format", "environment");
    assert_string_equal(config_text(&config, "site-title"), "ILO cooperatives");
    snprintf(origin, sizeof origin, "file %s:3", path);
    assert_origin(&config, "site-title", origin);
    assert_true(config_flag(&config, "quiet"));
    assert_string_equal(config_text(&config, "database"), "a = #b");
    config_release(&config);
}

static void the_config_flag_wins_over_its_variable(void **state)
{
    (void)state;
    char path[PATH_CAP];
    make_file(path, "site-title=from the flag's file", 31);
    const char *const words[] = {"--config", path};
    const char *const environment[] = {"WARTA_CONFIG=/nowhere/at/all", NULL};
    struct config config;
    char error[CONFIG_ERROR_CAP];
    assert_true(config_init(&config, &serve_usage, 2, words, environment, error));
    unlink(path);
    assert_string_equal(config_text(&config, "site-title"), "from the flag's file");
    config_release(&config);
}

static void flags_and_arguments_mix(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS_MAX];
        const char *argument, *title, *role;
        bool dry_run;
    } cases[] = {
        {{"a.json"}, "a.json", "Warta", "editor", false},
        {{"--dry-run", "a.json"}, "a.json", "Warta", "editor", true},
        {{"a.json", "--site-title=A = b", "--dry-run"}, "a.json", "A = b", "editor", true},
        {{"--site-title", "-x", "-"}, "-", "-x", "editor", false},
        {{"--site-title=--dry-run", "a"}, "a", "--dry-run", "editor", false},
        {{"--site-title=", "a"}, "a", "", "editor", false},
        {{"--site-title", "", "a"}, "a", "", "editor", false},
        {{"--role", "admin", "--", "--dry-run"}, "--dry-run", "Warta", "admin", false},
        {{"--site-title", "ข่าวสหกรณ์", "a"}, "a", "ข่าวสหกรณ์", "editor", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config;
        char error[CONFIG_ERROR_CAP];
        assert_true(config_init(&config, &import_usage, count(cases[i].words), cases[i].words, nothing, error));
        assert_string_equal(config_argument(&config, 0), cases[i].argument);
        assert_null(config_argument(&config, 1));
        assert_string_equal(config_text(&config, "site-title"), cases[i].title);
        assert_string_equal(config_text(&config, "role"), cases[i].role);
        assert_int_equal(config_flag(&config, "dry-run"), cases[i].dry_run);
        config_release(&config);
    }
}

static void booleans_have_words(void **state)
{
    (void)state;
    static const struct {
        const char *variable;
        bool value;
    } cases[] = {
        {"WARTA_QUIET=yes", true}, {"WARTA_QUIET=true", true},   {"WARTA_QUIET=on", true},   {"WARTA_QUIET=1", true},
        {"WARTA_QUIET=no", false}, {"WARTA_QUIET=false", false}, {"WARTA_QUIET=off", false}, {"WARTA_QUIET=0", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const environment[] = {cases[i].variable, NULL};
        struct config config;
        char error[CONFIG_ERROR_CAP];
        assert_true(config_init(&config, &serve_usage, 0, nothing, environment, error));
        assert_int_equal(config_flag(&config, "quiet"), cases[i].value);
        assert_origin(&config, "quiet", "environment");
        config_release(&config);
    }
}

static void secrets_come_from_files(void **state)
{
    (void)state;
    static const struct {
        const char *content, *text;
    } cases[] = {
        {"pass word", "pass word"}, {"pass word\n", "pass word"}, {" a # b ", " a # b "}, {"", ""}, {"\n", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[PATH_CAP], variable[PATH_CAP + 32], origin[PATH_CAP + 32];
        make_file(path, cases[i].content, strlen(cases[i].content));
        snprintf(variable, sizeof variable, "WARTA_KEY_FILE=%s", path);
        snprintf(origin, sizeof origin, "file %s", path);
        const char *const environment[] = {variable, NULL};
        struct config config;
        char error[CONFIG_ERROR_CAP];
        assert_true(config_init(&config, &secret_usage, 0, nothing, environment, error));
        unlink(path);
        assert_string_equal(config_text(&config, "key"), cases[i].text);
        assert_origin(&config, "key", origin);
        config_release(&config);
    }
}

/* --- what is refused ------------------------------------------------------------------------------ */

static void wrong_flags_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS_MAX];
        const char *error;
    } cases[] = {
        {{"--site-titel", "x", "a"}, "--site-titel: no such flag, did you mean --site-title?"},
        {{"--thread=2", "a"}, "--thread: no such flag, did you mean --threads?"},
        {{"-quiet", "a"}, "-quiet: no such flag, did you mean --quiet?"},
        {{"--dry_run", "a"}, "--dry_run: no such flag, did you mean --dry-run?"},
        {{"--nothing-like-it", "a"}, "--nothing-like-it: no such flag"},
        {{"--=x", "a"}, "--: no such flag"},
        {{"--a-name-so-long-that-it-is-longer-than-any-name-of-a-setting-may-be-in-here"},
         "--a-name-so-long-that-it-is-longer-than-any-name-of-a-setting-may-be-in-here: no such flag"},
        {{"--\xff\x1b[2Jx", "a"}, "--??[2Jx: no such flag"},
        {{"a", "--site-title"}, "--site-title: needs a value"},
        {{"--site-title", "--threads", "2", "a"}, "--site-title: needs a value"},
        {{"--site-title", "--", "a"}, "--site-title: needs a value"},
        {{"--dry-run=yes", "a"}, "--dry-run: takes no value"},
        {{"--dry-run=", "a"}, "--dry-run: takes no value"},
        {{"--dry-run", "a", "--dry-run"}, "--dry-run: given twice"},
        {{"--threads=1", "--threads", "1", "a"}, "--threads: given twice"},
        {{"--threads", "many", "a"}, "--threads: takes a whole number from -1 to 64"},
        {{"--threads=65", "a"}, "--threads: takes a whole number from -1 to 64"},
        {{"--threads=-2", "a"}, "--threads: takes a whole number from -1 to 64"},
        {{"--threads=", "a"}, "--threads: takes a whole number from -1 to 64"},
        {{"--threads= 1", "a"}, "--threads: takes a whole number from -1 to 64"},
        {{"--threads=+1", "a"}, "--threads: takes a whole number from -1 to 64"},
        {{"--threads=1-", "a"}, "--threads: takes a whole number from -1 to 64"},
        {{"--threads=99999999999999999999", "a"}, "--threads: takes a whole number from -1 to 64"},
        {{"--log-format=xml", "a"}, "--log-format: takes one of text, json"},
        {{"--log-format=", "a"}, "--log-format: takes one of text, json"},
        {{"--database=", "a"}, "--database: must not be empty"},
        {{"--site-title=a\nb", "a"}, "--site-title: must be one line of UTF-8 text"},
        {{"--site-title=a\tb", "a"}, "--site-title: must be one line of UTF-8 text"},
        {{"--site-title=a\x1b[0m", "a"}, "--site-title: must be one line of UTF-8 text"},
        {{"--site-title=\xC0\xAF", "a"}, "--site-title: must be one line of UTF-8 text"},
        {{"--config=/nowhere/at/all", "a"}, "/nowhere/at/all: cannot be read: No such file or directory"},
        {{"--config=/", "a"}, "/: cannot be read: Is a directory"},
        {{"--dry-run"}, "an argument is missing: warta import FILE"},
        {{"a", "b\n"}, "\"b?\" is one argument too many: warta import FILE"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config;
        char error[CONFIG_ERROR_CAP];
        assert_false(config_init(&config, &import_usage, count(cases[i].words), cases[i].words, nothing, error));
        assert_string_equal(error, cases[i].error);
        config_release(&config);
    }
}

/* What Kubernetes sets for services whose names begin with "warta" is no setting of ours. */
static void variables_of_services_are_passed_over(void **state)
{
    (void)state;
    const char *const environment[] = {"WARTA_SERVICE_HOST=10.0.0.7",
                                       "WARTA_SERVICE_PORT=80",
                                       "WARTA_SERVICE_PORT_HTTP=80",
                                       "WARTA_PORT=tcp://10.0.0.7:80",
                                       "WARTA_PORT_80_TCP=tcp://10.0.0.7:80",
                                       "WARTA_PORT_80_TCP_ADDR=10.0.0.7",
                                       "WARTA_PORT_8443_UDP_PROTO=udp",
                                       "WARTA_NEWS_SERVICE_HOST=10.0.0.8",
                                       "WARTA_NEWS_PORT_80_TCP_PORT=80",
                                       "WARTA_NEWS_SERVICE_PORT_METRICS=9",
                                       "WARTA_THREADS=2",
                                       NULL};
    const char *const words[] = {"a"};
    struct config config;
    char error[CONFIG_ERROR_CAP] = "";
    if (!config_init(&config, &serve_usage, 0, words, environment, error))
        fail_msg("%s", error);
    assert_int_equal(config_int(&config, "threads"), 2);
    config_release(&config);
}

static void wrong_variables_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *variables[3];
        const char *error;
    } cases[] = {
        {{"WARTA_SITE_TITEL=x"},
         "WARTA_SITE_TITEL in the environment: no such setting, did you mean WARTA_SITE_TITLE?"},
        {{"WARTA_site_title=x"}, "WARTA_site_title in the environment: no such setting"},
        {{"WARTA_SERVICE_HOSTS=x"}, "WARTA_SERVICE_HOSTS in the environment: no such setting"},
        {{"WARTA_PORTS=x"}, "WARTA_PORTS in the environment: no such setting"},
        {{"WARTA_=x"}, "WARTA_ in the environment: no such setting"},
        {{"WARTA_DRY_RUN=1"}, "WARTA_DRY_RUN in the environment: can only be given as a flag"},
        {{"WARTA_DRY_RUM=1"}, "WARTA_DRY_RUM in the environment: no such setting"},
        {{"WARTA_QUIET="}, "WARTA_QUIET in the environment: takes yes or no"},
        {{"WARTA_THREADS=x"}, "WARTA_THREADS in the environment: takes a whole number from -1 to 64"},
        {{"WARTA_THREADS=1", "WARTA_THREADS=1"}, "WARTA_THREADS in the environment: given twice"},
    };
    const char *const words[] = {"--threads=1", "a"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config;
        char error[CONFIG_ERROR_CAP];
        assert_false(config_init(&config, &import_usage, 2, words, cases[i].variables, error));
        assert_string_equal(error, cases[i].error);
        config_release(&config);
    }
}

static void wrong_secret_files_are_named(void **state)
{
    (void)state;
    char path[PATH_CAP], variable[PATH_CAP + 32];
    static const struct {
        const char *content;
        size_t len;
        const char *other, *error;
    } cases[] = {
        {"a\nb", 3, NULL, "must be one line of UTF-8 text"},
        {"a\n\n", 3, NULL, "must be one line of UTF-8 text"},
        {"a\0b", 3, NULL, "cannot be read: it holds a NUL"},
        {"a", 1, "WARTA_KEY=b", "given twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_file(path, cases[i].content, cases[i].len);
        snprintf(variable, sizeof variable, "WARTA_KEY_FILE=%s", path);
        const char *const environment[] = {cases[i].other ? cases[i].other : variable, variable, NULL};
        struct config config;
        char error[CONFIG_ERROR_CAP];
        assert_false(config_init(&config, &secret_usage, 0, nothing, environment + !cases[i].other, error));
        unlink(path);
        assert_ptr_equal(strstr(error, "WARTA_KEY_FILE in the environment: "), error);
        assert_non_null(strstr(error, cases[i].error));
        config_release(&config);
    }
}

/* What is no secret has no file, and a file that is not there is said as such. */
static void only_secrets_have_files(void **state)
{
    (void)state;
    static const struct {
        const char *variable, *error;
    } cases[] = {
        {"WARTA_THREADS_FILE=/dev/null",
         "WARTA_THREADS_FILE in the environment: no such setting, did you mean WARTA_THREADS?"},
        {"WARTA_KEI_FILE=/dev/null", "WARTA_KEI_FILE in the environment: no such setting"},
        {"WARTA__FILE=/dev/null", "WARTA__FILE in the environment: no such setting"},
        {"WARTA_KEY_FILE=/nowhere/at/all",
         "WARTA_KEY_FILE in the environment: /nowhere/at/all cannot be read: No such file or directory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const environment[] = {cases[i].variable, NULL};
        struct config config;
        char error[CONFIG_ERROR_CAP];
        assert_false(config_init(&config, &secret_usage, 0, nothing, environment, error));
        assert_string_equal(error, cases[i].error);
        config_release(&config);
    }
}

static void wrong_lines_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        size_t len;        /* 0: up to the NUL */
        const char *error; /* behind the file's name */
    } cases[] = {
        {"# one\nsite-titel = x\n", 0, ":2: site-titel: no such setting, did you mean site-title?"},
        {"Quiet=yes", 0, ":1: Quiet: no such setting, did you mean quiet?"},
        {"\n\r\nquiet\n", 0, ":3: should read name = value"},
        {"= x\n", 0, ":1: : no such setting"},
        {"dry-run = yes\n", 0, ":1: dry-run: can only be given as a flag"},
        {"config = other\n", 0, ":1: config: cannot be set in the file itself"},
        {"threads=1\nquiet=1\nthreads=2", 0, ":3: threads: given twice"},
        {"threads=1 # one", 0, ":1: threads: takes a whole number from -1 to 64"},
        {"database = \n", 0, ":1: database: must not be empty"},
        {"site-title = a\x07", 0, ":1: site-title: must be one line of UTF-8 text"},
        {"\n# \xE9\n", 0, ":2: is not UTF-8 text"},
        {"quiet=1\0\n", 9, ":1: is not UTF-8 text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[PATH_CAP], expected[PATH_CAP + 128];
        make_file(path, cases[i].content, cases[i].len ? cases[i].len : strlen(cases[i].content));
        const char *const words[] = {"--config", path, "a"};
        struct config config;
        char error[CONFIG_ERROR_CAP];
        assert_false(config_init(&config, &import_usage, 3, words, nothing, error));
        unlink(path);
        snprintf(expected, sizeof expected, "%s%s", path, cases[i].error);
        assert_string_equal(error, expected);
        config_release(&config);
    }
}

static void a_file_has_its_limit(void **state)
{
    (void)state;
    size_t len = CONFIG_FILE_MAX + 1;
    char *content = malloc(len);
    assert_non_null(content);
    memset(content, '\n', len);
    for (size_t over = 0; over < 2; over++) {
        char path[PATH_CAP];
        make_file(path, content, CONFIG_FILE_MAX + over);
        const char *const words[] = {"--config", path};
        struct config config;
        char error[CONFIG_ERROR_CAP];
        assert_int_equal(config_init(&config, &serve_usage, 2, words, nothing, error), !over);
        assert_true(!over || strstr(error, "is too large"));
        unlink(path);
        config_release(&config);
    }
    free(content);
}

static void a_long_mistake_is_cut(void **state)
{
    (void)state;
    char word[4 * CONFIG_ERROR_CAP] = "--";
    memset(word + 2, 'x', sizeof word - 3);
    word[sizeof word - 1] = '\0';
    const char *const words[] = {word};
    struct config config;
    char error[CONFIG_ERROR_CAP];
    assert_false(config_init(&config, &serve_usage, 1, words, nothing, error));
    assert_int_equal(strlen(error), CONFIG_ERROR_CAP - 1);
    config_release(&config);
}

/* --- help ----------------------------------------------------------------------------------------- */

static void help_is_wanted_before_the_flags_end(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS_MAX];
        bool wanted;
    } cases[] = {
        {{"--help"}, true},        {{"a", "-h"}, true}, {{"--wrong", "--help"}, true},
        {{"--", "--help"}, false}, {{"help"}, false},   {{NULL}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(config_wants_help(count(cases[i].words), cases[i].words), cases[i].wanted);
    }
}

static void help_is_aligned(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    config_help(&import_usage, &out);
    assert_string_equal(buf_string(&out),
                        "usage: warta import [flags] FILE\n"
                        "\n"
                        "Flags:\n"
                        "  --dry-run               change nothing\n"
                        "  --role ROLE             what they may do (default: editor)\n"
                        "\n"
                        "Settings, each as a flag, a variable (WARTA_SITE_TITLE) or a line of the file\n"
                        "that --config names (site-title = TEXT), in this order:\n"
                        "  --database FILE         the file (default: warta.db)\n"
                        "  --site-title TEXT       the name (default: Warta)\n"
                        "  --threads N             threads (default: 0)\n"
                        "  --log-format text|json  lines (default: text)\n"
                        "  --quiet                 say less\n"
                        "  --config FILE           settings\n");
    buf_release(&out);
}

static void long_help_is_wrapped(void **state)
{
    (void)state;
    static const struct setting own[] = {
        {.name = "a-name-that-fits",
         .kind = SETTING_TEXT,
         .value = "BEST",
         .help = "ends at column eighty, which is where the longest lines"},
        {.name = "a-name-that-is-long",
         .kind = SETTING_TEXT,
         .value = "NONE",
         .fallback = "x",
         .help = "one word more than fits is put on the line below itself"},
        {.name = NULL},
    };
    const struct usage usage = {.command = "x", .arguments = "", .own = own, .details = "What it does."};
    struct buf out = BUF_EMPTY;
    config_help(&usage, &out);
    assert_string_equal(buf_string(&out),
                        "usage: warta x [flags]\n"
                        "\n"
                        "What it does.\n"
                        "\n"
                        "Flags:\n"
                        "  --a-name-that-fits BEST\n"
                        "                          ends at column eighty, which is where the longest\n"
                        "                          lines\n"
                        "  --a-name-that-is-long NONE\n"
                        "                          one word more than fits is put on the line below\n"
                        "                          itself (default: x)\n");
    buf_release(&out);
}

/* --- the settings as they stand ------------------------------------------------------------------- */

static void settings_are_described_and_secrets_masked(void **state)
{
    (void)state;
    const char *const words[] = {"--quiet", "--key=first"};
    const char *const environment[] = {"WARTA_THREADS=2", NULL};
    struct config config;
    char error[CONFIG_ERROR_CAP];
    struct buf out = BUF_EMPTY;
    assert_true(config_init(&config, &secret_usage, 2, words, environment, error));
    config_describe(&config, &out);
    assert_string_equal(buf_string(&out), "  key     (secret) (flag)\n"
                                          "  other   \"\" (default)\n"
                                          "  threads 2 (environment)\n"
                                          "  quiet   yes (flag)\n");
    buf_release(&out);
    config_release(&config);
}

static void the_shared_settings_are_sound(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"database", "warta.db"}, {"listen", "127.0.0.1:8080"}, {"base-url", ""},
        {"site-title", "Warta"},  {"site-description", ""},     {"site-lang", "en"},
        {"timezone", "UTC"},      {"log-level", "info"},        {"log-format", "text"},
        {"config", ""},
    };
    const struct usage usage = {"serve", "", 0, 0, settings_shared, NULL};
    struct config config;
    char error[CONFIG_ERROR_CAP];
    assert_true(config_init(&config, &usage, 0, nothing, nothing, error));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(config_text(&config, cases[i].name), cases[i].text);
    }
    assert_int_equal(config_int(&config, "threads"), 0);
    config_release(&config);
    struct buf out = BUF_EMPTY;
    config_help(&usage, &out);
    assert_non_null(strstr(buf_string(&out), "usage: warta serve [flags]\n"));
    assert_non_null(strstr(buf_string(&out), "  --log-level debug|info|warn|error\n"));
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_stand),
        cmocka_unit_test(flags_win_over_environment_over_file),
        cmocka_unit_test(the_config_flag_wins_over_its_variable),
        cmocka_unit_test(flags_and_arguments_mix),
        cmocka_unit_test(booleans_have_words),
        cmocka_unit_test(secrets_come_from_files),
        cmocka_unit_test(wrong_flags_are_named),
        cmocka_unit_test(variables_of_services_are_passed_over),
        cmocka_unit_test(wrong_variables_are_named),
        cmocka_unit_test(wrong_secret_files_are_named),
        cmocka_unit_test(only_secrets_have_files),
        cmocka_unit_test(wrong_lines_are_named),
        cmocka_unit_test(a_file_has_its_limit),
        cmocka_unit_test(a_long_mistake_is_cut),
        cmocka_unit_test(help_is_wanted_before_the_flags_end),
        cmocka_unit_test(help_is_aligned),
        cmocka_unit_test(long_help_is_wrapped),
        cmocka_unit_test(settings_are_described_and_secrets_masked),
        cmocka_unit_test(the_shared_settings_are_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
