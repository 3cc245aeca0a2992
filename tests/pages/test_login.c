/* Letting staff in and keeping others out: login, links that set a password, the account, users. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"
#include "warta/newsroom/login_gate.h"

enum { MEMORY_KIB = 8 * 1024 };

static const char password[] = "the tiger swims at dawn";
static const struct actor nobody = {0, "command line"};

/* A browser: it keeps one cookie and the form token of the page it saw last. */
struct browser {
    struct harness harness;
    struct store *store;
    char cookie[256];
    char csrf[SESSION_TOKEN_CAP];
    struct response response;
};

static void open_browser(struct browser *browser)
{
    char error[256] = "";
    *browser = (struct browser){0};
    harness_open(&browser->harness, "[]", NULL);
    browser->harness.site.password_memory_kib = MEMORY_KIB;
    browser->harness.site.upload_max = 1 << 20;
    browser->harness.site.trusted_proxies = "127.0.0.0/8";
    browser->store = store_open(browser->harness.database, STORE_WRITE, &browser->harness.log, error, sizeof error);
    assert_non_null(browser->store);
    response_init(&browser->response);
}

static void close_browser(struct browser *browser)
{
    response_release(&browser->response);
    store_destroy(browser->store);
    harness_close(&browser->harness);
}

static int64_t add_user(struct browser *browser, const char *name, const char *role)
{
    int64_t id = 0;
    assert_int_equal(user_add(browser->store, nobody, name, role, password, MEMORY_KIB, HARNESS_NOW_UNIX, &id, NULL),
                     USER_OK);
    return id;
}

/* What a page's hidden field holds. */
static void read_field(const struct browser *browser, const char *name, char *value, size_t value_len)
{
    char mark[64];
    snprintf(mark, sizeof mark, "name=\"%s\" value=\"", name);
    const char *at = strstr(buf_string(&browser->response.body), mark);
    *value = '\0';
    if (at != NULL)
        snprintf(value, value_len, "%.*s", (int)strcspn(at + strlen(mark), "\""), at + strlen(mark));
}

static void keep_cookie(struct browser *browser)
{
    const char *set = response_header_get(&browser->response, "Set-Cookie");
    if (set != NULL)
        snprintf(browser->cookie, sizeof browser->cookie, "%.*s", (int)strcspn(set, ";"), set);
    char csrf[SESSION_TOKEN_CAP];
    read_field(browser, "csrf", csrf, sizeof csrf);
    if (*csrf != '\0')
        memcpy(browser->csrf, csrf, sizeof csrf);
}

static int ask(struct browser *browser, enum method method, const char *target, const char *body)
{
    const struct header headers[] = {{"Origin", "http://news.example"},
                                     {"Content-Type", "application/x-www-form-urlencoded"},
                                     {"X-Forwarded-For", "203.0.113.9"},
                                     {"User-Agent", "Browser <1>"},
                                     {"Cookie", browser->cookie}};
    char *path = strdup(target);
    char *mark = strchr(path, '?');
    if (mark != NULL)
        *mark = '\0';
    const struct request request = {.method = method,
                                    .path = path,
                                    .query = mark == NULL ? "" : mark + 1,
                                    .headers = headers,
                                    .headers_len = *browser->cookie == '\0' ? 4 : 5,
                                    .body = body,
                                    .body_len = strlen(body),
                                    .client = "127.0.0.1"};
    response_release(&browser->response);
    response_init(&browser->response);
    struct harness *harness = &browser->harness;
    struct match match;
    match_init(&match, harness->site.base.prefix, &request);
    bool reads = match.route == NULL || match.route->lane <= LANE_READ;
    app_answer(reads ? harness->app : harness->staff, &request, &match, &browser->response);
    match_release(&match);
    free(path);
    keep_cookie(browser);
    return browser->response.status;
}

static int get(struct browser *browser, const char *target)
{
    return ask(browser, METHOD_GET, target, "");
}

