#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"

/* What a request must give. `has` must all be in the body, in that order; `lacks` must not be in it. */
struct page_case {
    const char *method, *target;
    int status;
    const char *media_type; /* NULL: none looked for */
    const char *has[8];
    const char *lacks[4];
    const char *header, *header_value; /* one header that must be there, with exactly that value */
};

static const char html[] = "text/html; charset=utf-8";
static const char feed[] = "application/feed+json";
static const char problem[] = "application/problem+json";

static const char items[] =
    "[{\"title\":\"Alpha news\",\"type\":\"news\",\"date\":\"2019-08-30\",\"summary\":\"First "
    "words\",\"places\":[\"Nepal\"],"
    "\"topics\":[\"Policy\"],\"body\":\"## Part\\n\\n*Body* of alpha\",\"aliases\":[\"WCMS_724104\",\"old alpha\"]},"
    "{\"title\":\"Beta project\",\"type\":\"project\",\"date\":\"2019-08-30\",\"places\":[\"Nepal\",\"Viet Nam\"],"
    "\"link\":\"https://example.org/beta?x=1\"},"
    "{\"title\":\"Gamma event\",\"type\":\"event\",\"kicker\":\"World day\",\"publish_at\":\"2018-01-31T18:00:00Z\","
    "\"event\":{\"starts\":\"2018-02-03T09:30\",\"venue\":\"Hall A\"},\"topics\":[\"Policy\",\"Youth\"]},"
    "{\"title\":\"\u0e2a\u0e2b\u0e01\u0e23\u0e13\u0e4c\",\"type\":\"news\",\"date\":\"2020-01-01\",\"lang\":\"th\","
    "\"slug\":\"thai\"},"
    "{\"title\":\"Tomorrow\",\"type\":\"news\",\"publish_at\":\"2026-11-24T00:00:00Z\",\"date\":\"2026-11-24\","
    "\"places\":[\"Secretland\"],\"lang\":\"km\"},"
    "{\"title\":\"Hidden "
    "draft\",\"type\":\"news\",\"status\":\"draft\",\"date\":\"2019-08-30\",\"places\":[\"Draftland\"]},"
    "{\"title\":\"In the bin\",\"type\":\"news\",\"status\":\"trashed\",\"date\":\"2019-08-30\"}]";

