#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/harness.h"
#include "warta/newsroom/session.h"

static const char items[] = "[{\"slug\":\"alpha\",\"type\":\"news\",\"title\":\"Alpha "
                            "news\",\"summary\":\"First.\",\"body\":\"One *two* three.\",\"date\":\"2020-03-01\","
                            "\"places\":[\"Korea, Republic of\",\"Nepal\"],\"publish_at\":\"2020-03-01T02:00:30Z\"},"
                            "{\"slug\":\"beta\",\"type\":\"event\",\"title\":\"Beta "
                            "<b>event</b>\",\"event\":{\"starts\":\"2020-04-25T09:00\",\"venue\":\"Hanoi\"},"
                            "\"lang\":\"km\",\"status\":\"draft\"}]";

/* --- somebody who works here --- */

struct desk {
    struct harness site;
    struct harness_session session;
    bool logged_out;
};

static int desk_open(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    harness_open(&desk->site, items, NULL);
    desk->session = harness_login(&desk->site, "Ana", "editor");
    *state = desk;
    return 0;
}

static int desk_close(void **state)
{
    struct desk *desk = *state;
    harness_close(&desk->site);
    free(desk);
    return 0;
}

static struct response get(struct desk *desk, const char *target)
{
    return harness_send(&desk->site, &(const struct harness_message){
                                         .target = target, .session = desk->logged_out ? NULL : &desk->session});
}

/* Sends a form with files. */
static struct response post_files(struct desk *desk, const char *target, const char *form, const struct upload *uploads,
                                  size_t uploads_len)
{
    return harness_send(&desk->site,
                        &(const struct harness_message){.method = "POST",
                                                        .target = target,
                                                        .origin = "http://news.example",
                                                        .body = form,
                                                        .uploads = uploads,
                                                        .uploads_len = uploads_len,
                                                        .session = desk->logged_out ? NULL : &desk->session});
}

static struct response post(struct desk *desk, const char *target, const char *form)
{
    return post_files(desk, target, form, NULL, 0);
}

/* --- what came back --- */

static void expect_status(const struct response *response, int status)
{
    if (response->status != status)
        fail_msg("%d instead of %d:\n%s", response->status, status, buf_string(&response->body));
}

static void expect_has(const struct response *response, const char *words)
{
    if (strstr(buf_string(&response->body), words) == NULL)
        fail_msg("'%s' is not in\n%s", words, buf_string(&response->body));
}

static void expect_not(const struct response *response, const char *words)
{
    if (strstr(buf_string(&response->body), words) != NULL)
        fail_msg("'%s' is in\n%s", words, buf_string(&response->body));
}

static void expect_location(struct response *response, const char *location)
{
    expect_status(response, 303);
    assert_string_equal(response_header_get(response, "Location"), location);
    response_release(response);
}

/* A page that must be there, with words that must and must not be on it (NULL: none). */
static void expect_page(struct desk *desk, const char *target, int status, const char *has, const char * not )
{
    struct response response = get(desk, target);
    expect_status(&response, status);
    if (has != NULL)
        expect_has(&response, has);
    if (not != NULL)
        expect_not(&response, not );
    response_release(&response);
}

/* Undoes the escapes of the templates, in place. */
static void unescape(char *text)
{
    static const char *const escapes[][2] = {
        {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}};
    char *to = text;
    while (*text != '\0') {
        size_t i = 0;
        while (i < 5 && strncmp(text, escapes[i][0], strlen(escapes[i][0])) != 0)
            i++;
        *to++ = i < 5 ? escapes[i][1][0] : *text;
        text += i < 5 ? strlen(escapes[i][0]) : 1;
    }
    *to = '\0';
}

/* The value of an attribute of the tag at `tag` (*owned*), or NULL. */
static char *attribute(const char *tag, const char *name)
{
    char mark[32];
    const char *end = strchr(tag, '>');
    snprintf(mark, sizeof mark, " %s=\"", name);
    const char *at = strstr(tag, mark);
    if (at == NULL || at > end)
        return NULL;
    at += strlen(mark);
    char *value = strndup(at, strcspn(at, "\""));
    unescape(value);
    return value;
}

static bool tag_has(const char *tag, const char *word)
{
    const char *at = strstr(tag, word);
    return at != NULL && at < strchr(tag, '>');
}

/* What a browser would send of the page's form: hidden inputs and chosen radio buttons, but not the token (*owned*). */
static char *form_of_page(const struct response *response, const char *form)
{
    struct buf out = BUF_EMPTY;
    const char *at = strstr(buf_string(&response->body), form);
    assert_non_null(at);
    const char *end = strstr(at, "</form>");
    for (; (at = strstr(at, "<input")) != NULL && at < end; at++) {
        char *name = attribute(at, "name");
        char *value = attribute(at, "value");
        bool sent = tag_has(at, "type=\"hidden\"") || (tag_has(at, "type=\"radio\"") && tag_has(at, " checked"));
        if (sent && name != NULL && strcmp(name, "csrf") != 0) {
            buf_text(&out, out.len == 0 ? "" : "&");
            url_encode(&out, name);
            buf_char(&out, '=');
            url_encode(&out, value == NULL ? "" : value);
        }
        free(name);
        free(value);
    }
    return buf_steal(&out);
}

