#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "warta/app/app.h"
#include "warta/commands/command.h"
#include "warta/commands/settings.h"
#include "warta/commands/setup.h"
#include "warta/commands/site.h"
#include "warta/server/server.h"
#include "warta/store/hold.h"
#include "warta/store/migrate.h"

static const struct usage serve_usage = {
    .command = "serve",
    .arguments = "",
    .shared = settings_shared,
    .details = "While there are no users, it prints an address where the first admin is made.",
};

enum { ERROR_CAP = 512 };

static unsigned thread_count(const struct config *config)
{
    int64_t threads = config_int(config, "threads");
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (threads > 0)
        return (unsigned)threads;
    return cores < 1 ? 1 : (unsigned)(cores < 64 ? cores : 64);
}

static void apps_destroy(struct app **apps, unsigned len)
{
    for (unsigned i = 0; i < len; i++)
        app_destroy(apps[i]);
    free(apps);
}

/* One app for each thread (*owned*), those of the fast lane first; NULL with a reason in `error`. */
static struct app **apps_create(const struct site *site, const char *database, unsigned fast_len, unsigned len,
                                char *error, size_t error_len)
{
    struct app **apps = mem_alloc(len * sizeof(struct app *));
    for (unsigned i = 0; i < len; i++) {
        apps[i] = app_create(site, database, i < fast_len ? STORE_READ : STORE_WRITE, error, error_len);
        if (apps[i] == NULL) {
            apps_destroy(apps, i);
            return NULL;
        }
    }
    return apps;
}

/* A statement that the engine cannot prepare ends the server here, and not at the first reader who needs it. */
static bool statements_are_good(const char *database, const struct log *log, char *error, size_t error_len)
{
    struct store *store = store_open(database, STORE_WRITE, log, error, error_len);
    bool good = store != NULL && store_prepare(store, error, error_len);
    store_destroy(store);
    return good;
}

/* Blocks the signals that end the server, for this thread and those it starts. */
static void block_end_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes then fails what is written, not the server */
}

static void wait_for_end(const sigset_t *signals)
{
    int received;
    while (sigwait(signals, &received) != 0)
        continue;
}

/* The folder that a file is in (*owned*). */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return mem_copy(".", 1);
    return mem_copy(path, slash == path ? 1 : (size_t)(slash - path));
}

static bool start_server(struct server *server, struct app **apps, unsigned threads, char *error, size_t error_len)
{
    struct app **lanes = apps + threads;
    const struct server_apps all = {.fast = apps, .slow = lanes, .hash = lanes + SERVER_SLOW_THREADS};
    return server_start(server, &all, error, error_len);
}

/* Serves on an open server (*steals*) until a signal comes. */
static bool serve_site(struct server *server, const struct config *config, unsigned threads, char *error,
                       size_t error_len)
{
    struct site_setup setup;
    struct app **apps = NULL;
    int hold = -1;
    sigset_t signals;
    const char *database = config_text(config, "database");
    unsigned apps_len = threads + SERVER_SLOW_THREADS + SERVER_HASH_THREADS;
    bool ok = site_setup_init(&setup, config, server_address(server), error, error_len) &&
              migrate_run(database, &setup.log, error, error_len) &&
              statements_are_good(database, &setup.log, error, error_len);
    if (ok)
        hold = hold_take(database, HOLD_SHARED, HOLD_WAIT_MS, error, error_len);
    if (hold >= 0)
        apps = apps_create(&setup.site, database, threads, apps_len, error, error_len);
    block_end_signals(&signals);
    ok = apps != NULL && start_server(server, apps, threads, error, error_len);
    if (ok) {
        printf("warta: listening on %s\n", server_address(server));
        fflush(stdout);
        setup_announce(&setup.site, database);
        wait_for_end(&signals);
    }
    server_destroy(server);
    if (apps != NULL)
        apps_destroy(apps, apps_len);
    hold_release(hold);
    site_setup_release(&setup);
    return ok;
}

static int serve_run(const struct config *config)
{
    char error[ERROR_CAP];
    struct log log = site_log(config);
    unsigned threads = thread_count(config);
    char *folder = folder_of(config_text(config, "database"));
    struct server_options options = {
        .listen = config_text(config, "listen"),
        .threads = threads,
        .log = &log,
        .upload_body_max = ((size_t)config_int(config, "upload-max") << 20) + SERVER_UPLOAD_SLACK,
        .spool_dir = folder,
        .connections_max = (unsigned)config_int(config, "connections-max"),
        .connection_memory = (size_t)config_int(config, "connection-memory") << 10,
        .cache_max = (size_t)config_int(config, "cache-size") << 20,
    };
    struct server *server = server_open(&options, error, sizeof error);
    bool ok = server != NULL && serve_site(server, config, threads, error, sizeof error);
    free(folder);
    return ok ? 0 : command_fail("%s", error);
}

const struct command command_serve = {"start the server", &serve_usage, serve_run};
