#include "html.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "warta/base/mem.h"
#include "warta/base/text.h"
#include "warta/http/url.h"

enum { DEPTH_MAX = 64, TAG_MAX = 32, ATTRIBUTES_MAX = 32 };

static const char name_chars[] = "abcdefghijklmnopqrstuvwxyz0123456789-_:";

static const char *const escapes[][2] = {
    {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}};

enum { ESCAPES = sizeof escapes / sizeof *escapes };

/* --- tags --- */

struct attribute {
    char name[TAG_MAX];
    const char *value; /* NULL: without one */
    size_t value_len;
};

struct tag {
    char name[TAG_MAX];
    bool closes;
    struct attribute attributes[ATTRIBUTES_MAX];
    size_t attributes_len;
};

static size_t escape_len(const char *text)
{
    for (size_t i = 0; i < ESCAPES; i++) {
        if (strncmp(text, escapes[i][0], strlen(escapes[i][0])) == 0)
            return strlen(escapes[i][0]);
    }
    return 0;
}

/* Whether text has nothing in it that it must not have unescaped. */
static bool is_escaped(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '<' || text[i] == '>' || text[i] == '\0' || (text[i] == '&' && escape_len(text + i) == 0))
            return false;
    }
    return true;
}

static const char *read_name(const char *at, const char *chars, char name[static TAG_MAX])
{
    size_t len = strspn(at, chars);
    if (len == 0 || len >= TAG_MAX)
        return NULL;
    memcpy(name, at, len);
    name[len] = '\0';
    return at + len;
}

/* Behind the attribute, or NULL. */
static const char *read_attribute(const char *at, struct tag *tag)
{
    if (tag->attributes_len == ATTRIBUTES_MAX)
        return NULL;
    struct attribute *attribute = &tag->attributes[tag->attributes_len++];
    *attribute = (struct attribute){0};
    at = read_name(at, name_chars, attribute->name);
    for (size_t i = 0; at != NULL && i + 1 < tag->attributes_len; i++) {
        if (strcmp(tag->attributes[i].name, attribute->name) == 0)
            return NULL;
    }
    if (at == NULL || *at != '=')
        return at;
    if (*++at != '"')
        return NULL;
    attribute->value = ++at;
    attribute->value_len = strcspn(at, "\"");
    if (at[attribute->value_len] != '"' || !is_escaped(at, attribute->value_len))
        return NULL;
    return at + attribute->value_len + 1;
}

/* Reads the tag at `at`, which is a '<'; returns what is behind it, or NULL if it is none of ours. */
static const char *read_tag(const char *at, struct tag *tag)
{
    *tag = (struct tag){.closes = at[1] == '/'};
    at = read_name(at + (tag->closes ? 2 : 1), "abcdefghijklmnopqrstuvwxyz0123456789", tag->name);
    while (at != NULL && *at != '>') {
        size_t blanks = strspn(at, " \n");
        at += blanks;
        if (strncmp(at, "/>", 2) == 0)
            at++;
        else if (blanks == 0 || tag->closes)
            at = NULL;
        else
            at = read_attribute(at, tag);
    }
    return at == NULL ? NULL : at + 1;
}

static const struct attribute *find(const struct tag *tag, const char *name)
{
    for (size_t i = 0; i < tag->attributes_len; i++) {
        if (strcmp(tag->attributes[i].name, name) == 0)
            return &tag->attributes[i];
    }
    return NULL;
}

/* --- well-formed --- */