/* --- pages --- */

struct page_row {
    const char *target;
    int status;
    const char *has, *not ;
};

static const struct page_row page_rows[] = {
    {"/admin", 200, "Alpha news", "<b>event</b>"},
    {"/admin?status=draft", 200, "Beta &lt;b&gt;event", "Alpha news"},
    {"/admin?status=published&type=news&sort=title", 200, "Alpha news", "Beta"},
    {"/admin?q=alpha+first", 200, "Alpha news", "Beta"},
    {"/admin?q=%3Cscript%3E", 200, "&lt;script&gt;", "<script>"},
    {"/admin?status=nonsense&sort=nonsense", 200, "Alpha news", NULL},
    {"/admin?after=nonsense", 200, "Alpha news", NULL},
    {"/admin?done=bulk&undo=1.2+3.4&left=1", 200, "name=\"item\" value=\"3.4\"", NULL},
    {"/admin?done=bulk&undo=1.2+%22x", 200, "Done for all", "name=\"item\" value=\"1.2\""},
    {"/admin?done=bulk&undo=+", 200, "Done for all", ">Undo<"},
    {"/admin/items/1?done=linked&undo=admin", 200, "Alpha news", "/admin/users/1"},
    {"/admin/items/1/revisions?done=linked&undo=disable", 200, "Alpha news", "/admin/users/1"},
    {"/admin/items/new", 200, "value=\"2026-11-23\"", "Worth a look"},
    {"/admin/items/new?type=event", 200, "<option value=\"event\" selected>", NULL},
    {"/admin/items/1", 200, "&quot;Korea, Republic of&quot;, Nepal", NULL},
    {"/admin/items/1", 200, "value=\"2020-03-01T09:00\"", NULL},
    {"/admin/items/2", 200, "Beta &lt;b&gt;event", "<b>event"},
    {"/admin/items/2", 200, "There is no summary", NULL},
    {"/admin/items/2?cleaned=%3Cb%3E", 200, "Left out: &lt;b&gt;.", "<b>."},
    {"/admin/items/99", 404, NULL, NULL},
    {"/admin/items/x", 404, NULL, NULL},
    {"/admin/items/0", 404, NULL, NULL},
    {"/admin/items/99999999999999999999", 404, NULL, NULL},
    {"/admin/items/1/preview", 200, "<em>two</em>", NULL},
    {"/admin/items/2/preview", 200, "readers do not see it", "<b>event"},
    {"/admin/items/99/preview", 404, NULL, NULL},
    {"/admin/items/1/revisions", 200, "Alpha news", NULL},
    {"/admin/items/99/revisions", 404, NULL, NULL},
    {"/admin/items/1/revisions/1", 404, NULL, NULL},
    {"/admin/activity", 200, "Activity", NULL},
    {"/admin/activity?user=1&item=1&action=save&before=5", 200, "Nothing was done", NULL},
    {"/preview/nothing", 410, NULL, NULL},
};

static void test_pages(void **state)
{
    for (size_t i = 0; i < sizeof page_rows / sizeof *page_rows; i++) {
        const struct page_row *row = &page_rows[i];
        expect_page(*state, row->target, row->status, row->has, row->not );
    }
}

/* Nobody who is not logged in sees any of it. */
static void test_nobody(void **state)
{
    struct desk *desk = *state;
    desk->logged_out = true;
    for (size_t i = 0; i < sizeof page_rows / sizeof *page_rows; i++) {
        if (strncmp(page_rows[i].target, "/admin", 6) != 0)
            continue;
        struct response response = get(desk, page_rows[i].target);
        expect_status(&response, 303);
        assert_non_null(strstr(response_header_get(&response, "Location"), "/admin/login"));
        response_release(&response);
    }
}

/* --- making and saving --- */

static void test_create(void **state)
{
    struct desk *desk = *state;
    static const char form[] = "request_id=r1&action=publish&type=news&title=Gamma+%26+delta&body=Hello+%2Athere%2A&"
                               "places=Fiji,+%22Lao+PDR,+north%22&lang=&slug=&publish_at=&date=2026-11-23";
    struct response first = post(desk, "/admin/items", form);
    expect_location(&first, "/admin/items/3?done=published&item=3&version=1");
    struct response again = post(desk, "/admin/items", form);
    expect_location(&again, "/admin/items/3?done=published&item=3&version=1");
    expect_page(desk, "/items/gamma-delta", 200, "Gamma &amp; delta", NULL);
    expect_page(desk, "/", 200, "Gamma &amp; delta", NULL);
    expect_page(desk, "/items/gamma-delta", 200, "Lao PDR, north</a>", NULL);
    expect_page(desk, "/admin/items/4", 404, NULL, NULL);
    expect_page(desk, "/admin/activity", 200, "Gamma &amp; delta", NULL);
}

