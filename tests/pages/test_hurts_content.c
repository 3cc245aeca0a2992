/* What hurts the users of systems like this one, a test each, named after the hurt: what becomes of items and files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hurts.h"

/* --- addresses that change --- */

static void rename_to(struct desk *desk, const char *slug)
{
    char *form = html_form_set(form_of(desk, "/admin/items/1", "name=\"body\""), "slug", slug);
    expect_post(desk, "/admin/items/1", form, 303, NULL);
    free(form);
}

static void expect_leads(struct desk *desk, const char *from, const char *to)
{
    struct response response = get(desk, from);
    expect_location(&response, 301, to);
}

static void test_changed_address_leads_nowhere(void **state)
{
    struct desk *desk = *state;
    rename_to(desk, "second");
    expect_leads(desk, "/items/alpha", "/items/second");
    rename_to(desk, "third");
    static const char *const old[] = {"/items/alpha", "/items/second", "/items/1"};
    for (size_t i = 0; i < 3; i++) {
        char target[64];
        expect_leads(desk, old[i], "/items/third");
        snprintf(target, sizeof target, "%s.json", old[i]);
        expect_leads(desk, target, "/items/third.json");
    }
    rename_to(desk, "alpha");
    expect_page(desk, "/items/alpha", 200, "Alpha", NULL);
    expect_leads(desk, "/items/second", "/items/alpha");
    expect_leads(desk, "/items/third", "/items/alpha");
    struct response back = post(desk, "/admin/items/1/revisions/2/restore", "version=4");
    expect_location(&back, 303, "/admin/items/1?done=reverted&item=1&version=5&to=4");
    expect_leads(desk, "/items/alpha", "/items/second");
    expect_leads(desk, "/items/third", "/items/second");
}

static void test_old_address_taken_by_another_item(void **state)
{
    struct desk *desk = *state;
    rename_to(desk, "second");
    expect_post(desk, "/admin/items/2", "version=1&slug=alpha", 422, "belongs to another item");
    expect_post(desk, "/admin/items/2", "version=1&aliases=alpha", 422, "belongs to another item");
    expect_post(desk, "/admin/items", "type=news&title=T&slug=alpha", 422, "belongs to another item");
    expect_post(desk, "/admin/items", "type=news&title=Alpha&action=publish", 303, NULL);
    expect_leads(desk, "/items/alpha", "/items/second");
    expect_row(desk, "SELECT slug FROM item WHERE id = 3", "alpha-2");
}

/* --- days --- */

CLOCK(before_10, -2 * HOUR - 1)
CLOCK(at_10, -2 * HOUR)
CLOCK(before_11, -HOUR - 1)
CLOCK(at_11, -HOUR)
CLOCK(before_17, 5 * HOUR - 1)
CLOCK(at_17, 5 * HOUR)

struct day_row {
    const char *timezone;
    int64_t (*clock)(void);
    const char *today;      /* where the site is */
    const char *publish_at; /* in UTC, of what was typed as half past midnight */
};

static const struct day_row day_rows[] = {
    {"Asia/Bangkok", before_17, "2026-11-23", "2026-11-24T17:30:00Z"},
    {"Asia/Bangkok", at_17, "2026-11-24", "2026-11-24T17:30:00Z"},
    {"Pacific/Auckland", before_11, "2026-11-23", "2026-11-24T11:30:00Z"},
    {"Pacific/Auckland", at_11, "2026-11-24", "2026-11-24T11:30:00Z"},
    {"Pacific/Honolulu", before_10, "2026-11-22", "2026-11-25T10:30:00Z"},
    {"Pacific/Honolulu", at_10, "2026-11-23", "2026-11-25T10:30:00Z"},
};

/* The newsroom moves to where its clock is another. */
static void move_to(struct desk *desk, const char *timezone)
{
    char error[256] = "";
    struct harness *site = &desk->site;
    site->site.timezone = timezone;
    app_destroy(site->app);
    app_destroy(site->staff);
    site->app = app_create(&site->site, site->database, STORE_READ, error, sizeof error);
    site->staff = app_create(&site->site, site->database, STORE_WRITE, error, sizeof error);
    assert_non_null(site->app);
    assert_non_null(site->staff);
}