static const struct page_case cases[] = {
    /* the listing */
    {"GET",
     "/",
     200,
     html,
     {"4 items", "January 2020", "August 2019", "Beta project", "Alpha news", "February 2018", "Gamma event"},
     {"Tomorrow", "Hidden draft", "In the bin", "Secretland"},
     "Cache-Control",
     "public, max-age=0, s-maxage=2, stale-if-error=86400"},
    {"GET", "/", 200, html, {"<time datetime=\"2019-08-30\">30 August 2019</time>", "First words"}, {"Draftland"}},
    {"GET", "/", 200, html, {"World day"}, {"<script", "style="}, "X-Content-Type-Options", "nosniff"},
    {"GET", "/", 200, html, {"lang=\"th\""}, {0}, "Referrer-Policy", "strict-origin-when-cross-origin"},
    {"HEAD", "/", 200, html, {"4 items"}, {0}},
    {"GET", "/?type=news", 200, html, {"2 items", "Alpha news"}, {"Beta project"}},
    {"GET", "/?type=news&type=project", 200, html, {"3 items", "Beta project", "Alpha news"}, {"Gamma event"}},
    {"GET", "/?type=news&place=nepal", 200, html, {"1 item", "Alpha news"}, {"Beta project", "1 items"}},
    {"GET", "/?place=nepal&place=viet-nam", 200, html, {"2 items", "Beta project", "Alpha news"}, {"Gamma event"}},
    {"GET", "/?topic=policy&year=2018", 200, html, {"1 item", "Gamma event"}, {"Alpha news"}},
    {"GET", "/?year=2019&year=2018", 200, html, {"3 items", "Beta project", "Alpha news", "Gamma event"}, {0}},
    {"GET", "/?lang=th", 200, html, {"1 item", "href=\"/items/thai\""}, {"Alpha news"}},
    {"GET", "/?lang=TH", 200, html, {"1 item"}, {0}},
    {"GET", "/?type=project&type=news", 200, html, {"<h1>News or Project</h1>"}, {0}},
    {"GET", "/?type=news&place=nepal", 200, html, {"<title>News \u00b7 Nepal (1 item) \u2013 Cooperative news<"}, {0}},
    {"GET", "/", 200, html, {"<title>Cooperative news</title>"}, {0}},
    {"GET", "/?type=presentation", 200, html, {"No items"}, {"Alpha news"}},
    {"GET", "/?type=project&lang=th", 200, html, {"No items"}, {"Beta project"}},
    {"GET", "/?utm_source=mail&fbclid=1&type=&type=news", 200, html, {"2 items"}, {"utm_source"}},
    {"GET", "/?type=news", 200, html, {"rel=\"canonical\" href=\"http://news.example/?type=news\""}, {0}},
    /* values that do not exist, or that readers must not learn of */
    {"GET", "/?type=gossip", 404, html, {"gossip"}, {"Alpha news"}},
    {"GET", "/?type=news&place=atlantis", 404, html, {"atlantis"}, {"Alpha news"}},
    {"GET", "/?place=draftland", 404, html, {"draftland"}, {"Draftland"}},
    {"GET", "/?place=secretland", 404, html, {"secretland"}, {"Secretland"}},
    {"GET", "/?lang=km", 404, html, {"km"}, {"Tomorrow"}},
    {"GET", "/?year=1987", 404, html, {"1987"}, {"Alpha news"}},
    /* malformed parameters, named */
    {"GET", "/?type=No%20Slug!", 400, html, {"type"}, {"<script"}},
    {"GET", "/?type=%3Cscript%3Ealert(1)%3C/script%3E", 400, html, {"type"}, {"<script"}},
    {"GET", "/?year=20x9", 400, html, {"year"}, {0}},
    {"GET", "/?year=99999", 400, html, {"year"}, {0}},
    {"GET", "/?lang=not_a_tag", 400, html, {"lang"}, {0}},
    {"GET", "/?before=yesterday", 400, html, {"before"}, {0}},
    {"GET", "/?before=20190830.1&after=20190830.2", 400, html, {"before and after"}, {0}},
    {"GET", "/?type=%zz", 400, html, {0}, {0}},
    {"GET", "/?type=%ff", 400, html, {0}, {0}},
    {"GET", "/?type=a%00b", 400, html, {0}, {0}},
    {"GET", "/items.json?year=x", 400, problem, {"\"status\":400", "year"}, {0}},
    /* one item */
    {"GET",
     "/items/alpha-news",
     200,
     html,
     {"<title>Alpha news", "Alpha news</h1>", "30 August 2019", "First words", "<h2>Part</h2>",
      "<em>Body</em> of alpha"},
     {0}},
    {"GET", "/items/alpha-news", 200, html, {"/?place=nepal", "/?topic=policy"}, {0}},
    {"GET", "/items/alpha-news", 200, html, {"rel=\"canonical\" href=\"http://news.example/items/alpha-news\""}, {0}},
    {"GET", "/items/beta-project", 200, html, {"https://example.org/beta?x=1", "example.org"}, {0}},
    {"GET", "/items/gamma-event", 200, html, {"World day", "3 February 2018", "Hall A"}, {0}},
    {"GET",
     "/items/gamma-event",
     200,
     html,
     {"When: <time datetime=\"2018-02-03T09:30\">"},
     {"<time datetime=\"2018-02-03\">"}},
    {"GET", "/items/thai", 200, html, {"lang=\"th\""}, {0}},
    {"HEAD", "/items/alpha-news", 200, html, {"Alpha news"}, {0}},
    {"GET", "/items/tomorrow", 404, html, {"404"}, {"Tomorrow"}},
    {"GET", "/items/hidden-draft", 404, html, {"404"}, {"Hidden draft"}},
    {"GET", "/items/in-the-bin", 404, html, {"404"}, {"In the bin"}},
    {"GET", "/items/nothing-here", 404, html, {"404"}, {0}},
    {"GET", "/items/nothing-here.json", 404, problem, {"\"status\":404"}, {0}},
    {"GET",
     "/items/alpha-news.json",
     200,
     "application/json",
     {"\"slug\":\"alpha-news\"", "\"version\":1", "\"type\":\"news\"", "\"date\":\"2019-08-30\"",
      "\"places\":[\"Nepal\"]", "\"url\":\"http://news.example/items/alpha-news\""},
     {"\"status\"", "\"day\""}},
    {"GET",
     "/items/alpha-news.md",
     200,
     "text/markdown; charset=utf-8",
     {"# Alpha news", "News, 30 August 2019", "First words", "*Body* of alpha", "Place: Nepal", "Topic: Policy"},
     {"When:", "Where:", "<http"}},
    {"GET",
     "/items/beta-project.md",
     200,
     "text/markdown; charset=utf-8",
     {"Place: Nepal, Viet Nam", "<https://example.org/beta?x=1>"},
     {"Topic:"}},
    {"GET",
     "/items/gamma-event.md",
     200,
     "text/markdown; charset=utf-8",
     {"World day\n", "When: 3 February 2018, 09:30\n", "Where: Hall A\n"},
     {"Place:"}},
    {"GET", "/items/hidden-draft.json", 404, problem, {0}, {"Draftland"}},
    {"GET", "/items/hidden-draft.md", 404, html, {0}, {"Draftland"}},
    /* old addresses */
    {"GET", "/items/WCMS_724104", 301, NULL, {0}, {0}, "Location", "/items/alpha-news"},
    {"GET", "/items/old%20alpha", 301, NULL, {0}, {0}, "Location", "/items/alpha-news"},
    {"GET", "/items/1", 301, NULL, {0}, {0}, "Location", "/items/alpha-news"},
    {"GET", "/items/WCMS_724104.json", 301, NULL, {0}, {0}, "Location", "/items/alpha-news.json"},
    {"GET", "/items/5", 404, html, {"404"}, {"Tomorrow"}},
    {"GET", "/items/6", 404, html, {"404"}, {"Hidden draft"}},
    {"GET", "/items/alpha-news/", 308, NULL, {0}, {0}, "Location", "/items/alpha-news"},
    {"GET", "/items.json/?type=news", 308, NULL, {0}, {0}, "Location", "/items.json?type=news"},
    {"GET", "/nothing/", 404, html, {0}, {0}},
    {"GET", "//evil.example/", 404, html, {0}, {0}},
    {"GET", "/items/", 404, html, {0}, {0}},
    {"GET", "/items/a/b", 404, html, {0}, {0}},
    {"GET", "/items/%2e%2e", 404, html, {0}, {0}},
    {"GET", "/items/%zz", 404, html, {0}, {0}},
    {"GET", "/nothing", 404, html, {"404"}, {0}},
    /* methods */
    {"POST", "/", 405, html, {0}, {0}, "Allow", "GET, HEAD, OPTIONS"},
    {"DELETE", "/items/alpha-news", 405, html, {0}, {0}, "Allow", "GET, HEAD, OPTIONS"},
    {"BREW", "/items.json", 405, problem, {0}, {0}, "Allow", "GET, HEAD, OPTIONS"},
    {"OPTIONS", "/", 204, NULL, {0}, {0}, "Allow", "GET, HEAD, OPTIONS"},
    {"OPTIONS", "/nothing", 404, html, {0}, {0}},
    /* the feed */
    {"GET",
     "/items.json",
     200,
     feed,
     {"https://jsonfeed.org/version/1.1", "\"home_page_url\":\"http://news.example/\"", "\"total\":4",
      "\"id\":\"http://news.example/items/4\"", "\"title\":\"Beta project\"", "\"title\":\"Alpha news\""},
     {"Tomorrow", "Hidden draft", "In the bin"}},
    {"GET",
     "/items.json?type=news",
     200,
     feed,
     {"/items.json?type=news", "\"total\":2", "\"selected\":true"},
     {"Beta project\""}},
    {"GET", "/items.json?type=gossip", 404, feed, {"\"unknown\":[{"}, {"Alpha news"}},
    /* static files */
    {"GET", "/static/site.0000000000000000.css", 404, html, {0}, {0}},
    {"GET", "/static/site.css", 404, html, {0}, {0}},
    /* for machines */
    {"GET", "/healthz", 200, "text/plain; charset=utf-8", {"alive"}, {0}, "Cache-Control", "no-store"},
    {"GET", "/readyz", 200, "text/plain; charset=utf-8", {"ready"}, {0}, "Cache-Control", "no-store"},
    {"POST", "/healthz", 405, html, {0}, {0}},
    {"GET", "/static/..%2f..%2fsql%2fitem_public.sql", 404, html, {0}, {0}},
};