struct refused_row {
    const char *target, *form;
    const char *has, *has_too;
};

static const struct refused_row refused_rows[] = {
    {"/admin/items", "action=save&type=news&title=&body=Kept", "Title is missing.", ">\nKept</textarea>"},
    {"/admin/items", "action=save&type=news&title=%E2%80%AE%E2%80%8F+%E2%80%8B&body=Kept", "Title is missing.",
     ">\nKept</textarea>"},
    {"/admin/items", "action=publish&type=gossip&title=T", "Type is none of the types.", ">T</textarea>"},
    {"/admin/items", "action=save&type=news&title=T&link=javascript:alert(1)", "Link is not an http or https address.",
     "value=\"javascript:alert(1)\""},
    {"/admin/items", "action=save&type=news&title=T&slug=alpha", "Address", "value=\"alpha\""},
    {"/admin/items", "action=save&type=news&title=T&publish_at=soon", "Publish at is not a date and time",
     "value=\"soon\""},
    {"/admin/items", "action=save&type=event&title=T&event_starts=2020-02-02&event_ends=2020-02-01",
     "Event ends is before it begins.", "value=\"2020-02-01\""},
    {"/admin/items/1", "version=1&action=save&title=%3Cscript%3E&date=never", "Date is not a date",
     "&lt;script&gt;</textarea>"},
    {"/admin/items/1", "version=1&action=save&file_id=77&file_alt=x", "no longer in the library", NULL},
    {"/admin/items/1", "version=1&action=save&title=%E2%80%AE%00x", NULL, NULL},
    {"/admin/items/99", "version=1&action=save&type=news&title=Gone", "deleted for good", ">Gone</textarea>"},
};

/* A mistake is said beside its field, what was typed stands there again, and nothing is stored. */
static void test_refused(void **state)
{
    struct desk *desk = *state;
    for (size_t i = 0; i < sizeof refused_rows / sizeof *refused_rows; i++) {
        const struct refused_row *row = &refused_rows[i];
        struct response response = post(desk, row->target, row->form);
        expect_status(&response, row->has == NULL ? 400 : 422);
        expect_has(&response, row->has == NULL ? "The form contains characters that are not text" : row->has);
        expect_not(&response, "The address holds");
        if (row->has_too != NULL)
            expect_has(&response, row->has_too);
        expect_not(&response, "<script>");
        response_release(&response);
    }
    char *title = malloc(1000100);
    memcpy(title, "type=news&title=", 17);
    memset(title + 16, 'x', 1000000);
    title[1000016] = '\0';
    struct response response = post(desk, "/admin/items", title);
    expect_status(&response, 422);
    expect_has(&response, "Title is longer than 300 characters.");
    response_release(&response);
    free(title);
    expect_page(desk, "/admin/items/3", 404, NULL, NULL);
    expect_page(desk, "/admin/items/1", 200, "name=\"version\" value=\"1\"", NULL);
}

static void test_save(void **state)
{
    struct desk *desk = *state;
    struct response saved = post(desk, "/admin/items/1", "version=1&request_id=s1&action=save&title=Alpha+two");
    expect_location(&saved, "/admin/items/1?done=saved&item=1&version=2&to=1");
    struct response again = post(desk, "/admin/items/1", "version=1&request_id=s1&action=save&title=Alpha+two");
    expect_location(&again, "/admin/items/1?done=saved&item=1&version=2&to=1");
    expect_page(desk, "/items/alpha.json", 200, "Korea, Republic of", NULL);
    expect_page(desk, "/items/alpha.json", 200, "2020-03-01T02:00:30Z", NULL);
    expect_page(desk, "/admin/items/1/revisions", 200, "Changed: Title", NULL);
    expect_page(desk, "/admin/items/1/revisions/2", 200, "<ins>two</ins>", NULL);
    expect_page(desk, "/admin/items/1/revisions/1", 200, "Go back to version 1", NULL);
    struct response undone = post(desk, "/admin/items/1/revisions/1/restore", "version=2");
    expect_location(&undone, "/admin/items/1?done=reverted&item=1&version=3&to=2");
    expect_page(desk, "/items/alpha", 200, "Alpha news", "Alpha two");
    expect_page(desk, "/admin/items/1/revisions/1?compare=2", 200, "From version 1 to version 2",
                "What has changed since");
    expect_page(desk, "/admin/items/1/revisions/3?compare=2", 200, "From version 2 to version 3", "<ins>two</ins>");
    expect_page(desk, "/admin/items/1/revisions/3?compare=1", 200, "Nothing: both say the same.", NULL);
    expect_page(desk, "/admin/items/1/revisions/2?compare=2", 200, "Compare with version", "From version");
    expect_page(desk, "/admin/items/1/revisions/1?compare=9", 404, "no such version", NULL);
    struct response nothing = post(desk, "/admin/items/1/revisions/9/restore", "version=3");
    expect_status(&nothing, 404);
    response_release(&nothing);
}

