#include "harness.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "warta/newsroom/import.h"
#include "warta/newsroom/item.h"
#include "warta/store/migrate.h"
#include "warta/newsroom/file_cache.h"
#include "warta/store/ready.h"

static int64_t still_clock(void)
{
    return HARNESS_NOW_UNIX;
}

static void fail_with(const char *what, const char *error)
{
    fail_msg("%s: %s", what, error);
}

static void open_site(struct harness *harness, const char *base_url)
{
    char error[256] = "";
    struct site *site = &harness->site;
    harness->settings = json_pack("[{s:s, s:s, s:s}]", "name", "cache-size", "value", "32", "origin", "default");
    *site = (struct site){
        .log = &harness->log,
        .title = "Cooperative news",
        .description = "From Asia and the Pacific",
        .lang = "en",
        .timezone = "Asia/Bangkok",
        .password_memory_kib = 8 * 1024,
        .upload_max = 25 << 20,
        .trusted_proxies = "127.0.0.0/8,::1",
        .metrics_from = "127.0.0.0/8",
        .clock = still_clock,
        .database = harness->database,
        .files = harness->files,
        .settings = harness->settings,
        .readiness = readiness_create(&harness->log),
    };
    if (!url_base_init(&site->base, base_url == NULL ? "http://news.example" : base_url, error, sizeof error))
        fail_with("base address", error);
    json_t *globals =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "base", site->base.prefix, "origin", site->base.origin, "site_title",
                  site->title, "site_description", site->description, "site_lang", site->lang);
    harness->view = view_create(globals, NULL, error, sizeof error);
    json_decref(globals);
    if (harness->view == NULL)
        fail_with("view", error);
    site->view = harness->view;
}

void harness_open(struct harness *harness, const char *items, const char *base_url)
{
    char error[256] = "";
    char log_path[96];
    *harness = (struct harness){.folder = "/tmp/warta-test-XXXXXX"};
    assert_non_null(mkdtemp(harness->folder));
    snprintf(harness->database, sizeof harness->database, "%s/t.db", harness->folder);
    snprintf(log_path, sizeof log_path, "%s/log", harness->folder);
    harness->log = (struct log){.fd = open(log_path, O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0600)};
    assert_true(harness->log.fd >= 0);
    if (!migrate_run(harness->database, &harness->log, error, sizeof error))
        fail_with("migration", error);
    harness->files = file_cache_create(harness->folder, 1 << 24);
    open_site(harness, base_url);
    char *mistakes = harness_import(harness, items, NULL);
    if (mistakes != NULL)
        fail_with("import", mistakes);
    harness->app = app_create(&harness->site, harness->database, STORE_READ, error, sizeof error);
    harness->staff = app_create(&harness->site, harness->database, STORE_WRITE, error, sizeof error);
    if (harness->app == NULL || harness->staff == NULL)
        fail_with("app", error);
    struct store *store = store_open(harness->database, STORE_READ, &harness->log, error, sizeof error);
    readiness_refresh(harness->site.readiness, store);
    store_destroy(store);
}

void harness_close(struct harness *harness)
{
    static const char *const files[] = {"t.db", "t.db-wal", "t.db-shm", "log"};
    char path[128];
    app_destroy(harness->app);
    app_destroy(harness->staff);
    file_cache_destroy(harness->files);
    view_destroy(harness->view);
    json_decref(harness->settings);
    url_base_release(&harness->site.base);
    readiness_destroy(harness->site.readiness);
    close(harness->log.fd);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", harness->folder, files[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(harness->folder), 0);
}