static void check_words(const struct page_case *page, const struct response *response)
{
    const char *body = buf_string(&response->body);
    const char *from = body;
    for (size_t i = 0; i < 8 && page->has[i] != NULL; i++) {
        const char *found = strstr(from, page->has[i]);
        if (found == NULL)
            fail_msg("%s %s: \"%s\" is missing%s in\n%s", page->method, page->target, page->has[i],
                     strstr(body, page->has[i]) == NULL ? "" : " at its place", body);
        from = found + strlen(page->has[i]);
    }
    for (size_t i = 0; i < 4 && page->lacks[i] != NULL; i++) {
        if (strstr(body, page->lacks[i]) != NULL)
            fail_msg("%s %s: \"%s\" must not be in\n%s", page->method, page->target, page->lacks[i], body);
    }
}

static void check_header(const struct page_case *page, const struct response *response, const char *name,
                         const char *value)
{
    const char *is = response_header_get(response, name);
    if (is == NULL || strcmp(is, value) != 0)
        fail_msg("%s %s: %s is \"%s\", not \"%s\"", page->method, page->target, name, is == NULL ? "(none)" : is,
                 value);
}

static void test_table(void **state)
{
    struct harness *harness = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct page_case *page = &cases[i];
        struct response response = harness_request(harness, page->method, page->target, NULL);
        if (response.status != page->status)
            fail_msg("%s %s: status %d, not %d:\n%s", page->method, page->target, response.status, page->status,
                     buf_string(&response.body));
        check_words(page, &response);
        if (page->media_type != NULL)
            check_header(page, &response, "Content-Type", page->media_type);
        if (page->header != NULL)
            check_header(page, &response, page->header, page->header_value);
        assert_non_null(response_header_get(&response, "Content-Security-Policy"));
        response_release(&response);
    }
}