static void test_schedule(void **state)
{
    struct desk *desk = *state;
    struct response later = post(desk, "/admin/items/2", "version=1&action=publish&publish_at=2027-03-03T09:00");
    expect_location(&later, "/admin/items/2?done=scheduled&item=2&version=2&to=1");
    expect_page(desk, "/admin/items/2", 200, "Scheduled for 3 March 2027, 09:00 (Asia/Bangkok)", NULL);
    expect_page(desk, "/admin?status=scheduled", 200, "Beta", "Alpha");
    expect_page(desk, "/items/beta", 404, NULL, NULL);
    struct response draft = post(desk, "/admin/items/2", "version=2&action=draft");
    expect_location(&draft, "/admin/items/2?done=unpublished&item=2&version=3&to=2");
    struct response publish = post(desk, "/admin/items/2/publish", "version=3");
    expect_location(&publish, "/admin/items/2?done=scheduled&item=2&version=4&to=3");
    struct response now = post(desk, "/admin/items/2", "version=4&action=publish&publish_at=");
    expect_location(&now, "/admin/items/2?done=published&item=2&version=5&to=4");
    expect_page(desk, "/items/beta", 200, "Beta", NULL);
}

static void test_status(void **state)
{
    struct desk *desk = *state;
    struct response trash = post(desk, "/admin/items/1/trash", "version=1");
    expect_location(&trash, "/admin?done=trashed&item=1&version=2&to=1");
    expect_page(desk, "/items/alpha", 404, NULL, NULL);
    expect_page(desk, "/admin?done=trashed&item=1&version=2&to=1", 200, "/admin/items/1/revisions/1/restore", NULL);
    expect_page(desk, "/admin/items/1", 200, "In the trash since", NULL);
    struct response restore = post(desk, "/admin/items/1/restore", "version=2");
    expect_location(&restore, "/admin/items/1?done=restored&item=1&version=3&to=2");
    struct response publish = post(desk, "/admin/items/1/publish", "version=3");
    expect_location(&publish, "/admin/items/1?done=published&item=1&version=4&to=3");
    struct response unpublish = post(desk, "/admin/items/1/unpublish", "version=4");
    expect_location(&unpublish, "/admin/items/1?done=unpublished&item=1&version=5&to=4");
    static const char *const unknown[] = {"/admin/items/1/explode", "/admin/items/99/trash", "/admin/items/x/trash"};
    for (size_t i = 0; i < 3; i++) {
        struct response response = post(desk, unknown[i], "version=5");
        expect_status(&response, 404);
        response_release(&response);
    }
}

/* --- two at once --- */

/* Mine is based on version 1, which has moved on since: nothing is written before the two are merged. */
static void test_conflict(void **state)
{
    struct desk *desk = *state;
    struct response theirs =
        post(desk, "/admin/items/1", "version=1&action=save&title=Their+title&body=One+theirs+three.&kicker=K");
    expect_location(&theirs, "/admin/items/1?done=saved&item=1&version=2&to=1");
    struct response mine = post(desk, "/admin/items/1",
                                "version=1&action=save&title=My+title&body=One+%2Atwo%2A+three.&summary=Mine&kicker=");
    expect_status(&mine, 409);
    expect_has(&mine, "Ana saved it on");
    expect_has(&mine, "<ins>My</ins>");
    expect_has(&mine, "<del>Their</del>");
    expect_page(desk, "/items/alpha", 200, "Their title", "Mine");
    char *merged = form_of_page(&mine, "data-merge");
    response_release(&mine);
    struct response saved = post(desk, "/admin/items/1", merged);
    expect_location(&saved, "/admin/items/1?done=saved&item=1&version=3&to=2");
    free(merged);
    /* Only they changed the kicker and the text, only I the summary; of the title mine is chosen at first, as theirs is kept. */
    expect_page(desk, "/items/alpha", 200, "My title", "Their title");
    expect_page(desk, "/items/alpha", 200, "One theirs three.", NULL);
    expect_page(desk, "/items/alpha", 200, "Mine", NULL);
    expect_page(desk, "/items/alpha", 200, ">K<", NULL);
    expect_page(desk, "/items/alpha.json", 200, "Korea, Republic of", NULL);
}

