#include "warta/commands/confine.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/sandbox.h"

static const char *denied(bool granted)
{
    return granted ? "" : ": not to be had from this kernel";
}

static void tell(const struct sandbox_state *state, const struct log *log)
{
    if (!state->supported) {
        log_write(log, LOG_WARN, NULL, "sandbox: off, as this build watches itself");
        return;
    }
    bool whole = state->no_new_privs && state->landlock_abi > 0 && state->seccomp;
    log_write(log, whole ? LOG_INFO : LOG_WARN, NULL, "sandbox: no new privileges%s; Landlock (ABI %d)%s; seccomp%s",
              denied(state->no_new_privs), state->landlock_abi, denied(state->landlock_abi > 0),
              denied(state->seccomp));
}

/* Settings and theme have been read. */
void confine(const struct config *config, const char *folder, const struct log *log)
{
    static const char unix_prefix[] = "unix:";
    const char *listen = config_text(config, "listen");
    bool is_path = strncmp(listen, unix_prefix, strlen(unix_prefix)) == 0;
    if (strcmp(config_text(config, "sandbox"), "off") == 0) {
        log_write(log, LOG_WARN, NULL, "sandbox: off, as --sandbox says");
        return;
    }
    char *socket = mem_copy(listen, strlen(listen));
    const struct sandbox_path paths[] = {
        {folder, SANDBOX_READ | SANDBOX_WRITE},
        {dirname(socket + (is_path ? strlen(unix_prefix) : 0)), is_path ? SANDBOX_REMOVE : 0},
        {"/usr/share/zoneinfo", SANDBOX_READ},
        {"/etc/localtime", SANDBOX_READ},
        {"/dev/urandom", SANDBOX_READ}, /* SQLite */
        {"/proc/self", SANDBOX_READ},
    };
    const struct sandbox_state state = sandbox_enter(paths, sizeof paths / sizeof *paths);
    free(socket);
    tell(&state, log);
}
