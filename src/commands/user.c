#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "warta/base/text.h"
#include "warta/commands/command.h"
#include "warta/commands/settings.h"
#include "warta/commands/site.h"
#include "warta/newsroom/user.h"
#include "warta/store/hold.h"
#include "warta/store/migrate.h"
#include "warta/store/store.h"

static const char *const roles[] = {"editor", "admin", NULL};

static const struct setting user_flags[] = {
    {.name = "role", .kind = SETTING_CHOICE, .choices = roles, .fallback = "editor", .help = "what a new user may do"},
    {.name = "password-stdin", .kind = SETTING_BOOLEAN, .help = "read the password as one line of standard input"},
    {.name = NULL},
};

static const struct usage user_usage = {
    .command = "user",
    .arguments = "list | add|passwd|disable|enable NAME",
    .arguments_min = 1,
    .arguments_max = 2,
    .shared = settings_shared,
    .own = user_flags,
    .details =
        "Without --password-stdin, add and passwd ask for the password on the terminal. passwd and disable end all "
        "sessions of the user.",
};

enum { ERROR_CAP = 512, EXIT_USAGE = 2 };

static const struct actor actor = {0, "command line"};

/* One run of the command. */
struct errand {
    const struct config *config;
    struct store *store;
    const char *name; /* the user's */
    int64_t now_unix;
};

/* --- reading a password --- */

/* A line of standard input without its end (*owned*); NULL if there is none, or it holds NUL. */
static char *read_line(void)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t len = getline(&line, &capacity, stdin);
    if (len < 0 || strlen(line) != (size_t)len) {
        free(line);
        return NULL;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return line;
}

/* Without echo. Ctrl+C would leave the terminal so; meanwhile it is only a character, which no password may hold. */
static char *prompt(const char *words)
{
    struct termios usual;
    struct termios silent;
    if (tcgetattr(STDIN_FILENO, &usual) != 0)
        return NULL;
    silent = usual;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    fputs(words, stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    char *line = read_line();
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual);
    fputc('\n', stderr);
    return line;
}

static void forget(char *password)
{
    if (password != NULL)
        sodium_memzero(password, strlen(password));
    free(password);
}

/* NULL, said on standard error, unless the same was typed twice. */
static char *prompt_twice(void)
{
    char *password = prompt("New password: ");
    char *again = password == NULL ? NULL : prompt("The same again: ");
    bool same = again != NULL && strcmp(password, again) == 0;
    if (!same) {
        command_fail(again == NULL ? "no password was typed" : "the two passwords differ");
        forget(password);
    }
    forget(again);
    return same ? password : NULL;
}

/* A password that may be used (*owned*, forget()); NULL, said on standard error, if there is none. */
static char *read_password(const struct errand *errand)
{
    char *password = NULL;
    if (config_flag(errand->config, "password-stdin")) {
        password = read_line();
        if (password == NULL)
            command_fail("there is no password on standard input");
    } else if (isatty(STDIN_FILENO)) {
        password = prompt_twice();
    } else {
        command_fail("there is no terminal to ask for the password: pass it by --password-stdin");
    }
    const char *problem = password == NULL ? NULL : user_password_problem(errand->name, password);
    if (problem == NULL)
        return password;
    command_fail("the password %s", problem);
    forget(password);
    return NULL;
}

/* --- the actions: each returns the exit code --- */

static int finish(const struct errand *errand, enum user_outcome outcome, const char *done)
{
    switch (outcome) {
    case USER_OK:
        printf("%s %s\n", errand->name, done);
        return 0;
    case USER_TAKEN:
        return command_fail("there is a user \"%s\" already", errand->name);
    case USER_LAST_ADMIN:
        return command_fail("\"%s\" is the last admin: make another one first", errand->name);
    case USER_UNHASHED:
        return command_fail("there is too little memory to hash a password: lower --password-memory");
    case USER_UNKNOWN:
        return command_fail("there is no user \"%s\": \"warta user list\" names them", errand->name);
    case USER_FAULT:
    case USER_WRONG:
        break;
    }
    return command_fail("nothing was changed, see above");
}

static size_t memory_kib(const struct errand *errand)
{
    return (size_t)config_int(errand->config, "password-memory") << 10;
}