static void test_conflict_status(void **state)
{
    struct desk *desk = *state;
    struct response theirs = post(desk, "/admin/items/2", "version=1&action=save&title=Moved+on");
    expect_location(&theirs, "/admin/items/2?done=saved&item=2&version=2&to=1");
    struct response publish = post(desk, "/admin/items/2/publish", "version=1");
    expect_status(&publish, 409);
    expect_has(&publish, "Moved on");
    expect_page(desk, "/items/beta", 404, NULL, NULL);
    char *merged = form_of_page(&publish, "data-merge");
    struct buf form = BUF_EMPTY;
    buf_format(&form, "%s&action=publish", merged);
    struct response done = post(desk, "/admin/items/2", form.data);
    expect_location(&done, "/admin/items/2?done=published&item=2&version=3&to=2");
    expect_page(desk, "/items/beta", 200, "Moved on", NULL);
    buf_release(&form);
    free(merged);
    response_release(&publish);
    static const char *const stale[] = {"/admin/items/2/trash", "/admin/items/2/unpublish",
                                        "/admin/items/2/revisions/1/restore"};
    for (size_t i = 0; i < 3; i++) {
        struct response response = post(desk, stale[i], "version=2");
        expect_status(&response, 409);
        response_release(&response);
    }
    expect_page(desk, "/items/beta", 200, "Moved on", NULL);
}

/* --- previews --- */

static void test_share(void **state)
{
    struct desk *desk = *state;
    struct response page = post(desk, "/admin/items/2/share", "version=1");
    expect_status(&page, 200);
    expect_has(&page, "30 November 2026, 19:00");
    expect_has(&page, "The preview link is made.");
    expect_has(&page, "<input type=\"hidden\" name=\"end\" value=\"");
    const char *url = strstr(buf_string(&page.body), "http://news.example/preview/");
    assert_non_null(url);
    char target[128];
    snprintf(target, sizeof target, "%.*s", (int)strcspn(url, "\""), url + strlen("http://news.example"));
    target[strcspn(target, "\"")] = '\0';
    response_release(&page);
    desk->logged_out = true;
    struct response shared = get(desk, target);
    expect_status(&shared, 200);
    expect_has(&shared, "Beta &lt;b&gt;event");
    expect_has(&shared, "noindex");
    expect_not(&shared, "/admin");
    assert_string_equal(response_header_get(&shared, "Cache-Control"), "no-store");
    response_release(&shared);
    target[strlen(target) - 1] = target[strlen(target) - 1] == 'A' ? 'Q' : 'A';
    expect_page(desk, target, 410, NULL, "Beta");
    desk->logged_out = false;
    expect_page(desk, "/admin/activity?action=share", 200, "Beta", NULL);
}

/* A new link to item 2: its address. */
static void share(struct desk *desk, char target[static 128])
{
    struct response page = post(desk, "/admin/items/2/share", "version=1");
    const char *url = strstr(buf_string(&page.body), "/preview/");
    assert_non_null(url);
    snprintf(target, 128, "%.*s", (int)strcspn(url, "\""), url);
    response_release(&page);
    expect_page(desk, target, 200, "Beta", NULL);
}

/* By the Undo of its message, by the button for all of them, by the trash. */
static void test_share_ends(void **state)
{
    struct desk *desk = *state;
    char target[128], form[160];
    expect_page(desk, "/admin/items/2", 200, "Make a preview link", "End all preview links");
    share(desk, target);
    expect_page(desk, "/admin/items/2", 200, "End all preview links", NULL);
    snprintf(form, sizeof form, "end=%s&action=undo", target + strlen("/preview/"));
    struct response undone = post(desk, "/admin/items/2/share", form);
    expect_location(&undone, "/admin/items/2?done=unshared");
    expect_page(desk, target, 410, NULL, "Beta");
    expect_page(desk, "/admin/items/2?done=unshared", 200, "No preview link that was ended", "End all preview links");
    share(desk, target);
    struct response all = post(desk, "/admin/items/1/share", "end=all");
    expect_location(&all, "/admin/items/1?done=unshared");
    expect_page(desk, target, 200, "Beta", NULL);
    all = post(desk, "/admin/items/2/share", "end=all");
    expect_location(&all, "/admin/items/2?done=unshared");
    expect_page(desk, target, 410, NULL, "Beta");
    expect_page(desk, "/admin/activity", 200, "<p>preview links ended by <bdi>", NULL);
    share(desk, target);
    struct response trash = post(desk, "/admin/items/2/trash", "version=1");
    expect_status(&trash, 303);
    expect_page(desk, target, 410, NULL, "Beta");
    response_release(&trash);
}

static void test_typed_preview(void **state)
{
    struct desk *desk = *state;
    struct response page = post(
        desk, "/admin/items/preview",
        "type=event&title=%3Cscript%3Ex&body=%2Aloud%2A+%3Cscript%3E&event_starts=2027-01-02&places=Fiji&link=ftp://x");
    expect_status(&page, 200);
    expect_has(&page, "<em>loud</em>");
    expect_has(&page, "&lt;script&gt;x");
    expect_has(&page, "2 January 2027");
    expect_has(&page, "what cannot be saved as it stands is left out");
    expect_not(&page, "<script>");
    expect_not(&page, "ftp://");
    response_release(&page);
    struct response empty = post(desk, "/admin/items/preview", "");
    expect_status(&empty, 200);
    response_release(&empty);
    struct response fragment = post(desk, "/admin/markdown", "body=%2Aa%2A+%3Cscript%3E");
    expect_status(&fragment, 200);
    expect_has(&fragment, "<p><em>a</em>");
    expect_not(&fragment, "<script>");
    response_release(&fragment);
}