/* Every address that a page links to within the site answers, and static files come with their type. */
static void test_links_answer(void **state)
{
    struct harness *harness = *state;
    static const char *const pages[] = {"/", "/?type=news&place=nepal", "/items/alpha-news", "/nothing"};
    size_t followed = 0;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct response response = harness_request(harness, "GET", pages[i], NULL);
        for (const char *at = buf_string(&response.body); (at = strstr(at, "href=\"/")) != NULL; at++) {
            char target[256];
            size_t used = 0;
            for (at += strlen("href=\""); *at != '"' && used < sizeof target - 1; at++) {
                if (strncmp(at, "&amp;", 5) == 0) {
                    target[used++] = '&';
                    at += 4;
                } else {
                    target[used++] = *at;
                }
            }
            target[used] = '\0';
            struct response linked = harness_request(harness, "GET", target, NULL);
            if (linked.status != 200)
                fail_msg("%s links to %s, which answers %d", pages[i], target, linked.status);
            if (strncmp(target, "/static/", 8) == 0)
                assert_string_equal(response_header_get(&linked, "Cache-Control"),
                                    "public, max-age=31536000, immutable");
            response_release(&linked);
            followed++;
        }
        response_release(&response);
    }
    assert_true(followed > 40);
}

static json_t *get_json(struct harness *harness, const char *target, int status)
{
    struct response response = harness_request(harness, "GET", target, NULL);
    assert_int_equal(response.status, status);
    json_t *json = json_loads(buf_string(&response.body), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    response_release(&response);
    return json;
}

static json_int_t facet_items(const json_t *json, const char *facet, const char *value)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(json_object_get(json_object_get(json, "_warta"), "facets"), facet), i, entry)
    {
        if (strcmp(json_string_value(json_object_get(entry, "value")), value) == 0)
            return json_integer_value(json_object_get(entry, "items"));
    }
    return -1;
}

