/* What staff's pages say: in the words of who reads them, and where to go on from. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "hurts.h"

/* Who meets an error in the admin goes on in the admin; readers go to the listing. */
static void test_errors_lead_back(void **state)
{
    static const char *const staff[] = {"/admin/items/99", "/admin/nothing", "/admin/files/99", "/admin/reset/x"};
    static const char back[] = "<a class=\"source\" href=\"/admin\">Back to the admin</a>";
    struct desk *desk = *state;
    for (size_t i = 0; i < sizeof staff / sizeof *staff; i++)
        expect_page(desk, staff[i], 404, back, "Go to all items");
    expect_page(desk, "/admin/types", 403, back, "Go to all items");
    expect_page(desk, "/admin?left=x", 400, back, "Go to all items");
    expect_page(desk, "/administration", 404, "Go to all items", "Back to the admin");
    expect_page(desk, "/preview/none", 410, "Go to all items", "Back to the admin");
    struct response foreign = harness_send(&desk->site, &(const struct harness_message){.method = "POST",
                                                                                        .target = "/admin/bulk",
                                                                                        .origin = "https://a.example",
                                                                                        .body = "a=b",
                                                                                        .session = &desk->session});
    expect(&foreign, 403, back, "Go to all items");
}

static void test_activity_names_fields(void **state)
{
    struct desk *desk = *state;
    struct response response =
        post(desk, "/admin/items/2", "version=1&action=save&publish_at=2026-12-01T09:00&event_venue=Suva&slug=gamma");
    expect(&response, 303, NULL, NULL);
    expect_row(desk, "SELECT detail FROM activity WHERE item_id = 2", "slug, event, aliases, publish_at");
    expect_page(desk, "/admin/activity", 200, "<span>Address, Event, Other addresses, Publish at</span>", "publish_at");
}

static void test_sessions_name_browsers(void **state)
{
    struct desk *desk = *state;
    free(harness_query(&desk->site, "UPDATE session SET agent = 'Mozilla/5.0 (X11; Linux <b>) Firefox/121.0'"));
    expect_page(desk, "/admin/account", 200, "\">(X11; Linux &lt;b&gt;) Firefox/121.0</span>", "<b>");
    free(harness_query(&desk->site, "UPDATE session SET agent = 'curl/' || replace(hex(zeroblob(50)), '00', '8.')"));
    expect_page(desk, "/admin/account", 200, "8.8.\">curl/8.8.", "<b>");
    expect_page(desk, "/admin/account", 200, "8.8.8…</span>", "<b>");
}

/* What the form proposes is what a save without an address would make. */
static void test_address_is_proposed(void **state)
{
    static const struct {
        const char *form, *slug;
    } cases[] = {
        {"title=Weavers+open+a+shop", "weavers-open-a-shop"},
        {"title=%E1%9E%9F%E1%9E%A0%E1%9E%80%E1%9E%9A%E1%9E%8E%E1%9F%8D", "sahakaro"},
        {"title=Alpha", "alpha-2"},
        {"title=Alpha&id=1", "alpha"},
        {"title=Alpha&id=2", "alpha-2"},
        {"title=%21%3F", "item"},
        {"title=%3Cscript%3E", "script"},
    };
    struct desk *desk = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char form[128], slug[128];
        struct response response = post(desk, "/admin/slug", cases[i].form);
        snprintf(slug, sizeof slug, "{\"slug\":\"%s\"}", cases[i].slug);
        assert_int_equal(response.status, 200);
        assert_string_equal(response_header_get(&response, "Content-Type"), "application/json");
        assert_string_equal(buf_string(&response.body), slug);
        response_release(&response);
        if (strstr(cases[i].form, "&id=1") != NULL)
            continue;
        snprintf(form, sizeof form, "type=news&action=save&%s", cases[i].form);
        struct response saved = post(desk, "/admin/items", form);
        expect(&saved, 303, NULL, NULL);
        snprintf(slug, sizeof slug, "%s", cases[i].slug);
        expect_row(desk, "SELECT slug FROM item ORDER BY id DESC LIMIT 1", slug);
        free(harness_query(&desk->site, "DELETE FROM item WHERE id > 2"));
    }
}

static void test_emptied_address_is_made_anew(void **state)
{
    struct desk *desk = *state;
    struct response response = post(desk, "/admin/items/1", "version=1&action=save&title=Omega&slug=");
    expect(&response, 303, NULL, NULL);
    expect_row(desk, "SELECT slug FROM item WHERE id = 1", "omega");
    struct response old = get(desk, "/items/alpha");
    expect_location(&old, 301, "/items/omega");
    struct response same = post(desk, "/admin/items/1", "version=2&action=save&slug=");
    expect(&same, 303, NULL, NULL);
    expect_row(desk, "SELECT slug || version FROM item WHERE id = 1", "omega2");
}

CLOCK(within_a_week, 7 * DAY - 1)
CLOCK(a_week_later, 7 * DAY)

/* A preview link is a random word that leads to a draft for a week, and to search engines not at all. */
static void test_preview_link(void **state)
{
    struct desk *desk = *state;
    char target[2][128];
    for (int i = 0; i < 2; i++) {
        struct response made = post(desk, "/admin/items/2/share", "version=1");
        const char *url = strstr(buf_string(&made.body), "/preview/");
        assert_non_null(url);
        snprintf(target[i], sizeof target[i], "%.*s", (int)strcspn(url, "\""), url);
        expect(&made, 200, NULL, NULL);
        assert_int_equal(strlen(target[i]), strlen("/preview/") + SESSION_TOKEN_CAP - 1);
    }
    assert_string_not_equal(target[0], target[1]);
    /* A new link ends the one before. */
    expect_page(desk, target[0], 410, "used or has expired", "Beta");
    const struct harness_message reader = {.target = target[1]};
    struct response shown = harness_send(&desk->site, &reader);
    assert_string_equal(response_header_get(&shown, "X-Robots-Tag"), "noindex, nofollow");
    assert_string_equal(response_header_get(&shown, "Cache-Control"), "no-store");
    expect(&shown, 200, "name=\"robots\" content=\"noindex, nofollow\"", "/admin");
    set_clock(desk, within_a_week);
    struct response last = harness_send(&desk->site, &reader);
    expect(&last, 200, "Beta", NULL);
    set_clock(desk, a_week_later);
    struct response late = harness_send(&desk->site, &reader);
    expect(&late, 410, "used or has expired", "Beta");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_errors_lead_back, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_activity_names_fields, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_sessions_name_browsers, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_address_is_proposed, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_emptied_address_is_made_anew, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_preview_link, open_desk, close_desk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