/* Posts a form with the token of the page before. */
static int post(struct browser *browser, const char *target, const char *form)
{
    char *body = NULL;
    assert_true(asprintf(&body, "csrf=%s&%s", browser->csrf, form) > 0);
    int status = ask(browser, METHOD_POST, target, body);
    free(body);
    return status;
}

static void check_says(const struct browser *browser, const char *words, bool says)
{
    if ((strstr(buf_string(&browser->response.body), words) != NULL) != says)
        fail_msg("the page %s \"%s\": %s", says ? "does not say" : "says", words, buf_string(&browser->response.body));
}

static void check_location(const struct browser *browser, const char *path)
{
    const char *location = response_header_get(&browser->response, "Location");
    assert_non_null(location);
    assert_string_equal(location, path);
}

static int log_in(struct browser *browser, const char *name)
{
    char form[256];
    assert_int_equal(get(browser, "/admin/login"), 200);
    snprintf(form, sizeof form, "username=%s&password=the+tiger+swims+at+dawn", name);
    return post(browser, "/admin/login", form);
}

/* --- login --- */

static void test_login(void **state)
{
    (void)state;
    struct browser browser;
    char before[sizeof browser.cookie];
    open_browser(&browser);
    add_user(&browser, "Ana", "editor");
    assert_int_equal(get(&browser, "/admin/account"), 303);
    check_location(&browser, "/admin/login?next=%2Fadmin%2Faccount");
    assert_int_equal(get(&browser, "/admin/login?next=%2Fadmin%2Faccount"), 200);
    check_says(&browser, "name=\"next\" value=\"/admin/account\"", true);
    memcpy(before, browser.cookie, sizeof before);
    assert_int_equal(post(&browser, "/admin/login", "username=Ana&password=hunter2+hunter2&next=/admin/account"), 422);
    check_says(&browser, "That name and password do not fit.", true);
    check_says(&browser, "value=\"Ana\"", true);
    check_says(&browser, "hunter2", false);
    assert_int_equal(
        post(&browser, "/admin/login", "username=ana&password=the+tiger+swims+at+dawn&next=/admin/account"), 303);
    check_location(&browser, "/admin/account");
    assert_string_not_equal(browser.cookie, before);
    assert_int_equal(get(&browser, "/admin/account"), 200);
    check_says(&browser, "Browser &lt;1&gt;", true);
    check_says(&browser, "203.0.113.9", true);
    assert_int_equal(get(&browser, "/admin/login"), 303);
    check_location(&browser, "/admin");
    /* the cookie from before the login is worth nothing */
    char live[sizeof browser.cookie];
    memcpy(live, browser.cookie, sizeof live);
    memcpy(browser.cookie, before, sizeof before);
    assert_int_equal(get(&browser, "/admin/account"), 303);
    memcpy(browser.cookie, live, sizeof live);
    assert_int_equal(get(&browser, "/admin/account"), 200);
    assert_int_equal(post(&browser, "/admin/logout", ""), 303);
    check_location(&browser, "/admin/login");
    assert_non_null(strstr(response_header_get(&browser.response, "Set-Cookie"), "Max-Age=0"));
    memcpy(browser.cookie, live, sizeof live);
    assert_int_equal(get(&browser, "/admin/account"), 303);
    close_browser(&browser);
}

