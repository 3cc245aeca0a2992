/* What a reader's page asks may not cost more the more items there are: by the engine's own plan, no statement goes through
 * a whole table or sorts what it found, whether the database is empty, full, or full and analysed. Every statement that reads
 * is held to it unless it stands in a table here, so a new one is too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"

enum { ITEMS = 400 };

/* What a statement of readers' pages may do all the same. */
static const struct {
    const char *statement, *step, *why;
} allowed[] = {
    {"content_now", "SCAN content", "one row"},
    {"facet_type", "SCAN type", "each type is shown, with its count"},
    {"facet_place", "SCAN place", "each place is shown, with its count"},
    {"facet_topic", "SCAN topic", "each topic is shown, with its count"},
    {"facet_language", "SCAN language", "each language is shown, with its count"},
    {"health", "SCAN type USING COVERING INDEX sqlite_autoindex_type_2", "ends at its first row"},
    {"item_feed", "USE TEMP B-TREE FOR ORDER BY", "the few places, topics and files of one item"},
    {"item_public", "USE TEMP B-TREE FOR ORDER BY", "the few places, topics and files of one item"},
    {"listing_union_total", "USE TEMP B-TREE FOR DISTINCT", "at most as many items as `limit` says"},
};

/* Run only for staff, on the slow lane, or by commands. */
static const char *const staff[] = {
    "activity_actions", "activity_list",      "check_counts",    "check_listing",     "file_uses",
    "item_editing",     "item_export",        "item_file_known", "item_list_changed", "item_list_sorted",
    "item_slugs_since", "item_status_counts", "item_stored",     "language_tags",     "place_names",
    "revision_list",    "topic_names",        "type_by_name",    "type_choices",      "type_get",
    "type_list",        "type_whole",         "type_named",      "user_admins",       "user_list",
    "user_none",
};

static bool is_staffs(const char *statement)
{
    for (size_t i = 0; i < sizeof staff / sizeof *staff; i++) {
        if (strcmp(staff[i], statement) == 0)
            return true;
    }
    return false;
}

static bool is_allowed(const char *statement, const char *step)
{
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        if (strcmp(allowed[i].statement, statement) == 0 && strcmp(allowed[i].step, step) == 0)
            return true;
    }
    return false;
}

/* Of a table or an index as a whole: not of a list in JSON, nor of what another step of the plan has found. */
static bool is_costly(const char *step)
{
    if (strncmp(step, "USE TEMP B-TREE", strlen("USE TEMP B-TREE")) == 0)
        return true;
    return strncmp(step, "SCAN ", 5) == 0 && strstr(step, "VIRTUAL TABLE") == NULL &&
           strncmp(step, "SCAN CONSTANT ROW", 17) != 0 && strncmp(step, "SCAN (subquery", 14) != 0;
}

/* The first word behind the comment. */
static bool reads(const char *text)
{
    while (strncmp(text, "--", 2) == 0)
        text += strcspn(text, "\n") + 1;
    return strncmp(text, "SELECT", 6) == 0 || strncmp(text, "WITH", 4) == 0;
}

/* Every statement that reads, for the sqlite3 shell to tell its plan behind its name. Returns how many there are. */
static size_t write_script(const char *path)
{
    size_t len = 0;
    FILE *script = fopen(path, "w");
    assert_non_null(script);
    for (enum sql sql = 0; sql < SQL_COUNT; sql++) {
        if (!reads(sql_text(sql)))
            continue;
        fprintf(script, ".print =%s\nEXPLAIN QUERY PLAN\n%s\n;\n", sql_name(sql), sql_text(sql));
        len++;
    }
    assert_int_equal(fclose(script), 0);
    return len;
}

/* The steps of one line of the shell's tree, without its branches. */
static void check_step(const char *state, const char *statement, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    const char *step = line + strspn(line, " |`-");
    if (is_costly(step) && !is_allowed(statement, step) && !is_staffs(statement))
        fail_msg("%s, %s database: %s", statement, state, step);
}

static void check_plans(const struct harness *harness, const char *state)
{
    char command[320], path[128], line[1024];
    char statement[64] = "";
    size_t steps = 0, found = 0;
    snprintf(path, sizeof path, "%s/plans.sql", harness->folder);
    snprintf(command, sizeof command, "sqlite3 -bail '%s' < '%s' 2>&1", harness->database, path);
    size_t len = write_script(path);
    FILE *shell = popen(command, "re");
    assert_non_null(shell);
    while (fgets(line, sizeof line, shell) != NULL) {
        if (*line == '=') {
            snprintf(statement, sizeof statement, "%.*s", (int)strcspn(line + 1, "\n"), line + 1);
            found++;
            continue;
        }
        check_step(state, statement, line);
        steps++;
    }
    assert_int_equal(pclose(shell), 0);
    assert_int_equal(remove(path), 0);
    assert_int_equal(found, len);
    assert_true(steps > len);
}

static char *many_items(void)
{
    static const char *const types[] = {"news", "event", "project"};
    static const char *const places[] = {"Nepal", "Fiji", "Japan", "Samoa"};
    static const char *const topics[] = {"Policy", "Youth", "Trade", "Law", "Energy"};
    static const char *const langs[] = {"en", "fr", "km", "th", "ne", "vi"};
    struct buf items = BUF_EMPTY;
    for (int i = 0; i < ITEMS; i++)
        buf_format(&items,
                   "%c{\"title\": \"Item %d\", \"type\": \"%s\", \"lang\": \"%s\", \"places\": [\"%s\"], "
                   "\"topics\": [\"%s\"], \"date\": \"20%02d-01-%02d\", \"aliases\": [\"old-%d\"]}",
                   i == 0 ? '[' : ',', i, types[i % 3], langs[i % 6], places[i % 4], topics[i % 5], i % 20, 1 + i % 28,
                   i);
    buf_char(&items, ']');
    return buf_steal(&items);
}

static void test_plans(void **state)
{
    (void)state;
    struct harness harness;
    harness_open(&harness, "[]", NULL);
    check_plans(&harness, "empty");
    char *items = many_items();
    assert_null(harness_import(&harness, items, NULL));
    free(items);
    check_plans(&harness, "full");
    free(harness_query(&harness, "ANALYZE"));
    check_plans(&harness, "analysed");
    harness_close(&harness);
}

/* Whether the check would see what it is for. */
static void test_costly_steps(void **state)
{
    (void)state;
    assert_true(is_costly("SCAN item"));
    assert_true(is_costly("SCAN listing USING COVERING INDEX listing_day"));
    assert_true(is_costly("USE TEMP B-TREE FOR ORDER BY"));
    assert_true(is_costly("USE TEMP B-TREE FOR RIGHT PART OF ORDER BY"));
    assert_false(is_costly("SEARCH item USING INTEGER PRIMARY KEY (rowid=?)"));
    assert_false(is_costly("SCAN wanted VIRTUAL TABLE INDEX 1:"));
    assert_false(is_costly("SCAN (subquery-1)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_costly_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
