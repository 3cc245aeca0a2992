#include "clean_source.h"

#include <string.h>
#include <strings.h>

enum { ATTRIBUTES_MAX = 400 };

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool begins_with(const char *from, const char *end, const char *mark)
{
    size_t len = strlen(mark);
    return (size_t)(end - from) >= len && strncasecmp(from, mark, len) == 0;
}

/* Behind the next `mark`, in any case of letters; the end if there is none. */
static const char *skip_behind(const char *from, const char *end, const char *mark)
{
    while (from < end && !begins_with(from, end, mark)) {
        const char *next = memchr(from + 1, *mark, (size_t)(end - from) - 1);
        from = next == NULL ? end : next;
    }
    return from < end ? from + strlen(mark) : end;
}

/* Behind a tag's ">", which in quotes of an attribute's value is none (WHATWG HTML, 13.2.5.36); NULL for one with too
 * many attributes. */
static const char *tag_end(const char *from, const char *end)
{
    char quote = '\0', last = '\0';
    size_t attributes = 0;
    for (; from < end; from++) {
        if (quote != '\0') {
            quote = *from == quote ? '\0' : quote;
        } else if (*from == '>') {
            return from + 1;
        } else if (last == '=' && (*from == '"' || *from == '\'')) {
            quote = *from;
        } else if (is_space(from[-1]) && !is_space(*from) && ++attributes > ATTRIBUTES_MAX) {
            return NULL;
        }
        last = is_space(*from) ? last : *from;
    }
    return end;
}

/* "<script ...>": with all up to its end tag. */
static bool is_raw(const char *from, const char *end, const char *open)
{
    size_t len = strlen(open);
    return begins_with(from, end, open) && (size_t)(end - from) > len &&
           (is_space(from[len]) || from[len] == '>' || from[len] == '/');
}

static bool has_namespace(const char *from, const char *end)
{
    for (; from < end && *from != '>' && !is_space(*from); from++) {
        if (*from == ':')
            return true;
    }
    return false;
}

/* Takes what begins with "<": behind it, or NULL. */
static const char *take_tag(const char *from, const char *end, struct clean_source *source)
{
    bool closes = end - from > 1 && from[1] == '/';
    const char *name = from + (closes ? 2 : 1);
    if (begins_with(from, end, "<!--"))
        return skip_behind(from + 2, end, "-->"); /* "<!-->" is a whole one */
    if (name < end && (closes || *name == '!' || *name == '?') && !is_letter(*name))
        return skip_behind(from, end, ">");
    if (name == end || !is_letter(*name)) {
        buf_text(&source->html, "&lt;");
        return from + 1;
    }
    if (is_raw(from, end, "<script") || is_raw(from, end, "<style")) {
        bool is_script = is_raw(from, end, "<script");
        size_t *count = is_script ? &source->scripts : &source->styles;
        ++*count;
        return skip_behind(skip_behind(from, end, is_script ? "</script" : "</style"), end, ">");
    }
    const char *behind = tag_end(name, end);
    if (behind != NULL && !has_namespace(name, behind))
        buf_append(&source->html, from, (size_t)(behind - from));
    return behind;
}

bool clean_source(const char *html, size_t len, struct clean_source *source)
{
    const char *end = html + len;
    *source = (struct clean_source){0};
    while (html != NULL && html < end) {
        const char *tag = memchr(html, '<', (size_t)(end - html));
        const char *text_end = tag == NULL ? end : tag;
        buf_append(&source->html, html, (size_t)(text_end - html));
        html = tag == NULL ? end : take_tag(tag, end, source);
    }
    if (html == NULL)
        buf_release(&source->html);
    return html != NULL;
}
