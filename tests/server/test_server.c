/* The server by its own interface: what takes minutes as it is set up otherwise. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/harness.h"
#include "warta/server/server.h"

enum { PATIENCE_MS = 60 * 1000, SHORT_MS = 200, ANSWER_CAP = 16384 };

static const char login[] = "username=ada&password=a+long+wrong+password";

struct running {
    struct harness harness;
    struct app **apps;
    size_t apps_len;
    struct server *server;
};

static void start(struct running *running)
{
    char error[256];
    struct harness *harness = &running->harness;
    harness_open(harness, "[]", NULL);
    const struct server_options options = {
        .listen = "127.0.0.1:0",
        .log = &harness->log,
        .spool_dir = harness->folder,
        .stop_ms = SHORT_MS,
        .lane_limit_ms = SHORT_MS,
    };
    running->server = server_open(&options, error, sizeof error);
    assert_non_null(running->server);
    running->apps_len = server_apps_len(running->server);
    running->apps = calloc(running->apps_len, sizeof(struct app *));
    assert_non_null(running->apps);
    for (size_t i = 0; i < running->apps_len; i++) {
        enum store_access access = server_app_writes(running->server, i) ? STORE_WRITE : STORE_READ;
        running->apps[i] = app_create(&harness->site, harness->database, access, error, sizeof error);
        assert_non_null(running->apps[i]);
    }
    const struct server_site site = {.apps = running->apps,
                                     .prefix = "",
                                     .trusted_proxies = harness->site.trusted_proxies,
                                     .clock = harness->site.clock};
    assert_true(server_start(running->server, &site, error, sizeof error));
}

/* The server has ended. */
static void clean_up(struct running *running)
{
    for (size_t i = 0; i < running->apps_len; i++)
        app_destroy(running->apps[i]);
    free(running->apps);
    harness_close(&running->harness);
}

static int connect_to(const struct server *server)
{
    const char *port = strrchr(server_address(server), ':') + 1;
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                        .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    int client = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(client >= 0);
    assert_int_equal(connect(client, (const struct sockaddr *)&address, sizeof address), 0);
    return client;
}

/* A login as a browser on this site sends it, with `sent` bytes of its body. */
static void begin_login(int client, size_t sent)
{
    char request[512];
    int len = snprintf(request, sizeof request,
                       "POST /admin/login HTTP/1.1\r\nHost: news.example\r\nOrigin: http://news.example\r\n"
                       "Content-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\n"
                       "Content-Length: %zu\r\n\r\n%.*s",
                       sizeof login - 1, (int)sent, login);
    assert_int_equal(send(client, request, (size_t)len, MSG_NOSIGNAL), len);
}

/* What comes until `text` is there, or the end; false if it is not there. */
static bool read_until(int client, const char *text)
{
    char answer[ANSWER_CAP] = "";
    size_t len = 0;
    while (text == NULL || strstr(answer, text) == NULL) {
        struct pollfd wait = {.fd = client, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
        ssize_t got = recv(client, answer + len, sizeof answer - 1 - len, 0);
        if (got <= 0)
            return false;
        len += (size_t)got;
        answer[len] = '\0';
    }
    return true;
}

static bool is_logged(const struct running *running, const char *words)
{
    char *log = harness_log(&running->harness);
    bool is = strstr(log, words) != NULL;
    free(log);
    return is;
}

/* A stop waits so long for a client that never finishes its request, and no longer. */
static void a_stop_has_its_limit(void **state)
{
    (void)state;
    struct running running;
    start(&running);
    int client = connect_to(running.server);
    begin_login(client, sizeof login / 2);
    assert_true(read_until(client, "100 Continue"));
    server_destroy(running.server);
    assert_false(read_until(client, NULL));
    assert_true(is_logged(&running, "connections cut short: they took longer than 200 ms to finish"));
    close(client);
    clean_up(&running);
}

/* A lane all of whose threads have been at one job for too long is no life, until they go on. */
static void a_stuck_lane_is_noticed(void **state)
{
    (void)state;
    static const char said[] = "all threads of the hashing lane are stuck";
    struct running running;
    char error[256];
    start(&running);
    assert_true(server_alive(running.server, PATIENCE_MS));
    struct store *other = store_open(running.harness.database, STORE_WRITE, &running.harness.log, error, sizeof error);
    assert_non_null(other);
    store_request(other, NULL, true);
    assert_true(store_begin(other)); /* which the login waits for */
    int client = connect_to(running.server);
    begin_login(client, sizeof login - 1);
    struct pollfd answered = {.fd = client, .events = POLLIN};
    assert_true(read_until(client, "100 Continue\r\n\r\n"));
    while (server_alive(running.server, PATIENCE_MS))
        assert_int_equal(poll(&answered, 1, SHORT_MS / 10), 0);
    assert_true(is_logged(&running, said));
    assert_false(is_logged(&running, "an event loop has not answered"));
    store_rollback(other);
    store_destroy(other);
    assert_true(read_until(client, "HTTP/1.1 4"));
    while (!server_alive(running.server, PATIENCE_MS))
        usleep(1000);
    close(client);
    server_destroy(running.server);
    clean_up(&running);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_has_its_limit),
        cmocka_unit_test(a_stuck_lane_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
