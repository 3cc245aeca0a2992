/* The page of types: what each form answers, and what it says of a mistake. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"

static const char items[] = "[{\"title\": \"One\", \"type\": \"article\", \"date\": \"2020-01-01\"}]";

/* One after the other: types 1 to 8 are there, 2 has an item. */
static const struct {
    const char *target, *body; /* body NULL: GET */
    int status;
    const char *location; /* NULL: none */
    const char *says;     /* NULL: not looked at */
} steps[] = {
    {"/admin/types", NULL, 200, NULL, "value=\"Presentation\""},
    {"/admin/types", "id=&name=Case+study&position=1", 303, "/admin/types?done=added&undo=1", NULL},
    {"/admin/types", "id=&name=case-study&position=2", 422, NULL,
     "The name “case-study” is too much like &quot;Case study&quot;, which"},
    {"/admin/types", "id=&name=case-study&position=2", 422, NULL, "name=\"name\" value=\"case-study\""},
    {"/admin/types", "id=&name=&position=", 422, NULL, "id=\"name-error\" role=\"alert\">The name is missing."},
    {"/admin/types", "id=&name=A&position=first", 422, NULL, "is not a number"},
    {"/admin/types", "id=&name=A&position=0", 422, NULL, "is not a number"},
    {"/admin/types", "id=&name=%3Cscript%3E%22%27!", 303, "/admin/types?done=added&undo=2", NULL},
    {"/admin/types", NULL, 200, NULL, "value=\"&lt;script&gt;&quot;&#39;!\""},
    {"/admin/types", "id=1&name=%3Cscript%3E", 422, NULL, "The name “&lt;script&gt;” is too much like"},
    {"/admin/types", "id=2&name=Essay&position=", 303, "/admin/types?done=changed&undo=3", NULL},
    {"/admin/types?done=changed", NULL, 200, NULL, "value=\"Essay\""},
    {"/admin/types", "id=99&name=A", 404, NULL, NULL},
    {"/admin/types", "id=0&name=A", 404, NULL, NULL},
    {"/admin/types", "id=x&name=A", 404, NULL, NULL},
    {"/admin/types", "id=2&action=delete", 422, NULL, "The type has items (1)"},
    {"/admin/types", "id=8&action=delete", 303, "/admin/types?done=deleted&undo=4", NULL},
    {"/admin/types/merge", "from=&into=1", 422, NULL, "id=\"error\" role=\"alert\" tabindex=\"-1\">Choose the type"},
    {"/admin/types/merge", "from=2&into=2", 422, NULL, "The type cannot be merged into itself."},
    {"/admin/types/merge", "from=2&into=99", 404, NULL, NULL},
    {"/admin/types/merge", "from=2&into=x", 404, NULL, NULL},
    {"/admin/types/merge", "from=2&into=1", 303, "/admin/types?done=merged&undo=5", NULL},
    {"/?type=news", NULL, 200, NULL, "One"},
    {"/?type=article", NULL, 200, NULL, "One"},
    {"/admin/types", NULL, 200, NULL, "Items: 1"},
    {"/admin/types?done=merged&undo=5", NULL, 200, NULL, "name=\"undo\" value=\"5\""},
    {"/admin/types?done=merged&undo=x", NULL, 200, NULL, "Merged."},
    {"/admin/types/undo", "undo=5", 303, "/admin/types?done=undone", NULL},
    {"/?type=article", NULL, 200, NULL, "aria-current=\"true\">Essay <span class=\"count\">1"},
    {"/admin/types/undo", "undo=5", 409, NULL, "cannot be undone any more"},
    {"/admin/types/undo", "undo=4", 303, "/admin/types?done=undone", NULL},
    {"/admin/types/undo", "undo=3", 409, NULL, "cannot be undone any more"},
    {"/admin/types/undo", "undo=2", 303, "/admin/types?done=undone&undo=6", NULL},
    {"/admin/types?done=undone&undo=6", NULL, 200, NULL, "action=\"/admin/types/undo\""},
    {"/admin/types", "id=&name=%3Cscript%3E", 303, "/admin/types?done=added&undo=7", NULL},
    {"/admin/types/undo", "undo=6", 422, NULL, "The name is too much like &quot;&lt;script&gt;&quot;"},
    {"/admin/types/undo", "undo=%3Cb%3E", 409, NULL, "cannot be undone any more"},
    {"/admin/types/undo", "", 409, NULL, "cannot be undone any more"},
};

static void test_steps(void **state)
{
    (void)state;
    struct harness harness;
    harness_open(&harness, items, NULL);
    const struct harness_session admin = harness_login(&harness, "Ada", "admin");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const struct harness_message message = {
            .method = steps[i].body == NULL ? "GET" : "POST",
            .target = steps[i].target,
            .body = steps[i].body,
            .session = &admin,
        };
        struct response response = harness_send(&harness, &message);
        const char *location = response_header_get(&response, "Location");
        const char *page = buf_string(&response.body);
        if (response.status != steps[i].status || (steps[i].says != NULL && strstr(page, steps[i].says) == NULL))
            fail_msg("%s %s: %d\n%s", steps[i].target, steps[i].body, response.status, page);
        assert_string_equal(location == NULL ? "" : location, steps[i].location == NULL ? "" : steps[i].location);
        response_release(&response);
    }
    harness_close(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