/* A facet value's count is what choosing it finds beside the other facets' filters. */
static void test_facet_counts(void **state)
{
    static const struct {
        const char *target, *facet, *value;
        json_int_t items;
    } counts[] = {
        {"/items.json", "type", "news", 2},
        {"/items.json", "type", "event", 1},
        {"/items.json", "type", "presentation", -1},
        {"/items.json", "place", "nepal", 2},
        {"/items.json", "place", "secretland", -1},
        {"/items.json", "place", "draftland", -1},
        {"/items.json", "year", "2019", 2},
        {"/items.json", "year", "2026", -1},
        {"/items.json", "lang", "th", 1},
        {"/items.json?type=news", "type", "project", 1},
        {"/items.json?type=news", "place", "nepal", 1},
        {"/items.json?type=news", "place", "viet-nam", -1},
        {"/items.json?place=nepal&place=viet-nam", "type", "project", 1},
        {"/items.json?place=nepal&place=viet-nam", "type", "news", 1},
        {"/items.json?type=event&place=nepal", "place", "nepal", 0},
        {"/items.json?topic=policy&year=2018&year=2019", "type", "event", 1},
        {"/items.json?type=gossip", "type", "news", 2},
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        json_t *json = get_json(*state, counts[i].target, strstr(counts[i].target, "gossip") == NULL ? 200 : 404);
        json_int_t is = facet_items(json, counts[i].facet, counts[i].value);
        if (is != counts[i].items)
            fail_msg("%s: %s=%s has %d, not %d", counts[i].target, counts[i].facet, counts[i].value, (int)is,
                     (int)counts[i].items);
        json_decref(json);
    }
}

static int open_items(void **state)
{
    static struct harness harness;
    harness_open(&harness, items, NULL);
    *state = &harness;
    return 0;
}

static int close_items(void **state)
{
    harness_close(*state);
    return 0;
}

/* --- pages of a long listing --- */

enum { MANY = 107 };

/* Items 1 to MANY; three to a day, every tenth without a date, every second in Nepal, every third on youth. */
static char *many_items(void)
{
    json_t *list = json_array();
    for (int n = 1; n <= MANY; n++) {
        json_t *item = json_pack("{s:o, s:s, s:s, s:o}", "title", json_sprintf("Number %d", n), "type",
                                 n % 4 == 0 ? "news" : "project", "publish_at", "2020-06-15T00:00:00Z", "places",
                                 n % 2 == 0 ? json_pack("[s, s]", "Nepal", "Asia") : json_pack("[s]", "Asia"));
        if (n % 3 == 0)
            json_object_set_new(item, "topics", json_pack("[s]", "Youth"));
        if (n % 10 != 0)
            json_object_set_new(item, "date",
                                json_sprintf("20%02d-%02d-%02d", 15 + n / 60, 1 + n / 12 % 12, 1 + n / 3 % 28));
        json_array_append_new(list, item);
    }
    char *text = json_dumps(list, 0);
    json_decref(list);
    return text;
}

