#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "warta/app/app.h"
#include "warta/commands/command.h"
#include "warta/commands/confine.h"
#include "warta/commands/settings.h"
#include "warta/commands/setup.h"
#include "warta/newsroom/file_cache.h"
#include "warta/newsroom/login_gate.h"
#include "warta/commands/site.h"
#include "warta/server/listen.h"
#include "warta/server/notify.h"
#include "warta/server/server.h"
#include "warta/store/hold.h"
#include "warta/store/migrate.h"
#include "warta/store/ready.h"

static const struct usage serve_usage = {
    .command = "serve",
    .arguments = "",
    .shared = settings_shared,
    .details =
        "While there are no users, it prints an address where the first admin is made. Sockets that systemd hands over "
        "are served instead of --listen. SIGTERM ends it once what has begun is finished, after 10 seconds at most. "
        "Settings and theme are read at the start: a restart puts changes into effect.",
};

enum {
    ERROR_CAP = 512,
    THREADS_MAX = 64,
    READ_THREADS_MIN = 2,
    FILES_MIB = 256,   /* of files that are being read, put aside to be sent */
    BEATS = 3,         /* in each of the watchdog's periods */
    BEAT_MAX_MS = 5000 /* well within the time that an idle connection has */
};

struct serving {
    struct site_setup setup;
    struct server *server;
    struct notify notify;
    struct login_gate *gate;
    struct readiness *readiness;
    struct store *store; /* to look whether the server is ready */
    struct app **apps;
    size_t apps_len;
    unsigned beat_ms; /* how often the server is asked whether it is alive; 0: never */
};

/* At least one for each socket. */
static unsigned thread_count(const struct config *config, unsigned sockets)
{
    int64_t threads = config_int(config, "threads");
    if (threads == 0)
        threads = sysconf(_SC_NPROCESSORS_ONLN);
    threads = threads < sockets ? sockets : threads < THREADS_MAX ? threads : THREADS_MAX;
    return threads < 1 ? 1 : (unsigned)threads;
}

static unsigned read_thread_count(const struct config *config)
{
    int64_t threads = config_int(config, "read-threads");
    if (threads == 0)
        threads = sysconf(_SC_NPROCESSORS_ONLN);
    return threads < READ_THREADS_MIN ? READ_THREADS_MIN : threads < THREADS_MAX ? (unsigned)threads : THREADS_MAX;
}

/* One core is left to readers. */
static unsigned hash_thread_count(void)
{
    long spare = sysconf(_SC_NPROCESSORS_ONLN) - 1;
    return spare < 1 ? 1 : (unsigned)(spare < SERVER_HASH_THREADS_MAX ? spare : SERVER_HASH_THREADS_MAX);
}

static void apps_destroy(struct app **apps, size_t len)
{
    for (size_t i = 0; apps != NULL && i < len; i++)
        app_destroy(apps[i]);
    free(apps);
}