/* What the form holds is what was typed, and saving it as it stands changes nothing. */
static void expect_still(struct desk *desk, int id, const char *name, const char *value)
{
    char target[32], sql[96];
    snprintf(target, sizeof target, "/admin/items/%d", id);
    snprintf(sql, sizeof sql, "SELECT version FROM item WHERE id = %d", id);
    char *form = form_of(desk, target, "name=\"body\"");
    char *got = html_form_get(form, name);
    assert_string_equal(got, value);
    expect_post(desk, target, form, 303, NULL);
    expect_row(desk, sql, "1");
    free(got);
    free(form);
}

static void check_days(struct desk *desk, const struct day_row *row)
{
    char words[64];
    move_to(desk, row->timezone);
    set_clock(desk, row->clock);
    char *form = form_of(desk, "/admin/items/new", "name=\"body\"");
    char *today = html_form_get(form, "date");
    assert_string_equal(today, row->today);
    free(today);
    free(form);
    expect_post(desk, "/admin/items",
                "type=event&title=Dated&slug=dated&action=publish&date=2026-11-24&event_starts=2026-12-31T23:30", 303,
                NULL);
    expect_page(desk, "/items/dated", 200, "<time datetime=\"2026-11-24\">24 November 2026</time>", "25 November");
    expect_page(desk, "/items/dated", 200, "<time datetime=\"2026-12-31T23:30\">31 December 2026", "1 January");
    expect_page(desk, "/items/dated.json", 200, "\"date\":\"2026-11-24\"", NULL);
    expect_still(desk, 3, "date", "2026-11-24");
    expect_still(desk, 3, "event_starts", "2026-12-31T23:30");
    expect_post(desk, "/admin/items", "type=news&title=Undated&slug=undated&action=publish&date=", 303, NULL);
    expect_row(desk,
               "SELECT substr(day, 1, 4) || '-' || substr(day, 5, 2) || '-' || substr(day, 7) FROM item WHERE id = 4",
               row->today);
    expect_still(desk, 4, "date", "");
    expect_post(desk, "/admin/items", "type=news&title=Later&action=publish&publish_at=2026-11-25T00:30", 303, NULL);
    expect_row(desk, "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', publish_unix, 'unixepoch') FROM item WHERE id = 5",
               row->publish_at);
    expect_still(desk, 5, "publish_at", "2026-11-25T00:30");
    snprintf(words, sizeof words, "Scheduled for 25 November 2026, 00:30 (%s)", row->timezone);
    expect_page(desk, "/admin/items/5", 200, words, NULL);
}

static void test_dates_off_by_one_day(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof day_rows / sizeof *day_rows; i++) {
        struct desk desk;
        sit_down(&desk, NULL, "editor");
        check_days(&desk, &day_rows[i]);
        harness_close(&desk.site);
    }
}

/* The day of an event is neither the item's date nor when it is published. */
static void test_event_date_taken_for_publish_date(void **state)
{
    struct desk *desk = *state;
    expect_post(desk, "/admin/items",
                "type=event&title=Meeting&slug=meeting&action=publish&date=&event_starts=2027-03-03&event_ends=2027-03-"
                "05&event_venue=Hanoi",
                303, NULL);
    expect_page(desk, "/items/meeting", 200, "When: <time datetime=\"2027-03-03\">3 March 2027</time>",
                "class=\"when\"");
    expect_page(desk, "/admin?status=scheduled", 200, "No items", "Meeting");
    expect_page(desk, "/", 200, "<time datetime=\"2026-11\">", "datetime=\"2027-03\">");
    expect_row(desk, "SELECT date IS NULL AND publish_unix = 1795435200 AND day = 20261123 FROM item WHERE id = 3",
               "1");
    expect_post(desk, "/admin/items/3", "version=1&event_starts=2028-01-01&event_ends=", 303, NULL);
    expect_row(desk, "SELECT date IS NULL AND publish_unix = 1795435200 AND day = 20261123 FROM item WHERE id = 3",
               "1");
    expect_page(desk, "/admin/items/3", 200, "The day that readers see.", NULL);
}

/* --- what is pasted --- */