/* Walks a listing by `next` from its first page; returns the titles in order. */
static json_t *walk(struct harness *harness, const char *query, size_t *pages)
{
    char target[512];
    json_t *titles = json_array();
    snprintf(target, sizeof target, "/items.json%s", query);
    for (*pages = 1;; (*pages)++) {
        json_t *json = get_json(harness, target, 200);
        size_t i;
        json_t *item;
        json_array_foreach(json_object_get(json, "items"), i, item)
            json_array_append(titles, json_object_get(item, "title"));
        const char *next = json_string_value(json_object_get(json, "next_url"));
        if (next == NULL)
            assert_int_equal(json_array_size(titles),
                             json_integer_value(json_object_get(json_object_get(json, "_warta"), "total")));
        snprintf(target, sizeof target, "%s", next == NULL ? "" : next + strlen("http://news.example"));
        json_decref(json);
        if (*target == '\0')
            return titles;
        assert_true(*pages < MANY);
    }
}

static void test_walk_is_whole(void **state)
{
    static const char *const queries[] = {"",
                                          "?type=news",
                                          "?place=nepal",
                                          "?place=nepal&place=asia",
                                          "?topic=youth&type=project",
                                          "?year=2015&year=2016",
                                          "?place=asia&place=nepal&year=2016&type=news&type=project"};
    (void)state;
    struct harness harness;
    char *text = many_items();
    harness_open(&harness, text, NULL);
    for (size_t q = 0; q < sizeof queries / sizeof *queries; q++) {
        size_t pages;
        json_t *titles = walk(&harness, queries[q], &pages);
        json_t *seen = json_object();
        size_t i;
        json_t *title;
        json_array_foreach(titles, i, title)
        {
            if (json_object_get(seen, json_string_value(title)) != NULL)
                fail_msg("%s: %s comes twice", queries[q], json_string_value(title));
            json_object_set_new(seen, json_string_value(title), json_true());
        }
        if (q == 0 || q == 3)
            assert_int_equal(json_array_size(titles), MANY);
        assert_int_equal(pages, (json_array_size(titles) + 19) / 20);
        json_decref(seen);
        json_decref(titles);
    }
    harness_close(&harness);
    free(text);
}

/* Follows the link with rel="next" or rel="prev" of an HTML page; false if it has none. */
static bool follow(struct harness *harness, struct response *response, const char *rel)
{
    char wanted[32];
    char target[256];
    snprintf(wanted, sizeof wanted, "rel=\"%s\"", rel);
    const char *body = buf_string(&response->body);
    const char *at = strstr(body, wanted);
    if (at == NULL)
        return false;
    const char *tag = at;
    while (*tag != '<')
        tag--;
    const char *href = strstr(tag, "href=\"") + strlen("href=\"");
    size_t used = 0;
    for (; *href != '"'; href++) {
        target[used++] = *href;
        if (strncmp(href, "&amp;", 5) == 0)
            href += 4;
    }
    target[used] = '\0';
    response_release(response);
    *response = harness_request(harness, "GET", target, NULL);
    return true;
}

/* The way back through the pages is the way there, and ends on the very first page. */
static void test_back_and_forth(void **state)
{
    (void)state;
    struct harness harness;
    char *text = many_items();
    harness_open(&harness, text, NULL);
    struct response response = harness_request(&harness, "GET", "/?place=asia", NULL);
    char *first_items = strdup(strstr(buf_string(&response.body), "Number "));
    char title[32];
    snprintf(title, sizeof title, "%.20s", first_items);
    size_t forth = 0, back = 0;
    while (follow(&harness, &response, "next"))
        forth++;
    assert_null(strstr(buf_string(&response.body), title));
    while (follow(&harness, &response, "prev"))
        back++;
    assert_int_equal(forth, 5);
    assert_int_equal(back, 5);
    assert_non_null(strstr(buf_string(&response.body), title));
    assert_null(strstr(buf_string(&response.body), "rel=\"prev\""));
    response_release(&response);
    free(first_items);
    harness_close(&harness);
    free(text);
}