/* As many as the server wants (*owned*); NULL with a reason in `error`. */
static struct app **apps_create(const struct site *site, const struct server *server, char *error, size_t error_len)
{
    size_t len = server_apps_len(server);
    struct app **apps = mem_alloc(len * sizeof(struct app *));
    for (size_t i = 0; i < len; i++) {
        enum store_access access = server_app_writes(server, i) ? STORE_WRITE : STORE_READ;
        apps[i] = app_create(site, site->database, access, error, error_len);
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

static void ignore_signals(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes then fails what is written, not the server */
    if (isatty(STDERR_FILENO) != 1)
        signal(SIGHUP, SIG_IGN); /* a daemon outlives the terminal it was started in */
}

/* Blocks, for this thread and those it starts, the signals that it waits for. */
static void block_signals(sigset_t *signals)
{
    struct sigaction hangup;
    sigemptyset(signals);
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        sigaddset(signals, SIGHUP);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
}

static int wait_signal(const struct serving *serving, const sigset_t *signals)
{
    const struct timespec beat = {.tv_sec = serving->beat_ms / 1000, .tv_nsec = serving->beat_ms % 1000 * 1000000L};
    return serving->beat_ms == 0 ? sigwaitinfo(signals, NULL) : sigtimedwait(signals, NULL, &beat);
}

/* Until a signal says to end. */
static void wait_for_end(struct serving *serving, const sigset_t *signals)
{
    while (wait_signal(serving, signals) <= 0)
        if (serving->beat_ms > 0 && server_alive(serving->server, serving->beat_ms))
            notify_send(&serving->notify, "WATCHDOG=1");
}

/* A disk that hangs holds up one thread of a lane, and nothing else. */
static void check(void *context)
{
    struct serving *serving = context;
    readiness_refresh(serving->readiness, serving->store);
}

static void serve_until_end(struct serving *serving, const sigset_t *signals, const char *database)
{
    unsigned watchdog_ms = notify_watchdog_ms();
    unsigned beat_ms = watchdog_ms / BEATS;
    serving->beat_ms = beat_ms < BEAT_MAX_MS ? beat_ms : BEAT_MAX_MS;
    printf("warta: listening on %s\n", server_address(serving->server));
    fflush(stdout);
    setup_announce(&serving->setup.site, database);
    notify_send(&serving->notify, "READY=1");
    wait_for_end(serving, signals);
    notify_send(&serving->notify, "STOPPING=1");
}

static bool start_server(struct serving *serving, char *error, size_t error_len)
{
    const struct site *site = &serving->setup.site;
    const struct server_site served = {
        .apps = serving->apps,
        .prefix = site->base.prefix,
        .trusted_proxies = site->trusted_proxies,
        .clock = site->clock,
        .gate = site->gate,
        .check = check,
        .check_context = serving,
    };
    return server_start(serving->server, &served, error, error_len);
}

/* Serves on an open server until a signal comes. */
static bool serve_site(struct serving *serving, const struct config *config, const char *folder, struct log *log,
                       char *error, size_t error_len)
{
    int hold = -1;
    sigset_t signals;
    const char *database = config_text(config, "database");
    struct site *site = &serving->setup.site;
    bool ok = site_setup_init(&serving->setup, config, server_address(serving->server), error, error_len);
    site->log = log;
    site->metrics = server_metrics(serving->server);
    site->files = file_cache_create(folder, (int64_t)FILES_MIB << 20);
    site->gate = serving->gate = login_gate_create();
    site->readiness = serving->readiness = readiness_create(log);
    ok = ok && migrate_run(database, log, error, error_len) && statements_are_good(database, log, error, error_len);
    if (ok)
        hold = hold_take(database, HOLD_SHARED, HOLD_WAIT_MS, error, error_len);
    if (hold >= 0)
        serving->apps = apps_create(site, serving->server, error, error_len);
    block_signals(&signals);
    if (serving->apps != NULL)
        serving->store = store_open(database, STORE_READ, log, error, error_len);
    if (serving->store != NULL) {
        confine(config, folder, log);
        readiness_refresh(serving->readiness, serving->store);
    }
    ok = serving->store != NULL && start_server(serving, error, error_len);
    if (ok)
        serve_until_end(serving, &signals, database);
    server_destroy(serving->server);
    apps_destroy(serving->apps, serving->apps_len);
    file_cache_destroy(site->files);
    store_destroy(serving->store);
    readiness_destroy(serving->readiness);
    login_gate_destroy(serving->gate);
    hold_release(hold);
    site_setup_release(&serving->setup);
    return ok;
}

static struct server *open_server(const struct config *config, unsigned threads, size_t sockets_len, const char *folder,
                                  const struct log *log, char *error, size_t error_len)
{
    int sockets[THREADS_MAX];
    for (size_t i = 0; i < sockets_len; i++)
        sockets[i] = LISTEN_FIRST + (int)i;
    const struct server_options options = {
        .listen = config_text(config, "listen"),
        .handed_over = sockets,
        .handed_over_len = sockets_len,
        .threads = threads,
        .read_threads = read_thread_count(config),
        .hash_threads = hash_thread_count(),
        .log = log,
        .upload_body_max = ((size_t)config_int(config, "upload-max") << 20) + SERVER_UPLOAD_SLACK,
        .spool_dir = folder,
        .connections_max = (unsigned)config_int(config, "connections-max"),
        .connection_memory = (size_t)config_int(config, "connection-memory") << 10,
        .cache_max = (size_t)config_int(config, "cache-size") << 20,
    };
    return server_open(&options, error, error_len);
}

static int serve_run(const struct config *config)
{
    char error[ERROR_CAP];
    struct log log = site_log(config);
    size_t sockets = listen_handed_over();
    if (sockets > THREADS_MAX)
        return command_fail("%zu sockets were handed over: %d at most", sockets, THREADS_MAX);
    unsigned threads = thread_count(config, (unsigned)sockets);
    struct serving serving = {0};
    log.sink = log_sink_create(log.fd);
    ignore_signals();
    char *path = mem_copy(config_text(config, "database"), strlen(config_text(config, "database")));
    const char *folder = dirname(path);
    notify_init(&serving.notify);
    serving.server = open_server(config, threads, sockets, folder, &log, error, sizeof error);
    serving.apps_len = serving.server == NULL ? 0 : server_apps_len(serving.server);
    bool ok = serving.server != NULL && serve_site(&serving, config, folder, &log, error, sizeof error);
    notify_release(&serving.notify);
    free(path);
    bool told = log_writable(&log);
    log_sink_destroy(log.sink);
    return ok ? 0 : told ? command_fail("%s", error) : 1;
}

const struct command command_serve = {"start the server", &serve_usage, serve_run};