/* Pasted markup is cleaned on saving, and what was left out is said behind the redirect. */
static void test_cleaned(void **state)
{
    struct desk *desk = *state;
    static const char form[] =
        "action=save&type=news&title=Pasted&body=%3Cp+class%3DMsoNormal%3EFine+%3Cb%3Ewords%3C%2Fb%3E"
        "%3Cimg+src%3D%22data%3Aimage%2Fpng%3Bbase64%2CAA%22%3E%3C%2Fp%3E";
    struct response saved = post(desk, "/admin/items", form);
    expect_status(&saved, 303);
    const char *location = response_header_get(&saved, "Location");
    assert_non_null(strstr(location, "&cleaned=1%20image"));
    expect_page(desk, location, 200, "Left out: 1 image", "MsoNormal");
    response_release(&saved);
    struct response preview = post(desk, "/admin/items/preview", form);
    expect_has(&preview, "<strong>words</strong>");
    expect_not(&preview, "MsoNormal");
    response_release(&preview);
    struct response clean = post(desk, "/admin/clean", "html=%3Cp+class%3DMsoNormal%3EFine+%3Cb%3Ewords%3C%2Fb%3E");
    expect_status(&clean, 200);
    expect_has(&clean, "**words**");
    response_release(&clean);
}

/* --- several at once --- */

static void test_bulk(void **state)
{
    struct desk *desk = *state;
    for (int i = 0; i < 2; i++) {
        struct response made = post(
            desk, "/admin/items", i == 0 ? "action=save&type=news&title=Third" : "action=save&type=news&title=Fourth");
        expect_status(&made, 303);
        response_release(&made);
    }
    struct response bulk =
        post(desk, "/admin/bulk",
             "action=publish&item=2.1&item=3.1&item=4.7&item=x&item=1.1&status=draft&type=&q=a+b&sort=changed");
    expect_location(&bulk, "/admin?status=draft&q=a%20b&done=bulk&undo=2.2%203.2&left=2");
    expect_page(desk, "/items/fourth", 404, NULL, NULL);
    struct response page = get(desk, "/admin?done=bulk&undo=2.2%203.2&left=1");
    expect_has(&page, "1 of them had been changed by somebody else");
    char *undo = form_of_page(&page, "/admin/bulk\"");
    assert_non_null(strstr(undo, "item=2.2&item=3.2"));
    struct buf form = BUF_EMPTY;
    buf_format(&form, "action=undo&%s", undo);
    expect_page(desk, "/items/third", 200, NULL, NULL);
    struct response undone = post(desk, "/admin/bulk", form.data);
    expect_location(&undone, "/admin?done=bulk-undone&undo=2.3%203.3");
    expect_page(desk, "/items/third", 404, NULL, NULL);
    struct response redone = post(desk, "/admin/bulk", "action=undo&item=2.3&item=3.3");
    expect_location(&redone, "/admin?done=bulk-undone&undo=2.4%203.4");
    expect_page(desk, "/items/third", 200, NULL, NULL);
    buf_release(&form);
    free(undo);
    response_release(&page);
    static const char *const refused[] = {"action=explode&item=1.1", "item=1.1"};
    for (size_t i = 0; i < 2; i++) {
        struct response response = post(desk, "/admin/bulk", refused[i]);
        expect_status(&response, 422);
        response_release(&response);
    }
    struct response none = post(desk, "/admin/bulk", "action=trash");
    expect_location(&none, "/admin");
    struct response empty = post(desk, "/admin/trash/empty", "");
    expect_status(&empty, 403);
    response_release(&empty);
}

static void test_list_pages(void **state)
{
    struct desk *desk = *state;
    char form[96];
    for (int i = 0; i < 55; i++) {
        snprintf(form, sizeof form, "action=save&type=news&title=Number+%02d", i);
        struct response made = post(desk, "/admin/items", form);
        expect_status(&made, 303);
        response_release(&made);
    }
    struct response page = get(desk, "/admin?sort=title&q=number");
    expect_has(&page, "More than 50 items");
    expect_not(&page, "Number 54");
    const char *link = strstr(buf_string(&page.body), "<a rel=\"next\"");
    assert_non_null(link);
    char *href = attribute(link + 2, "href");
    expect_page(desk, href, 200, "Number 54", "Number 49");
    expect_page(desk, href, 200, "First page", "rel=\"next\"");
    free(href);
    response_release(&page);
}

/* --- files --- */

/* A picture of one white pixel. */
static const unsigned char gif[] = {'G', 'I',  'F', '8', '9', 'a', 1, 0, 1, 0, 0x80, 0, 0, 0xff, 0xff, 0xff, 0,   0,
                                    0,   0x2c, 0,   0,   0,   0,   1, 0, 1, 0, 0,    2, 2, 0x44, 1,    0,    0x3b};

