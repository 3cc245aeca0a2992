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
    expect_page(desk, "/admin?before=x", 400, back, "Go to all items");
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
    expect_page(desk, "/admin/account", 200, "&lt;b&gt;) Firefox/121.0\">Firefox on Linux</span>", "<b>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_errors_lead_back, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_activity_names_fields, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_sessions_name_browsers, open_desk, close_desk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