static void test_next(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"/admin", "/admin"},
        {"/admin?status=draft&q=a%2520b", "/admin?status=draft&q=a%20b"},
        {"/admin/items/12/revisions?compare=3", "/admin/items/12/revisions?compare=3"},
        {"//evil.example", "/admin"},
        {"/admin//evil.example", "/admin"},
        {"https://evil.example/admin", "/admin"},
        {"/\\evil.example", "/admin"},
        {"/admin/\\evil.example", "/admin"},
        {"/admin/../../evil", "/admin"},
        {"/admin/%2e%2e/evil", "/admin"},
        {"/administrator", "/admin"},
        {"/", "/admin"},
        {"javascript:alert(1)", "/admin"},
        {"/admin%250d%250aSet-Cookie:x", "/admin"},
        {"/admin%3f%0d%0aSet-Cookie:x", "/admin"},
        {"", "/admin"},
    };
    struct browser browser;
    open_browser(&browser);
    add_user(&browser, "Ana", "editor");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char form[256];
        struct buf next = BUF_EMPTY;
        *browser.cookie = '\0';
        assert_int_equal(get(&browser, "/admin/login"), 200);
        for (const char *c = cases[i][0]; *c != '\0'; c++)
            buf_text(&next, *c == '&' ? "%26" : (const char[]){*c, '\0'});
        snprintf(form, sizeof form, "username=Ana&password=the+tiger+swims+at+dawn&next=%s", buf_string(&next));
        assert_int_equal(post(&browser, "/admin/login", form), 303);
        check_location(&browser, cases[i][1]);
        buf_release(&next);
    }
    close_browser(&browser);
}

static void check_row(struct browser *browser, const char *sql, const char *value)
{
    char *got = harness_query(&browser->harness, sql);
    assert_string_equal(got, value);
    free(got);
}

static void test_throttle(void **state)
{
    (void)state;
    struct browser browser;
    struct browser at_work;
    open_browser(&browser);
    add_user(&browser, "Ana", "editor");
    assert_int_equal(log_in(&browser, "Ana"), 303);
    memcpy(at_work.cookie, browser.cookie, sizeof at_work.cookie);
    *browser.cookie = '\0';
    assert_int_equal(get(&browser, "/admin/login"), 200);
    for (int i = 0; i < 6; i++)
        assert_int_equal(post(&browser, "/admin/login", "username=Ana&password=x"), 422);
    assert_int_equal(post(&browser, "/admin/login", "username=Ana&password=the+tiger+swims+at+dawn"), 429);
    assert_string_equal(response_header_get(&browser.response, "Retry-After"), "2");
    check_says(&browser, "Too many attempts. Try again in 2 seconds.", true);
    check_says(&browser, "tiger", false);
    memcpy(browser.cookie, at_work.cookie, sizeof at_work.cookie);
    assert_int_equal(get(&browser, "/admin/account"), 200);
    close_browser(&browser);
}

/* A network that failed under many names is refused before its forms are read, unless it is one that staff come from. */
static void test_gate(void **state)
{
    (void)state;
    struct browser browser;
    char form[64];
    open_browser(&browser);
    struct login_gate *gate = browser.harness.site.gate = login_gate_create();
    int64_t ana = add_user(&browser, "Ana", "editor");
    assert_int_equal(get(&browser, "/admin/login"), 200);
    for (int i = 0; i < 21; i++) {
        snprintf(form, sizeof form, "username=guess%d&password=x", i);
        assert_int_equal(post(&browser, "/admin/login", form), 422);
    }
    assert_int_equal(login_gate_wait_s(gate, "203.0.113.9", HARNESS_NOW_UNIX), 0);
    assert_int_equal(post(&browser, "/admin/login", "username=Ana&password=the+tiger+swims+at+dawn"), 429);
    assert_int_equal(login_gate_wait_s(gate, "203.0.113.9", HARNESS_NOW_UNIX), 2);
    login_gate_destroy(gate);
    gate = browser.harness.site.gate = login_gate_create();
    assert_true(login_know_network(browser.store, ana, "Ana", "203.0.113.1", HARNESS_NOW_UNIX));
    assert_int_equal(post(&browser, "/admin/login", "username=guess&password=x"), 429);
    assert_int_equal(login_gate_wait_s(gate, "203.0.113.9", HARNESS_NOW_UNIX), 0);
    assert_int_equal(log_in(&browser, "Ana"), 303);
    login_gate_destroy(gate);
    close_browser(&browser);
}