/* --- hostile words --- */

static void test_hostile_words(void **state)
{
    (void)state;
    static const char hostile[] = "<script>alert(1)</script>\\\"'&amp; \u202e\u2028{{title}} </title> --> javascript:x";
    static const char *const pages[] = {"/", "/items/hostile", "/items.json", "/items/hostile.json",
                                        "/?type=script-alert-1-script-amp-title-title-javascript-x"};
    char item[4096];
    struct harness harness;
    snprintf(item, sizeof item,
             "[{\"slug\":\"hostile\",\"type\":\"%.60s\",\"kicker\":\"%s\",\"title\":\"%s\",\"summary\":\"%s\",\"body\":"
             "\"%s\","
             "\"date\":\"2020-02-29\",\"event\":{\"starts\":\"2020-02-29\",\"venue\":\"%s\"},\"places\":[\"%.80s\"],"
             "\"topics\":[\"%.80s\"],"
             "\"link\":\"https://example.org/\\\"onclick='x'<b>\",\"aliases\":[\"%.40s\"]}]",
             hostile, hostile, hostile, hostile, hostile, hostile, hostile, hostile, "\\\"><b>");
    harness_open(&harness, item, NULL);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct response response = harness_request(&harness, "GET", pages[i], NULL);
        const char *body = buf_string(&response.body);
        if (strcmp(response_header_get(&response, "Content-Type"), html) == 0) {
            if (strstr(body, "<script") != NULL || strstr(body, "<b>") != NULL || strstr(body, "'x'<") != NULL)
                fail_msg("%s lets markup through:\n%s", pages[i], body);
        } else {
            json_t *json = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
            assert_non_null(json);
            json_decref(json);
        }
        response_release(&response);
    }
    harness_close(&harness);
}

/* --- faults --- */

/* The request id on the last line of a log that holds `words`. */
enum { ID_CAP = 24 };

static void logged_id(const char *log, const char *words, char id[static ID_CAP])
{
    const char *line = NULL;
    for (const char *at = log; (at = strstr(at, words)) != NULL; at++)
        line = at;
    assert_non_null(line);
    while (line > log && line[-1] != '\n')
        line--;
    assert_int_equal(sscanf(line, "%*s %*s %23s", id), 1);
}