/* People without an account see what a draft carries, for as long as the link works. */
static void test_shared_files(void **state)
{
    struct desk *desk = *state;
    char target[128];
    char file[192];
    char foreign[192];
    const struct upload good = {"upload", "one.gif", (const char *)gif, sizeof gif};
    struct response saved = post_files(desk, "/admin/items/2", "version=1&action=save&upload_alt=Dot", &good, 1);
    expect_location(&saved, "/admin/items/2?done=saved&item=2&version=2&to=1");
    share(desk, target);
    snprintf(file, sizeof file, "%s/files/1/one.gif", target);
    snprintf(foreign, sizeof foreign, "%s/files/2/one.gif", target);
    desk->logged_out = true;
    expect_page(desk, "/files/1/one.gif", 404, NULL, NULL);
    struct response page = get(desk, target);
    expect_has(&page, file);
    expect_not(&page, "/items/beta.md");
    response_release(&page);
    struct response sent = get(desk, file);
    expect_status(&sent, 200);
    assert_string_equal(response_header_get(&sent, "Content-Type"), "image/gif");
    assert_string_equal(response_header_get(&sent, "Cache-Control"), "no-store");
    assert_int_equal(sent.body.len, sizeof gif);
    assert_memory_equal(sent.body.data, gif, sizeof gif);
    response_release(&sent);
    expect_page(desk, foreign, 404, NULL, NULL);
    expect_page(desk, "/preview/nothing/files/1/one.gif", 410, NULL, NULL);
    desk->logged_out = false;
    struct response ended = post(desk, "/admin/items/2/share", "end=all");
    expect_location(&ended, "/admin/items/2?done=unshared");
    desk->logged_out = true;
    expect_page(desk, file, 410, NULL, NULL);
    desk->logged_out = false;
}

static void test_files(void **state)
{
    struct desk *desk = *state;
    const struct upload good = {"upload", "one.gif", (const char *)gif, sizeof gif};
    const struct upload bad = {"upload", "virus<b>.exe", "MZ", 2};
    const struct upload both[] = {good, bad};
    struct response refused =
        post_files(desk, "/admin/items/1", "version=1&action=save&upload_alt=White&upload_alt=", both, 2);
    expect_status(&refused, 422);
    expect_has(&refused, "virus-b-.exe");
    expect_has(&refused, "name=\"file_id\" value=\"1\"");
    expect_has(&refused, "value=\"White\"");
    response_release(&refused);
    expect_page(desk, "/admin/items/1", 200, NULL, "file_id");
    struct response saved =
        post_files(desk, "/admin/items/1", "version=1&action=save&file_id=1&file_alt=White+dot", NULL, 0);
    expect_location(&saved, "/admin/items/1?done=saved&item=1&version=2&to=1");
    expect_page(desk, "/admin/items/1", 200, "White dot", NULL);
    expect_page(desk, "/items/alpha", 200, "/files/1/one.gif", NULL);
    expect_page(desk, "/admin/items/1/preview", 200, "/admin/files/1/content/one.gif", NULL);
    /* One file, two items. */
    expect_page(desk, "/admin/items/1", 200, NULL, "file_add");
    expect_page(desk, "/admin/items/2", 200, "<option value=\"1\">one.gif (35 bytes)</option>", NULL);
    struct response shared = post(desk, "/admin/items/2", "version=1&action=save&file_add=1");
    expect_location(&shared, "/admin/items/2?done=saved&item=2&version=2&to=1");
    expect_page(desk, "/admin/files/1", 200, "Beta", NULL);
    shared = post(desk, "/admin/items/2", "version=2&action=save&file_id=1&file_alt=&file_add=99&title=T");
    expect_status(&shared, 422);
    expect_has(&shared, "no longer in the library");
    response_release(&shared);
    struct upload second = good;
    second.name = "two.gif";
    struct response other = post_files(desk, "/admin/items/1", "version=2&action=save&file_id=1&file_alt=", &second, 1);
    expect_location(&other, "/admin/items/1?done=saved&item=1&version=3&to=2");
    expect_page(desk, "/admin/items/1", 200, "two.gif has no description", NULL);
    /* Mine, of version 2, only describes; theirs has another file: both stay. */
    struct response mine = post(desk, "/admin/items/1", "version=2&action=save&file_id=1&file_alt=Dot&title=T");
    expect_status(&mine, 409);
    expect_has(&mine, "name=\"file_alt_1\"");
    char *merged = form_of_page(&mine, "data-merge");
    struct response done = post(desk, "/admin/items/1", merged);
    expect_location(&done, "/admin/items/1?done=saved&item=1&version=4&to=3");
    expect_page(desk, "/admin/items/1", 200, "name=\"file_id\" value=\"2\"", NULL);
    free(merged);
    response_release(&mine);
    struct response removed =
        post(desk, "/admin/items/1",
             "version=4&action=save&file_id=1&file_alt=&file_id=2&file_alt=&file_remove=1&file_remove=2");
    expect_location(&removed, "/admin/items/1?done=saved&item=1&version=5&to=4");
    expect_page(desk, "/items/alpha", 200, NULL, "/files/");
}