static bool is_void(const char *name)
{
    static const char *const names[] = {"meta", "link", "input", "img", "br", "hr", "option"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static bool is_known(const char *const *names, size_t len, const char *name)
{
    for (size_t i = 0; i < len; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

/* An address that a page of ours may lead to, by its first letters. */
static bool leads_well(const struct attribute *attribute)
{
    static const char *const addresses[] = {"href", "src", "action", "formaction"};
    static const char *const starts[] = {"/", "#", "http://", "https://", "mailto:"};
    bool is_address = is_known(addresses, sizeof addresses / sizeof *addresses, attribute->name);
    if (!is_address || attribute->value_len == 0)
        return true;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (strncasecmp(attribute->value, starts[i], strlen(starts[i])) == 0)
            return true;
    }
    /* A relative one, of Markdown: no scheme. */
    size_t colon = strcspn(attribute->value, ":/?#\"");
    return attribute->value[colon] != ':';
}

/* What nothing but an attack would put on a page. */
static const char *tag_problem(const struct tag *tag, const char *behind)
{
    static const char *const never[] = {"iframe", "object", "embed", "svg",   "math",   "base",
                                        "style",  "audio",  "video", "frame", "applet", "plaintext"};
    if (is_known(never, sizeof never / sizeof *never, tag->name))
        return "a tag that no page of ours has";
    for (size_t i = 0; i < tag->attributes_len; i++) {
        const struct attribute *attribute = &tag->attributes[i];
        if (strncmp(attribute->name, "on", 2) == 0 || strcmp(attribute->name, "style") == 0 ||
            strcmp(attribute->name, "srcdoc") == 0)
            return "an attribute that no page of ours has";
        if (!leads_well(attribute))
            return "an address that leads astray";
    }
    if (strcmp(tag->name, "script") == 0 && !tag->closes) {
        const struct attribute *src = find(tag, "src");
        if (src == NULL || src->value == NULL || *src->value != '/' || strncmp(behind, "</script>", 9) != 0)
            return "a script that is none of ours";
    }
    return NULL;
}

struct elements {
    char names[DEPTH_MAX][TAG_MAX];
    size_t len;
};

static const char *nest(struct elements *open, const struct tag *tag)
{
    if (strcmp(tag->name, "option") == 0 || (is_void(tag->name) && !tag->closes))
        return NULL;
    if (is_void(tag->name))
        return "a void element is closed";
    if (!tag->closes) {
        if (open->len == DEPTH_MAX)
            return "elements are nested too deep";
        memcpy(open->names[open->len++], tag->name, TAG_MAX);
        return NULL;
    }
    if (open->len == 0 || strcmp(open->names[open->len - 1], tag->name) != 0)
        return "an element is closed that is not open";
    open->len--;
    return NULL;
}

/* What is wrong, with `*at` where it is. */
static const char *page_problem(const char **at)
{
    static const char doctype[] = "<!doctype html>\n";
    static const char omitted[] = "<!-- raw HTML omitted -->";
    struct elements open = {.len = 0};
    *at += strncmp(*at, doctype, strlen(doctype)) == 0 ? strlen(doctype) : 0;
    for (;;) {
        size_t text_len = strcspn(*at, "<");
        if (!is_escaped(*at, text_len))
            return "text is not escaped";
        *at += text_len;
        if (**at == '\0')
            return open.len > 0 ? "an element is not closed" : NULL;
        if (strncmp(*at, omitted, strlen(omitted)) == 0) {
            *at += strlen(omitted);
            continue;
        }
        struct tag tag;
        const char *behind = read_tag(*at, &tag);
        if (behind == NULL)
            return "a tag is malformed";
        const char *problem = tag_problem(&tag, behind);
        if (problem == NULL)
            problem = nest(&open, &tag);
        if (problem != NULL)
            return problem;
        *at = behind;
    }
}

void html_check(const struct response *response, const char *what)
{
    const char *page = buf_string(&response->body);
    const char *type = response_header_get(response, "Content-Type");
    if (!text_valid(page, response->body.len))
        fail_msg("%s: the page is not UTF-8, or holds a NUL", what);
    if (type == NULL || strncmp(type, "text/html", 9) != 0)
        return;
    const char *at = page;
    const char *problem = page_problem(&at);
    if (problem == NULL)
        return;
    const char *from = at - page > 200 ? at - 200 : page;
    fail_msg("%s: %s at:\n%.*s ==> %.300s", what, problem, (int)(at - from), from, at);
}

/* --- forms --- */

void html_unescape(char *text)
{
    char *to = text;
    while (*text != '\0') {
        size_t i = 0;
        while (i < ESCAPES && strncmp(text, escapes[i][0], strlen(escapes[i][0])) != 0)
            i++;
        *to++ = i < ESCAPES ? escapes[i][1][0] : *text;
        text += i < ESCAPES ? strlen(escapes[i][0]) : 1;
    }
    *to = '\0';
}

static char *unescaped(const char *text, size_t len)
{
    char *copy = mem_copy(text, len);
    html_unescape(copy);
    return copy;
}

static bool is_value(const struct tag *tag, const char *name, const char *value)
{
    const struct attribute *attribute = find(tag, name);
    return attribute != NULL && attribute->value != NULL && attribute->value_len == strlen(value) &&
           memcmp(attribute->value, value, strlen(value)) == 0;
}

static void append(struct buf *out, const struct attribute *name, const char *value, size_t value_len)
{
    if (name == NULL || name->value == NULL || (name->value_len == 4 && memcmp(name->value, "csrf", 4) == 0))
        return;
    char *plain_name = unescaped(name->value, name->value_len);
    char *plain = unescaped(value, value_len);
    buf_text(out, out->len > 0 ? "&" : "");
    url_encode(out, plain_name);
    buf_char(out, '=');
    url_encode(out, plain);
    free(plain);
    free(plain_name);
}

static void append_input(struct buf *out, const struct tag *tag)
{
    const struct attribute *value = find(tag, "value");
    bool chooses = is_value(tag, "type", "radio") || is_value(tag, "type", "checkbox");
    if (is_value(tag, "type", "file") || (chooses && find(tag, "checked") == NULL))
        return;
    append(out, find(tag, "name"), value == NULL ? "" : value->value, value == NULL ? 0 : value->value_len);
}

/* The chosen option, or the first one. */
static void append_select(struct buf *out, const struct tag *select, const char *at)
{
    const char *end = strstr(at, "</select>");
    struct tag option, chosen = {.closes = true};
    assert_non_null(end);
    while ((at = strchr(at, '<')) != NULL && at < end) {
        at = read_tag(at, &option);
        assert_non_null(at);
        if (!option.closes && (chosen.closes || find(&option, "selected") != NULL))
            chosen = option;
    }
    const struct attribute *value = find(&chosen, "value");
    if (value != NULL)
        append(out, find(select, "name"), value->value, value->value_len);
}

/* A line's end right behind the tag is not part of the text (WHATWG HTML, 13.2.6.4.7). */
static void append_textarea(struct buf *out, const struct tag *tag, const char *at)
{
    const char *end = strstr(at, "</textarea>");
    assert_non_null(end);
    at += *at == '\n' ? 1 : 0;
    append(out, find(tag, "name"), at, (size_t)(end - at));
}

/* Where the form with the mark begins. */
static const char *find_form(const char *page, const char *mark)
{
    const char *at = page;
    while ((at = strstr(at, "<form")) != NULL) {
        const char *end = strstr(at, "</form>");
        const char *found = strstr(at, mark);
        assert_non_null(end);
        if (found != NULL && found < end)
            return at;
        at = end;
    }
    fail_msg("there is no form with '%s' in it on\n%s", mark, page);
    return page;
}

char *html_form(const struct response *response, const char *mark)
{
    struct buf out = BUF_EMPTY;
    const char *at = find_form(buf_string(&response->body), mark);
    const char *end = strstr(at, "</form>");
    while ((at = strchr(at, '<')) != NULL && at < end) {
        struct tag tag;
        at = read_tag(at, &tag);
        assert_non_null(at);
        if (strcmp(tag.name, "template") == 0 && !tag.closes)
            at = strstr(at, "</template>");
        else if (strcmp(tag.name, "input") == 0)
            append_input(&out, &tag);
        else if (strcmp(tag.name, "select") == 0 && !tag.closes)
            append_select(&out, &tag, at);
        else if (strcmp(tag.name, "textarea") == 0 && !tag.closes)
            append_textarea(&out, &tag, at);
    }
    return buf_steal(&out);
}

/* Where the value of `name` begins; NULL if the form has none. */
static const char *find_value(const char *form, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = form; at != NULL; at = strchr(at, '&')) {
        at += *at == '&' ? 1 : 0;
        if (strncmp(at, name, len) == 0 && at[len] == '=')
            return at + len + 1;
    }
    return NULL;
}

char *html_form_set(char *form, const char *name, const char *value)
{
    struct buf out = BUF_EMPTY;
    const char *at = find_value(form, name);
    if (at == NULL)
        fail_msg("'%s' is not in the form %s", name, form);
    buf_append(&out, form, (size_t)(at - form));
    url_encode(&out, value);
    buf_text(&out, at + strcspn(at, "&"));
    free(form);
    return buf_steal(&out);
}

char *html_form_get(const char *form, const char *name)
{
    struct arena arena;
    const char *at = find_value(form, name);
    if (at == NULL)
        return NULL;
    arena_init(&arena);
    char *pair = mem_copy(at - 1, strcspn(at, "&") + 1);
    const char *query = pair;
    char *ignored, *value;
    assert_int_equal(url_query_next(&arena, &query, &ignored, &value), 1);
    char *copy = mem_copy(value, strlen(value));
    arena_release(&arena);
    free(pair);
    return copy;
}