/* --- links --- */

static void test_setup(void **state)
{
    (void)state;
    struct browser browser;
    char token[TOKEN_CAP];
    char target[128];
    char form[256];
    open_browser(&browser);
    assert_true(token_make(browser.store, "setup", 0, 0, HARNESS_NOW_UNIX + SETUP_LIFE_S, token));
    snprintf(target, sizeof target, "/admin/setup?token=%s", token);
    assert_int_equal(get(&browser, "/admin/setup"), 410);
    assert_int_equal(get(&browser, "/admin/setup?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), 410);
    check_says(&browser, "does not work any more", true);
    assert_int_equal(get(&browser, target), 200);
    check_says(&browser, "Make the first admin", true);
    snprintf(form, sizeof form, "token=%s&name=&password=short&password2=short", token);
    assert_int_equal(post(&browser, "/admin/setup", form), 422);
    check_says(&browser, "The user name is missing.", true);
    check_says(&browser, "The password is shorter than 12 characters.", true);
    snprintf(form, sizeof form, "token=%s&name=Ana&password=the+tiger+swims+at+dawn&password2=the+tiger", token);
    assert_int_equal(post(&browser, "/admin/setup", form), 422);
    check_says(&browser, "The two passwords differ.", true);
    check_says(&browser, "tiger", false);
    assert_int_equal(user_none(browser.store), 1);
    snprintf(form, sizeof form, "token=%s&name=Ana&password=the+tiger+swims+at+dawn&password2=the+tiger+swims+at+dawn",
             token);
    assert_int_equal(post(&browser, "/admin/setup", form), 303);
    check_location(&browser, "/admin");
    check_row(&browser, "SELECT count(*) FROM login_network", "1");
    assert_int_equal(get(&browser, "/admin/users"), 200);
    check_says(&browser, "Ana", true);
    assert_int_equal(get(&browser, target), 410);
    /* a link that is left over is no way in once there are users */
    assert_true(token_make(browser.store, "setup", 0, 0, HARNESS_NOW_UNIX + SETUP_LIFE_S, token));
    assert_int_equal(get(&browser, "/admin/account"), 200);
    snprintf(form, sizeof form, "token=%s&name=Eva&password=the+tiger+swims+at+dawn&password2=the+tiger+swims+at+dawn",
             token);
    assert_int_equal(post(&browser, "/admin/setup", form), 410);
    close_browser(&browser);
}

/* An admin adds a user without a password, who chooses one by the link; then it is used up. */
static void test_invitation(void **state)
{
    (void)state;
    struct browser browser;
    char target[128];
    char form[256];
    open_browser(&browser);
    add_user(&browser, "Ana", "admin");
    assert_int_equal(log_in(&browser, "Ana"), 303);
    assert_int_equal(get(&browser, "/admin/users"), 200);
    assert_int_equal(post(&browser, "/admin/users", "username=&role=editor&password="), 422);
    assert_int_equal(post(&browser, "/admin/users", "username=Boris&role=editor&password=short"), 422);
    check_says(&browser, "The password is shorter than 12 characters.", true);
    check_says(&browser, "value=\"Boris\"", true);
    assert_int_equal(post(&browser, "/admin/users", "username=ana&role=editor&password="), 422);
    check_says(&browser, "There is a user of that name already.", true);
    assert_int_equal(post(&browser, "/admin/users", "username=Boris&role=editor&password="), 200);
    const char *link = strstr(buf_string(&browser.response.body), "http://news.example/admin/reset?token=");
    assert_non_null(link);
    link += strlen("http://news.example");
    snprintf(target, sizeof target, "%.*s", (int)(strlen("/admin/reset?token=") + TOKEN_CAP - 1), link);
    *browser.cookie = '\0';
    assert_int_equal(log_in(&browser, "Boris"), 422);
    assert_int_equal(get(&browser, target), 200);
    check_says(&browser, "value=\"Boris\"", true);
    snprintf(form, sizeof form, "%s&password=a+brand+new+one&password2=a+brand+new+one", strstr(target, "token="));
    assert_int_equal(post(&browser, "/admin/reset", form), 303);
    assert_int_equal(get(&browser, "/admin/account"), 200);
    check_says(&browser, "Boris", true);
    assert_int_equal(get(&browser, "/admin/users"), 403);
    assert_int_equal(get(&browser, target), 410);
    assert_int_equal(get(&browser, "/admin/account"), 200);
    assert_int_equal(post(&browser, "/admin/reset", form), 410);
    close_browser(&browser);
}

/* --- users and the account --- */

static void test_users(void **state)
{
    (void)state;
    struct browser browser;
    char target[64];
    open_browser(&browser);
    int64_t ana = add_user(&browser, "Ana", "admin");
    int64_t boris = add_user(&browser, "Boris <b>", "editor");
    assert_int_equal(log_in(&browser, "Ana"), 303);
    assert_int_equal(get(&browser, "/admin/users"), 200);
    check_says(&browser, "Boris &lt;b&gt;", true);
    snprintf(target, sizeof target, "/admin/users/%lld", (long long)ana);
    assert_int_equal(post(&browser, target, "do=disable"), 422);
    check_says(&browser, "This is the last admin.", true);
    assert_int_equal(post(&browser, target, "do=editor"), 422);
    snprintf(target, sizeof target, "/admin/users/%lld", (long long)boris);
    assert_int_equal(post(&browser, target, "do=admin"), 303);
    check_location(&browser, "/admin/users?done=changed&undo=1");
    assert_int_equal(get(&browser, "/admin/users?done=changed&undo=1"), 200);
    check_says(&browser, "action=\"/admin/users/undo\"", true);
    assert_int_equal(post(&browser, "/admin/users/undo", "undo=1"), 303);
    check_location(&browser, "/admin/users?done=undone&undo=2");
    assert_int_equal(get(&browser, "/admin/users"), 200);
    check_says(&browser, "Make an editor<span class=\"hide\"> of Boris", false);
    assert_int_equal(post(&browser, "/admin/users/undo", "undo=1"), 409);
    check_says(&browser, "cannot be undone any more", true);
    assert_int_equal(post(&browser, "/admin/files/undo", "undo=2"), 409);
    assert_int_equal(post(&browser, "/admin/types/undo", "undo=2"), 409);
    assert_int_equal(post(&browser, target, "do=disable"), 303);
    assert_int_equal(post(&browser, target, "do=reset"), 422);
    assert_int_equal(post(&browser, target, "do=enable"), 303);
    assert_int_equal(post(&browser, target, "do=reset"), 200);
    check_says(&browser, "/admin/reset?token=", true);
    assert_int_equal(post(&browser, target, "do=dance"), 400);
    assert_int_equal(post(&browser, "/admin/users/999", "do=disable"), 404);
    assert_int_equal(post(&browser, "/admin/users/999", "do=reset"), 404);
    assert_int_equal(post(&browser, "/admin/users/x", "do=disable"), 404);
    assert_int_equal(post(&browser, "/admin/users", "username=Chea&role=admin&password=a+brand+new+one"), 303);
    check_location(&browser, "/admin/users?done=added&undo=5");
    close_browser(&browser);
}

/* The token of the link that the page shows. */
static void read_link(const struct browser *browser, char token[static TOKEN_CAP])
{
    const char *link = strstr(buf_string(&browser->response.body), "/admin/reset?token=");
    assert_non_null(link);
    snprintf(token, TOKEN_CAP, "%s", link + strlen("/admin/reset?token="));
}

/* Who was added by mistake goes again, with the link for their first password; who was here by then is shut out. */
static void test_undo_of_a_new_user(void **state)
{
    (void)state;
    struct browser browser;
    char token[TOKEN_CAP], target[128], ana[sizeof browser.cookie], chea[sizeof browser.cookie];
    open_browser(&browser);
    add_user(&browser, "Ana", "admin");
    assert_int_equal(log_in(&browser, "Ana"), 303);
    assert_int_equal(get(&browser, "/admin/users"), 200);
    assert_int_equal(post(&browser, "/admin/users", "username=Boris&role=editor&password="), 200);
    check_says(&browser, "Added.", true);
    check_says(&browser, "name=\"undo\" value=\"1\"", true);
    read_link(&browser, token);
    assert_int_equal(post(&browser, "/admin/users/undo", "undo=1"), 303);
    check_location(&browser, "/admin/users?done=undone");
    check_row(&browser, "SELECT count(*) FROM user WHERE name = 'Boris'", "0");
    snprintf(target, sizeof target, "/admin/reset?token=%s", token);
    assert_int_equal(get(&browser, target), 410);
    assert_int_equal(get(&browser, "/admin/activity"), 200);
    check_says(&browser, "<p>user deleted by <bdi>Ana</bdi></p>", true);
    assert_int_equal(post(&browser, "/admin/users/undo", "undo=1"), 409);
    assert_int_equal(post(&browser, "/admin/users", "username=Chea&role=editor&password=the+tiger+swims+at+dawn"), 303);
    check_location(&browser, "/admin/users?done=added&undo=2");
    memcpy(ana, browser.cookie, sizeof ana);
    *browser.cookie = '\0';
    assert_int_equal(log_in(&browser, "Chea"), 303);
    assert_int_equal(get(&browser, "/admin/account"), 200);
    assert_int_equal(post(&browser, "/admin/users/undo", "undo=2"), 403);
    memcpy(chea, browser.cookie, sizeof chea);
    memcpy(browser.cookie, ana, sizeof ana);
    assert_int_equal(get(&browser, "/admin/users"), 200);
    assert_int_equal(post(&browser, "/admin/users/undo", "undo=2"), 303);
    check_location(&browser, "/admin/users?done=undone&undo=3");
    check_row(&browser, "SELECT disabled FROM user WHERE name = 'Chea'", "1");
    check_row(&browser, "SELECT count(*) FROM undo WHERE kind = 'add user'", "0");
    memcpy(browser.cookie, chea, sizeof chea);
    assert_int_equal(get(&browser, "/admin/account"), 303);
    close_browser(&browser);
}

/* A link for a new password that was made for the wrong one is ended by its Undo. */
static void test_undo_of_a_password_link(void **state)
{
    (void)state;
    struct browser browser;
    char token[TOKEN_CAP], target[128];
    open_browser(&browser);
    add_user(&browser, "Ana", "admin");
    snprintf(target, sizeof target, "/admin/users/%lld", (long long)add_user(&browser, "Boris", "editor"));
    assert_int_equal(log_in(&browser, "Ana"), 303);
    assert_int_equal(get(&browser, "/admin/users"), 200);
    assert_int_equal(post(&browser, target, "do=reset"), 200);
    check_says(&browser, "name=\"do\" value=\"unlink\"", true);
    read_link(&browser, token);
    assert_int_equal(post(&browser, target, "do=unlink&action=undo"), 303);
    check_location(&browser, "/admin/users?done=unlinked");
    snprintf(target, sizeof target, "/admin/reset?token=%s", token);
    assert_int_equal(get(&browser, target), 410);
    assert_int_equal(get(&browser, "/admin/activity"), 200);
    check_says(&browser, "link for a new password made by <bdi>Ana", true);
    check_says(&browser, "link for a new password ended by <bdi>Ana", true);
    assert_int_equal(post(&browser, "/admin/users/999", "do=unlink"), 404);
    close_browser(&browser);
}

static void test_account(void **state)
{
    (void)state;
    struct browser browser;
    char other[sizeof browser.cookie];
    open_browser(&browser);
    int64_t ana = add_user(&browser, "Ana", "editor");
    assert_int_equal(log_in(&browser, "Ana"), 303);
    memcpy(other, browser.cookie, sizeof other);
    *browser.cookie = '\0';
    assert_int_equal(log_in(&browser, "Ana"), 303);
    assert_int_equal(get(&browser, "/admin/account"), 200);
    check_says(&browser, "End all but this one", true);
    assert_int_equal(post(&browser, "/admin/account/password", "old=x&password=short&password2=short"), 422);
    check_says(&browser, "The password is shorter than 12 characters.", true);
    assert_int_equal(
        post(&browser, "/admin/account/password", "old=wrong&password=a+brand+new+one&password2=a+brand+new+one"), 422);
    check_says(&browser, "That is not your present password.", true);
    assert_int_equal(post(&browser, "/admin/account/password",
                          "old=the+tiger+swims+at+dawn&password=a+brand+new+one&password2=a+brand+new+one"),
                     303);
    check_location(&browser, "/admin/account?done=password");
    assert_int_equal(get(&browser, "/admin/account?done=password"), 200);
    check_says(&browser, "End all but this one", false);
    char mine[sizeof browser.cookie];
    memcpy(mine, browser.cookie, sizeof mine);
    memcpy(browser.cookie, other, sizeof other);
    assert_int_equal(get(&browser, "/admin/account"), 303);
    memcpy(browser.cookie, mine, sizeof mine);
    assert_int_equal(get(&browser, "/admin/account"), 200);
    char token[SESSION_TOKEN_CAP];
    assert_true(session_start(browser.store, ana, "", "", HARNESS_NOW_UNIX, token));
    assert_int_equal(post(&browser, "/admin/account/sessions", "others=1"), 303);
    json_t *ended = session_find(browser.store, token, HARNESS_NOW_UNIX);
    assert_true(json_is_null(ended));
    assert_int_equal(post(&browser, "/admin/account/sessions", ""), 400);
    assert_int_equal(post(&browser, "/admin/account/sessions", "session_id=999"), 303);
    assert_int_equal(get(&browser, "/admin/account"), 200);
    close_browser(&browser);
}

/* A posted form whose session has ended travels through the login, wrong passwords included. */
static void test_carry(void **state)
{
    (void)state;
    struct browser browser;
    open_browser(&browser);
    add_user(&browser, "Ana", "editor");
    assert_int_equal(get(&browser, "/admin/login"), 200);
    assert_int_equal(post(&browser, "/admin/items", "title=Two+%3Cb%3E+words%26more&type=news"), 403);
    char carry[512];
    read_field(&browser, "carry", carry, sizeof carry);
    assert_non_null(strstr(carry, "title=Two%20%3Cb%3E%20words%26more"));
    static const char login[] =
        "username=Ana&carry_path=/admin/items&carry=title%3DTwo%2520words%26type%3Dnews&password=";
    char form[512];
    snprintf(form, sizeof form, "%swrong", login);
    assert_int_equal(post(&browser, "/admin/login", form), 422);
    check_says(&browser, "name=\"carry\" value=\"title=Two%20words&amp;type=news\"", true);
    snprintf(form, sizeof form, "%sthe+tiger+swims+at+dawn", login);
    assert_int_equal(post(&browser, "/admin/login", form), 200);
    check_says(&browser, "Two words", true);
    close_browser(&browser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_throttle),
        cmocka_unit_test(test_gate),
        cmocka_unit_test(test_setup),
        cmocka_unit_test(test_invitation),
        cmocka_unit_test(test_users),
        cmocka_unit_test(test_account),
        cmocka_unit_test(test_carry),
        cmocka_unit_test(test_undo_of_a_new_user),
        cmocka_unit_test(test_undo_of_a_password_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