static const char word_html[] =
    "<html xmlns:o=\"urn:schemas-microsoft-com:office:office\"><head><style>p.MsoNormal "
    "{mso-style-unhide:no}</style></head>"
    "<body lang=EN-US><!--[if gte mso 9]><xml><w:View>Normal</w:View></xml><![endif]--><!--StartFragment-->"
    "<h2 style='mso-outline-level:2'>Results<o:p></o:p></h2>"
    "<p class=MsoNormal style='margin-bottom:0cm;mso-yfti'><b><span lang=EN-GB "
    "style='font-size:12.0pt'>Twelve</span></b>"
    " co-operatives&nbsp;met in <i>Hanoi</i> &ndash; see <a href=\"https://x.example/a\">the "
    "report</a>.<o:p>&nbsp;</o:p></p>"
    "<p class=MsoListParagraph style='text-indent:-18pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span>\302\267"
    "<span style='font:7.0pt'>&nbsp;&nbsp; </span></span><![endif]>First</p>"
    "<p><img width=10 "
    "src=\"file:///C:/Users/x/clip_image001.png\"><script>alert(1)</script></p><!--EndFragment--></body></html>";

static void test_pasted_word_markup_is_kept(void **state)
{
    static const char *const gone[] = {"<",     "mso",    "Mso",     "style", "o:p", "StartFragment",
                                       "alert", "w:View", "C:/Users"};
    struct desk *desk = *state;
    char *form = html_form_set(form_of(desk, "/admin/items/1", "name=\"body\""), "body", word_html);
    struct response saved = post(desk, "/admin/items/1", form);
    const char *location = response_header_get(&saved, "Location");
    assert_non_null(location);
    expect_page(desk, location, 200, "What was pasted is Markdown now. Left out: ", NULL);
    expect_page(desk, location, 200, "1 image", NULL);
    expect(&saved, 303, NULL, NULL);
    char *body = harness_query(&desk->site, "SELECT body FROM item WHERE id = 1");
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        if (strstr(body, gone[i]) != NULL)
            fail_msg("'%s' is in %s", gone[i], body);
    }
    static const char *const kept[] = {"## Results", "**Twelve** co-operatives", "_Hanoi_",
                                       "[the report](https://x.example/a)", "- First"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (strstr(body, kept[i]) == NULL)
            fail_msg("'%s' is not in %s", kept[i], body);
    }
    free(body);
    free(form);
}

/* --- files --- */

static const unsigned char white_gif[] = {'G', 'I',  'F',  '8',  '9', 'a', 1, 0,    1, 0, 0x80, 0,
                                          0,   0xff, 0xff, 0xff, 0,   0,   0, 0x2c, 0, 0, 0,    0,
                                          1,   0,    1,    0,    0,   2,   2, 0x44, 1, 0, 0x3b};

static const char *copy_of(const void *bytes, size_t len)
{
    char *copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return copy;
}

static struct upload gif_upload(const char *field, const char *name, unsigned char colour)
{
    unsigned char gif[sizeof white_gif];
    memcpy(gif, white_gif, sizeof gif);
    gif[13] = colour;
    return (struct upload){field, name, copy_of(gif, sizeof gif), sizeof gif};
}