/* Imports checked items in one transaction; the mistakes go to `errors`. */
static void put_items(struct harness *harness, json_t *items, json_t *errors, size_t counts[3])
{
    char error[256] = "";
    struct text *text = text_create(harness->site.lang, harness->site.timezone, error, sizeof error);
    struct store *store = store_open(harness->database, STORE_WRITE, &harness->log, error, sizeof error);
    if (text == NULL || store == NULL)
        fail_with("import", error);
    struct import import;
    import_init(&import, store, text, "en", HARNESS_NOW_UNIX);
    store_request(store, NULL, true);
    assert_true(store_begin(store));
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item)
    {
        json_t *report;
        enum import_outcome outcome = import_item(&import, i, item, errors, &report);
        assert_int_not_equal(outcome, IMPORT_FAULT);
        if (outcome >= IMPORT_CREATED && counts != NULL)
            counts[outcome - IMPORT_CREATED]++;
        json_decref(report);
    }
    if (json_array_size(errors) == 0)
        assert_true(store_commit(store));
    else
        store_rollback(store);
    import_release(&import);
    store_destroy(store);
    text_destroy(text);
}

char *harness_import(struct harness *harness, const char *items_text, size_t counts[3])
{
    json_error_t json_error;
    json_t *items = json_loads(items_text, JSON_REJECT_DUPLICATES, &json_error);
    if (items == NULL)
        fail_with("fixture", json_error.text);
    json_t *errors = json_array();
    json_t *checked = json_array();
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item) json_array_append_new(checked, item_check(item, errors));
    if (counts != NULL)
        memset(counts, 0, 3 * sizeof *counts);
    if (json_array_size(errors) == 0)
        put_items(harness, checked, errors, counts);
    char *words = json_array_size(errors) > 0 ? json_dumps(errors, 0) : NULL;
    json_decref(checked);
    json_decref(items);
    json_decref(errors);
    return words;
}

static void add_header(struct header *headers, size_t *len, const char *name, const char *value)
{
    if (value != NULL)
        headers[(*len)++] = (struct header){name, value};
}

#define BOUNDARY "harness"