/* An event says when only if the date over it does not say it all. */
static void test_event_on_its_date(void **state)
{
    static const struct {
        const char *event;
        bool when, where;
    } rows[] = {{"{\"starts\":\"2020-02-02\"}", false, false},
                {"{\"starts\":\"2020-02-02\",\"venue\":\"Hall\"}", false, true},
                {"{\"starts\":\"2020-02-03\"}", true, false},
                {"{\"starts\":\"2020-02-02T09:00\"}", true, false},
                {"{\"starts\":\"2020-02-02\",\"ends\":\"2020-02-04\"}", true, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char one[256];
        struct harness harness;
        snprintf(one, sizeof one, "[{\"title\":\"A\",\"type\":\"event\",\"date\":\"2020-02-02\",\"event\":%s}]",
                 rows[i].event);
        harness_open(&harness, one, NULL);
        struct response response = harness_request(&harness, "GET", "/", NULL);
        const char *body = buf_string(&response.body);
        assert_non_null(strstr(body, "<time datetime=\"2020-02-02\">2 February 2020</time>"));
        assert_int_equal(strstr(body, "When:") != NULL, rows[i].when);
        assert_int_equal(strstr(body, "Where:") != NULL, rows[i].where);
        assert_int_equal(strstr(body, "class=\"event\"") != NULL, rows[i].when || rows[i].where);
        response_release(&response);
        harness_close(&harness);
    }
}

/* A statement that fails in the middle of a page is a whole 500 page under an id, and the log has the cause. */
static void test_fault_is_whole(void **state)
{
    (void)state;
    static const struct {
        const char *accept, *has;
    } forms[] = {{NULL, "</html>"}, {"application/json", "\"status\":500"}};
    struct harness harness;
    char command[256];
    harness_open(&harness, items, NULL);
    snprintf(command, sizeof command, "sqlite3 %s 'DROP TABLE listing_count'", harness.database);
    assert_int_equal(system(command), 0);
    for (size_t i = 0; i < 2; i++) {
        char id[ID_CAP];
        struct response response = harness_request(&harness, "GET", "/", forms[i].accept);
        const char *body = buf_string(&response.body);
        assert_int_equal(response.status, 500);
        assert_null(strstr(body, "Alpha news"));
        assert_null(strstr(body, "listing_count"));
        assert_non_null(strstr(body, forms[i].has));
        char *log = harness_log(&harness);
        logged_id(log, "listing_count", id);
        if (strstr(body, id) == NULL)
            fail_msg("%s is not in\n%s\n%s", id, body, log);
        free(log);
        response_release(&response);
    }
    harness_close(&harness);
}

/* That there is no such page is held for everybody, but not in a form that only some ask for. */
static void test_nothing_there_is_held(void **state)
{
    (void)state;
    static const struct {
        const char *target, *accept, *caching;
    } requests[] = {{"/items/nothing-here", NULL, "public, max-age=0, s-maxage=2, stale-if-error=86400"},
                    {"/items/nothing-here.json", NULL, "public, max-age=0, s-maxage=2, stale-if-error=86400"},
                    {"/items/nothing-here", "application/json", "no-store"},
                    {"/nothing-here", NULL, "no-store"}};
    struct harness harness;
    harness_open(&harness, items, NULL);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct response response = harness_request(&harness, "GET", requests[i].target, requests[i].accept);
        assert_int_equal(response.status, 404);
        assert_string_equal(response_header_get(&response, "Cache-Control"), requests[i].caching);
        response_release(&response);
    }
    harness_close(&harness);
}

/* --- below a prefix --- */

static void test_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        int status;
        const char *location;
    } requests[] = {
        {"/news", 308, "/news/"},
        {"/news/", 200, NULL},
        {"/", 200, NULL},
        {"/news/items/alpha-news", 200, NULL},
        {"/items/alpha-news", 200, NULL},
        {"/news/items/1", 301, "/news/items/alpha-news"},
        {"/items/alpha-news/", 308, "/news/items/alpha-news"},
        {"/newsroom", 404, NULL},
    };
    struct harness harness;
    harness_open(&harness, items, "https://example.org/news/");
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct response response = harness_request(&harness, "GET", requests[i].target, NULL);
        const char *body = buf_string(&response.body);
        assert_int_equal(response.status, requests[i].status);
        if (requests[i].location != NULL)
            assert_string_equal(response_header_get(&response, "Location"), requests[i].location);
        for (const char *at = body; (at = strstr(at, "href=\"/")) != NULL; at++) {
            if (strncmp(at, "href=\"/news/", 12) != 0 || strncmp(at, "href=\"/news/news/", 17) == 0)
                fail_msg("%s: a link outside the prefix: %.60s", requests[i].target, at);
        }
        response_release(&response);
    }
    harness_close(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table, open_items, close_items),
        cmocka_unit_test_setup_teardown(test_links_answer, open_items, close_items),
        cmocka_unit_test_setup_teardown(test_facet_counts, open_items, close_items),
        cmocka_unit_test(test_event_on_its_date),
        cmocka_unit_test(test_walk_is_whole),
        cmocka_unit_test(test_back_and_forth),
        cmocka_unit_test(test_hostile_words),
        cmocka_unit_test(test_fault_is_whole),
        cmocka_unit_test(test_nothing_there_is_held),
        cmocka_unit_test(test_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