/* One of the pictures that the fuzzing begins from. */
static struct upload sample_upload(const char *name)
{
    char path[512];
    const char *source = getenv("WARTA_SOURCE_DIR");
    snprintf(path, sizeof path, "%s/tests/fuzz/image/%s", source == NULL ? "." : source, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char bytes[8192];
    ssize_t len = read(fd, bytes, sizeof bytes);
    assert_true(len > 0 && len < (ssize_t)sizeof bytes);
    close(fd);
    return (struct upload){"upload", name, copy_of(bytes, (size_t)len), (size_t)len};
}

/* Sends a form with one file, whose bytes are freed. */
static struct response post_file(struct desk *desk, const char *target, const char *form, struct upload upload)
{
    struct response response = harness_send(&desk->site, &(const struct harness_message){.method = "POST",
                                                                                         .target = target,
                                                                                         .body = form,
                                                                                         .uploads = &upload,
                                                                                         .uploads_len = 1,
                                                                                         .session = &desk->session});
    free((void *)(uintptr_t)upload.bytes);
    return response;
}

/* The bytes that readers get, with their tag in `etag`. */
static struct buf fetch(struct desk *desk, const char *target, char etag[static 64])
{
    struct response response = get(desk, target);
    struct buf bytes = BUF_EMPTY;
    assert_int_equal(response.status, 200);
    snprintf(etag, 64, "%s", response_header_get(&response, "ETag"));
    buf_append(&bytes, response.body.data, response.body.len);
    response_release(&response);
    return bytes;
}

static void test_replaced_file_changes_its_address(void **state)
{
    struct desk *desk = *state;
    char first_tag[64], second_tag[64];
    struct response saved = post_file(desk, "/admin/items/1", "version=1", gif_upload("upload", "chart.gif", 1));
    expect_location(&saved, 303, "/admin/items/1?done=saved&item=1&version=2&to=1");
    struct buf first = fetch(desk, "/files/1/chart.gif", first_tag);
    assert_int_equal(first.data[13], 1);
    struct response replaced =
        post_file(desk, "/admin/files/1/replace", "", gif_upload("file", "chart final(2).gif", 2));
    expect_location(&replaced, 303, "/admin/files/1?done=replaced&undo=1");
    struct buf second = fetch(desk, "/files/1/chart.gif", second_tag);
    assert_int_equal(second.data[13], 2);
    assert_string_not_equal(first_tag, second_tag);
    expect_page(desk, "/items/alpha", 200, "src=\"/files/1/chart.gif\"", "final");
    const struct header known = {"If-None-Match", first_tag};
    struct response stale = harness_send(
        &desk->site,
        &(const struct harness_message){.target = "/files/1/chart.gif", .headers = &known, .headers_len = 1});
    assert_int_equal(stale.status, 200);
    response_release(&stale);
    struct upload other = sample_upload("text.png");
    other.field = "file";
    struct response refused = post_file(desk, "/admin/files/1/replace", "", other);
    expect(&refused, 422, "is of another kind", NULL);
    buf_release(&first);
    buf_release(&second);
}

static void test_description_is_the_file_name(void **state)
{
    struct desk *desk = *state;
    struct response saved = post_file(desk, "/admin/items/1", "version=1", gif_upload("upload", "DSC_0042.gif", 1));
    expect_location(&saved, 303, "/admin/items/1?done=saved&item=1&version=2&to=1");
    expect_row(desk, "SELECT alt FROM item_file", "");
    expect_page(desk, "/admin/items/1", 200, "Still missing: for people who cannot see it.", "value=\"DSC_0042.gif\"");
    expect_page(desk, "/admin/items/1", 200, "DSC_0042.gif has no description for those who cannot see it.", NULL);
    expect_page(desk, "/items/alpha", 200, "<img src=\"/files/1/DSC_0042.gif\" alt=\"\" width=\"1\" height=\"1\"",
                "alt=\"DSC");
    char *form = html_form_set(form_of(desk, "/admin/items/1", "name=\"body\""), "file_alt", "A weaver at her loom");
    expect_post(desk, "/admin/items/1", form, 303, NULL);
    expect_page(desk, "/admin/items/1", 200, "value=\"A weaver at her loom\"", "Still missing");
    expect_page(desk, "/items/alpha", 200, "alt=\"A weaver at her loom\"", NULL);
    free(harness_query(&desk->site, "UPDATE file SET size = 512 * 1024 + 1"));
    expect_page(desk, "/items/alpha", 200, "DSC_0042.gif</a> (512 KB)", "<img");
    free(form);
}

static void test_place_left_in_photos(void **state)
{
    static const char *const names[] = {"turned.jpg", "upright.jpg", "text.png", "extended.webp"};
    struct desk *desk = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char form[32], target[64], etag[64];
        struct upload upload = sample_upload(names[i]);
        assert_non_null(memmem(upload.bytes, upload.len, "SECRET gps", strlen("SECRET gps")));
        snprintf(form, sizeof form, "version=%zu", i + 1);
        struct response saved = post_file(desk, "/admin/items/1", form, upload);
        expect(&saved, 303, NULL, NULL);
        snprintf(target, sizeof target, "/files/%zu/%s", i + 1, names[i]);
        struct buf bytes = fetch(desk, target, etag);
        assert_true(bytes.len > 0);
        assert_null(memmem(bytes.data, bytes.len, "SECRET", strlen("SECRET")));
        buf_release(&bytes);
    }
    expect_row(desk, "SELECT count(*) FROM chunk WHERE instr(bytes, CAST('SECRET' AS BLOB)) > 0", "0");
}

static void test_large_file_is_refused_without_words(void **state)
{
    struct desk *desk = *state;
    desk->site.site.upload_max = 20;
    struct response item =
        post_file(desk, "/admin/items/1", "version=1&title=Kept", gif_upload("upload", "big.gif", 1));
    expect(&item, 422, "A file may have up to 20 bytes", NULL);
    struct response files = post_file(desk, "/admin/files", "", gif_upload("file", "big.gif", 1));
    expect(&files, 413, "A file may have up to 20 bytes", NULL);
    expect_row(desk, "SELECT (SELECT count(*) FROM file) + (SELECT count(*) FROM chunk)", "0");
}