/* --- a session that ended while somebody wrote --- */

/* Takes the cookie that a response sets. */
static void take_cookie(struct desk *desk, const struct response *response)
{
    const char *cookie = response_header_get(response, "Set-Cookie");
    assert_non_null(cookie);
    const char *value = strchr(cookie, '=') + 1;
    snprintf(desk->session.cookie, sizeof desk->session.cookie, "%.*s", (int)strcspn(value, ";"), value);
    session_csrf(desk->session.cookie, desk->session.csrf);
}

static void test_carry(void **state)
{
    struct desk *desk = *state;
    static const char typed[] = "version=1&action=publish&title=Typed+%26+%3Ckept%3E&body=Line%0D%0Atwo&file_id=77";
    desk->logged_out = true;
    struct response login = post(desk, "/admin/items/1", typed);
    expect_status(&login, 403);
    take_cookie(desk, &login);
    desk->logged_out = false;
    char *carried = form_of_page(&login, "/admin/login\"");
    struct buf form = BUF_EMPTY;
    buf_format(&form, "%s&username=Ana&password=correct+horse+battery", carried);
    struct response editor = post(desk, "/admin/login", form.data);
    expect_status(&editor, 200);
    take_cookie(desk, &editor);
    expect_has(&editor, "Typed &amp; &lt;kept&gt;</textarea>");
    expect_has(&editor, "What you typed is back");
    expect_has(&editor, "action=\"/admin/items/1\"");
    expect_has(&editor, "name=\"version\" value=\"1\"");
    expect_has(&editor, desk->session.csrf);
    expect_page(desk, "/items/alpha", 200, "Alpha news", "Typed");
    struct response saved = post(desk, "/admin/items/1", "version=1&action=save&title=Typed");
    expect_location(&saved, "/admin/items/1?done=saved&item=1&version=2&to=1");
    response_release(&editor);
    response_release(&login);
    buf_release(&form);
    free(carried);
}

/* A form for an address that is no editor's, or is none at all, leads to the list; an item that is gone comes back as a new one. */
static void test_carry_elsewhere(void **state)
{
    static const struct {
        const char *path;
        int status;
        const char *has;
    } rows[] = {
        {"/admin/items", 200, "action=\"/admin/items\""},
        {"/admin/items/99", 200, "action=\"/admin/items\""},
        {"/admin/items/2", 200, "action=\"/admin/items/2\""},
        {"/admin/types", 303, NULL},
        {"/admin/items/2/trash", 303, NULL},
        {"/admin/items/2x", 303, NULL},
        {"/admin/items/", 303, NULL},
    };
    struct desk *desk = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf form = BUF_EMPTY;
        buf_format(&form,
                   "username=Ana&password=correct+horse+battery&carry=title%%3DKept%%26type%%3Dnews&carry_path=%s",
                   rows[i].path);
        struct response response = post(desk, "/admin/login", form.data);
        expect_status(&response, rows[i].status);
        if (rows[i].has != NULL) {
            expect_has(&response, rows[i].has);
            expect_has(&response, ">Kept</textarea>");
        }
        take_cookie(desk, &response);
        response_release(&response);
        buf_release(&form);
    }
}

/* Any other form is not carried, least of all its passwords: the page says so, and leads back. */
static void test_not_carried(void **state)
{
    static const char *const rows[][2] = {
        {"/admin/types", "/admin/types"},
        {"/admin/types/merge", "/admin/types"},
        {"/admin/users/7", "/admin/users"},
        {"/admin/account/password", "/admin/account"},
        {"/admin/files/12/replace", "/admin/files/12"},
        {"/admin/files/undo", "/admin/files"},
        {"/admin/items/2/trash", "/admin/items/2"},
        {"/admin/items/2/revisions/1/restore", "/admin/items/2"},
        {"/admin/items/preview", "/admin"},
        {"/admin/bulk", "/admin"},
    };
    struct desk *desk = *state;
    desk->logged_out = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char next[128];
        struct response response = post(desk, rows[i][0], "name=Typed&old=s3cret&password=s3cret");
        expect_status(&response, 403);
        expect_has(&response, "so that was not done");
        snprintf(next, sizeof next, "name=\"next\" value=\"%s\"", rows[i][1]);
        expect_has(&response, next);
        expect_not(&response, "what you typed is kept");
        expect_not(&response, "s3cret");
        response_release(&response);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pages, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_nobody, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_create, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_refused, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_save, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_schedule, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_status, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_conflict, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_conflict_status, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_share, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_share_ends, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_typed_preview, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_cleaned, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_bulk, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_list_pages, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_files, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_shared_files, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_carry, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_carry_elsewhere, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_not_carried, desk_open, desk_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