/* Makes the urlencoded form a multipart one, with the files behind it. */
static void make_multipart(struct buf *body, const struct harness_message *message)
{
    struct buf parts = BUF_EMPTY;
    struct arena arena;
    char *name, *value;
    const char *query = buf_string(body);
    arena_init(&arena);
    while (url_query_next(&arena, &query, &name, &value) > 0)
        buf_format(&parts, "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", name, value);
    for (size_t i = 0; i < message->uploads_len; i++) {
        const struct upload *upload = &message->uploads[i];
        buf_format(&parts, "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"", upload->field);
        for (const char *at = upload->name; *at != '\0'; at++)
            buf_text(&parts, *at == '"' ? "%22" : *at == '\r' ? "%0D" : *at == '\n' ? "%0A" : (char[]){*at, '\0'});
        buf_text(&parts, "\"\r\n\r\n");
        buf_append(&parts, upload->bytes, upload->len);
        buf_text(&parts, "\r\n");
    }
    buf_text(&parts, "--" BOUNDARY "--\r\n");
    arena_release(&arena);
    buf_release(body);
    *body = parts;
}

/* The bytes of a response that is sent from a file become its body. */
static void read_file(struct response *response)
{
    size_t len = (size_t)response->file.len;
    if (response->file.fd < 0 || response->status == 304)
        return;
    char *bytes = malloc(len + 1);
    assert_non_null(bytes);
    assert_int_equal(pread(response->file.fd, bytes, len, response->file.offset), (ssize_t)len);
    buf_append(&response->body, bytes, len);
    free(bytes);
}

struct response harness_send(struct harness *harness, const struct harness_message *message)
{
    struct header headers[16];
    size_t headers_len = 0;
    char cookie[128] = "";
    struct buf body = BUF_EMPTY;
    const char *method = message->method == NULL ? "GET" : message->method;
    bool posts = strcmp(method, "POST") == 0;
    char *path = strdup(message->target);
    char *mark = strchr(path, '?');
    if (mark != NULL)
        *mark = '\0';
    if (message->session != NULL) {
        snprintf(cookie, sizeof cookie, "%s=%s", page_cookie_name(&harness->site), message->session->cookie);
        if (posts)
            buf_format(&body, "csrf=%s&", message->session->csrf);
    }
    buf_text(&body, message->body == NULL ? "" : message->body);
    add_header(headers, &headers_len, "Accept", message->accept);
    add_header(headers, &headers_len, "Origin", message->origin);
    add_header(headers, &headers_len, "Sec-Fetch-Site", message->fetch_site);
    add_header(headers, &headers_len, "Cookie", message->session != NULL ? cookie : message->cookie);
    add_header(headers, &headers_len, "Content-Type",
               message->content_type != NULL ? message->content_type
               : posts                       ? "application/x-www-form-urlencoded"
                                             : NULL);
    assert_true(headers_len + message->headers_len <= sizeof headers / sizeof *headers);
    for (size_t i = 0; i < message->headers_len; i++)
        headers[headers_len++] = message->headers[i];
    char id[32];
    snprintf(id, sizeof id, "request-%u", harness->requests++);
    if (message->uploads_len > 0) {
        make_multipart(&body, message);
        for (size_t i = 0; i < headers_len; i++)
            if (strcmp(headers[i].name, "Content-Type") == 0)
                headers[i].value = "multipart/form-data; boundary=" BOUNDARY;
    }
    const struct request request = {
        .id = id,
        .method = method_parse(method),
        .path = path,
        .query = mark == NULL ? "" : mark + 1,
        .headers = headers,
        .headers_len = headers_len,
        .body = buf_string(&body),
        .body_len = body.len,
        .client = message->client == NULL ? "127.0.0.1" : message->client,
    };
    struct response response;
    response_init(&response);
    struct match match;
    match_init(&match, harness->site.base.prefix, &request);
    bool reads = match.route == NULL || match.route->lane <= LANE_READ;
    app_answer(reads ? harness->app : harness->staff, &request, &match, &response);
    match_release(&match);
    read_file(&response);
    buf_release(&body);
    free(path);
    return response;
}

struct response harness_request(struct harness *harness, const char *method, const char *target, const char *accept)
{
    return harness_send(harness, &(const struct harness_message){.method = method, .target = target, .accept = accept});
}

struct harness_session harness_login(struct harness *harness, const char *name, const char *role)
{
    char error[256] = "";
    struct harness_session session;
    const struct actor actor = {0, "command line"};
    struct store *store = store_open(harness->database, STORE_WRITE, &harness->log, error, sizeof error);
    if (store == NULL)
        fail_with("login", error);
    store_request(store, NULL, true);
    assert_int_equal(user_add(store, actor, name, role, "correct horse battery", harness->site.password_memory_kib,
                              HARNESS_NOW_UNIX, &session.user_id, NULL),
                     USER_OK);
    assert_true(session_start(store, session.user_id, "127.0.0.1", "test", HARNESS_NOW_UNIX, session.cookie));
    session_csrf(session.cookie, session.csrf);
    store_destroy(store);
    return session;
}

char *harness_query(const struct harness *harness, const char *sql)
{
    char command[1024];
    struct buf out = BUF_EMPTY;
    char chunk[1024];
    snprintf(command, sizeof command, "sqlite3 '%s' \"%s\"", harness->database, sql);
    FILE *shell = popen(command, "re");
    assert_non_null(shell);
    while (fgets(chunk, sizeof chunk, shell) != NULL)
        buf_text(&out, chunk);
    assert_int_equal(pclose(shell), 0);
    if (out.len > 0 && out.data[out.len - 1] == '\n')
        buf_truncate(&out, out.len - 1);
    return buf_steal(&out);
}

static char *read_all(int fd)
{
    struct buf content = BUF_EMPTY;
    char chunk[4096];
    ssize_t got;
    while ((got = read(fd, chunk, sizeof chunk)) > 0)
        buf_append(&content, chunk, (size_t)got);
    close(fd);
    return buf_steal(&content);
}

char *harness_log(const struct harness *harness)
{
    char path[96];
    snprintf(path, sizeof path, "%s/log", harness->folder);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return read_all(fd);
}

char *harness_file(const char *path)
{
    char full[512];
    const char *source = getenv("WARTA_SOURCE_DIR");
    snprintf(full, sizeof full, "%s/%s", source == NULL ? "." : source, path);
    int fd = open(full, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("%s cannot be read", full);
    return read_all(fd);
}