/* --- deleted by accident --- */

CLOCK(after_29_days, 29 * DAY)
CLOCK(after_31_days, 31 * DAY)
CLOCK(after_62_days, 62 * DAY)

static void test_deleted_by_accident(void **state)
{
    struct desk *desk = *state;
    const struct harness_session editor = harness_login(&desk->site, "Edda", "editor");
    struct desk other = {desk->site, editor};
    expect_page(desk, "/admin/items/1/trash", 405, NULL, NULL);
    expect_post(desk, "/admin/items/1/trash", "version=1", 303, NULL);
    expect_page(desk, "/items/alpha", 404, NULL, "One");
    expect_page(desk, "/admin?done=trashed&item=1&version=2&to=1", 200, "Undo", NULL);
    expect_page(desk, "/admin?status=trashed", 200, "Alpha", NULL);
    expect_post(&other, "/admin/trash/empty", "", 403, "Ask one of them");
    expect_post(desk, "/admin/trash/empty", "", 303, NULL);
    set_clock(desk, after_29_days);
    expect_post(desk, "/admin/trash/empty", "", 303, NULL);
    expect_post(desk, "/admin/items/1/restore", "version=2", 303, NULL);
    expect_row(desk, "SELECT title || status || body FROM item WHERE id = 1", "AlphadraftOne *two* three.");
    expect_post(desk, "/admin/items/1/trash", "version=3", 303, NULL);
    set_clock(desk, after_31_days);
    expect_post(desk, "/admin/trash/empty", "", 303, NULL);
    expect_row(desk, "SELECT count(*) FROM item WHERE id = 1", "1");
    set_clock(desk, after_62_days);
    expect_post(&other, "/admin/trash/empty", "", 403, NULL);
    expect_row(desk, "SELECT count(*) FROM item WHERE id = 1", "1");
    expect_post(desk, "/admin/trash/empty", "", 303, NULL);
    expect_row(desk, "SELECT count(*) FROM item WHERE id = 1", "0");
    expect_row(desk, "SELECT count(*) FROM item", "1");
}

/* Undo brings it back as it was, to readers too; and a file that an item carries stays. */
static void test_undo_of_a_deletion(void **state)
{
    struct desk *desk = *state;
    expect_post(desk, "/admin/items/1/trash", "version=1", 303, NULL);
    char *form = form_of(desk, "/admin?done=trashed&item=1&version=2&to=1", "/revisions/1/restore\"");
    expect_post(desk, "/admin/items/1/revisions/1/restore", form, 303, NULL);
    expect_page(desk, "/items/alpha", 200, "Alpha", NULL);
    free(form);
    struct response saved = post_file(desk, "/admin/items/1", "version=3", gif_upload("upload", "one.gif", 1));
    expect(&saved, 303, NULL, NULL);
    expect_post(desk, "/admin/items/1/trash", "version=4", 303, NULL);
    expect_post(desk, "/admin/files/1/delete", "", 409, "these items carry it");
    expect_row(desk, "SELECT count(*) FROM file", "1");
}

/* A new item, published by a slip of the finger, is taken back by its message too. */
static void test_undo_of_a_new_item(void **state)
{
    struct desk *desk = *state;
    static const char *const actions[][2] = {{"save", "created"}, {"publish", "published"}};
    for (int i = 0; i < 2; i++) {
        char form[64], done[96], back[96], trash[64], sql[64];
        snprintf(form, sizeof form, "type=news&title=Slip&action=%s", actions[i][0]);
        snprintf(done, sizeof done, "/admin/items/%d?done=%s&item=%d&version=1", 3 + i, actions[i][1], 3 + i);
        snprintf(back, sizeof back, "/admin?done=trashed&item=%d&version=2&to=1", 3 + i);
        snprintf(trash, sizeof trash, "/admin/items/%d/trash", 3 + i);
        snprintf(sql, sizeof sql, "SELECT status FROM item WHERE id = %d", 3 + i);
        struct response made = post(desk, "/admin/items", form);
        expect_location(&made, 303, done);
        expect_page(desk, done, 200, ">Undo</button>", NULL);
        char *undo = form_of(desk, done, trash);
        struct response undone = post(desk, trash, undo);
        expect_location(&undone, 303, back);
        expect_row(desk, sql, "trashed");
        free(undo);
    }
}