static int add(const struct errand *errand)
{
    int64_t id = 0;
    const char *role = config_text(errand->config, "role");
    const char *problem = user_name_problem(errand->name);
    if (problem != NULL)
        return command_fail("the user name %s", problem);
    json_t *taken = user_by_name(errand->store, errand->name);
    bool is_taken = json_is_object(taken);
    json_decref(taken);
    if (is_taken)
        return finish(errand, USER_TAKEN, "");
    char *password = read_password(errand);
    if (password == NULL)
        return 1;
    enum user_outcome outcome =
        user_add(errand->store, actor, errand->name, role, password, memory_kib(errand), errand->now_unix, &id, NULL);
    forget(password);
    return finish(errand, outcome, strcmp(role, "admin") == 0 ? "added as an admin" : "added as an editor");
}

/* The id of the user that was named; 0, said on standard error, if there is none. */
static int64_t find(const struct errand *errand)
{
    json_t *user = user_by_name(errand->store, errand->name);
    int64_t id = json_integer_value(json_object_get(user, "id"));
    if (id == 0)
        finish(errand, user == NULL ? USER_FAULT : USER_UNKNOWN, "");
    json_decref(user);
    return id;
}

static int passwd(const struct errand *errand)
{
    int64_t id = find(errand);
    char *password = id == 0 ? NULL : read_password(errand);
    if (password == NULL)
        return 1;
    enum user_outcome outcome =
        user_set_password(errand->store, actor, id, password, memory_kib(errand), errand->now_unix);
    forget(password);
    return finish(errand, outcome, "has a new password; all sessions of this user are ended");
}

static int set_disabled(const struct errand *errand, bool disabled)
{
    int64_t id = find(errand);
    if (id == 0)
        return 1;
    return finish(errand, user_set_disabled(errand->store, actor, id, disabled, errand->now_unix, NULL),
                  disabled ? "is disabled" : "is enabled");
}

static int disable(const struct errand *errand)
{
    return set_disabled(errand, true);
}

static int enable(const struct errand *errand)
{
    return set_disabled(errand, false);
}

static const char *string(const json_t *user, const char *key)
{
    return json_string_value(json_object_get(user, key));
}

/* Parted by tabs, which names do not hold. */
static int list(const struct errand *errand)
{
    json_t *users = user_list(errand->store);
    size_t i;
    json_t *user;
    json_array_foreach(users, i, user)
    {
        char created[TEXT_UTC_CAP];
        text_utc_format(json_integer_value(json_object_get(user, "created_unix")), created);
        printf("%s\t%s\t%s\t%s\n", string(user, "name"), string(user, "role"),
               json_is_true(json_object_get(user, "disabled")) ? "disabled" : "enabled", created);
    }
    bool ok = users != NULL;
    json_decref(users);
    return ok ? 0 : finish(errand, USER_FAULT, "");
}

/* --- the command --- */

static const struct action {
    const char *name;
    bool takes_name;
    bool makes_database; /* where there is none yet */
    int (*run)(const struct errand *errand);
} actions[] = {
    {"list", false, false, list},      {"add", true, true, add},        {"passwd", true, false, passwd},
    {"disable", true, false, disable}, {"enable", true, false, enable},
};

static const struct action *action_find(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    }
    return NULL;
}

static int usage_fail(const char *words, const char *given)
{
    command_fail("%s \"%s\": \"warta user --help\" tells them", words, given);
    return EXIT_USAGE;
}

static int user_run(const struct config *config)
{
    char error[ERROR_CAP];
    struct log log = site_log(config);
    const char *database = config_text(config, "database");
    const char *verb = config_argument(config, 0);
    const struct action *action = action_find(verb);
    struct errand errand = {.config = config, .name = config_argument(config, 1), .now_unix = time(NULL)};
    if (action == NULL)
        return usage_fail("there is no action", verb);
    if (action->takes_name != (errand.name != NULL))
        return usage_fail(action->takes_name ? "a user's name is missing behind" : "nothing may stand behind", verb);
    int hold = -1;
    if (action->makes_database ? migrate_run(database, &log, error, sizeof error)
                               : migrate_is_current(database, error, sizeof error))
        hold = hold_take(database, HOLD_SHARED, HOLD_WAIT_MS, error, sizeof error);
    if (hold >= 0)
        errand.store = store_open(database, STORE_WRITE, &log, error, sizeof error);
    int code = errand.store == NULL ? command_fail("%s", error) : action->run(&errand);
    store_destroy(errand.store);
    hold_release(hold);
    return code;
}

const struct command command_user = {"add, list and change who may log in", &user_usage, user_run};