/* A file that was replaced or deleted comes back by its message's Undo, to the same address. */
static void test_undo_of_a_file(void **state)
{
    struct desk *desk = *state;
    struct response made = post_file(desk, "/admin/files", "", gif_upload("file", "one.gif", 1));
    expect(&made, 303, NULL, NULL);
    char *first = harness_query(&desk->site, "SELECT sha256 FROM file");
    struct response replaced = post_file(desk, "/admin/files/1/replace", "", gif_upload("file", "two.gif", 2));
    expect_location(&replaced, 303, "/admin/files/1?done=replaced&undo=2");
    char *second = harness_query(&desk->site, "SELECT sha256 FROM file");
    assert_string_not_equal(first, second);
    char *form = form_of(desk, "/admin/files/1?done=replaced&undo=2", "/admin/files/undo\"");
    expect_post(desk, "/admin/files/undo", form, 303, NULL);
    expect_row(desk, "SELECT sha256 FROM file", first);
    expect_post(desk, "/admin/files/undo", form, 409, "cannot be undone any more");
    free(form);
    form = form_of(desk, "/admin/files/1?done=undone&undo=3", "/admin/files/undo\"");
    expect_post(desk, "/admin/files/undo", form, 303, NULL);
    expect_row(desk, "SELECT sha256 FROM file", second);
    free(form);
    struct response deleted = post(desk, "/admin/files/1/delete", "");
    expect_location(&deleted, 303, "/admin/files?done=deleted&undo=5");
    expect_page(desk, "/admin/files/1/content/one.gif", 404, NULL, NULL);
    form = form_of(desk, "/admin/files?done=deleted&undo=5", "/admin/files/undo\"");
    struct response back = post(desk, "/admin/files/undo", form);
    expect_location(&back, 303, "/admin/files/1?done=undone");
    struct response content = get(desk, "/admin/files/1/content/one.gif");
    assert_int_equal(content.status, 200);
    response_release(&content);
    free(form);
    free(first);
    free(second);
}

/* The page's form, sent with its button. */
static char *published_form(char *form)
{
    struct buf sent = BUF_EMPTY;
    buf_format(&sent, "%s&action=publish", form);
    free(form);
    return buf_steal(&sent);
}

static void test_published_without_a_warning(void **state)
{
    struct desk *desk = *state;
    char *form = form_of(desk, "/admin/items/new", "name=\"body\"");
    form = published_form(html_form_set(form, "title", "No summary"));
    struct response asked = post(desk, "/admin/items", form);
    char *again = published_form(html_form(&asked, "name=\"body\""));
    expect(&asked, 422, "Not published yet", NULL);
    expect_row(desk, "SELECT count(*) FROM item WHERE title = 'No summary'", "0");
    /* Where a mistake stands above it, it is easily overlooked, and has not been asked. */
    char *mistaken = html_form_set(strdup(form), "link", "ftp://example.org/");
    struct response refused = post(desk, "/admin/items", mistaken);
    char *mended = published_form(html_form_set(html_form(&refused, "name=\"body\""), "link", ""));
    expect(&refused, 422, "Not saved yet", NULL);
    expect_post(desk, "/admin/items", mended, 422, "Not published yet");
    /* What comes to be worth a look meanwhile is told too. */
    char *worse = html_form_set(strdup(again), "body", "[words](www.ilo.org)");
    expect_post(desk, "/admin/items", worse, 422, "“www.ilo.org”");
    struct response published = post(desk, "/admin/items", again);
    expect_location(&published, 303, "/admin/items/3?done=published&item=3&version=1");
    expect_row(desk, "SELECT status FROM item WHERE title = 'No summary'", "published");
    free(worse);
    free(mended);
    free(mistaken);
    free(again);
    free(form);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_published_without_a_warning, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_changed_address_leads_nowhere, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_old_address_taken_by_another_item, open_desk, close_desk),
        cmocka_unit_test(test_dates_off_by_one_day),
        cmocka_unit_test_setup_teardown(test_event_date_taken_for_publish_date, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_pasted_word_markup_is_kept, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_replaced_file_changes_its_address, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_description_is_the_file_name, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_place_left_in_photos, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_large_file_is_refused_without_words, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_deleted_by_accident, open_admin, close_desk),
        cmocka_unit_test_setup_teardown(test_undo_of_a_deletion, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_undo_of_a_file, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_undo_of_a_new_item, open_desk, close_desk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
