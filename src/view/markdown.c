#include "warta/view/markdown.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmark.h>

#include "warta/base/mem.h"

enum { BLANK_LINES_MAX = 50, HEADING_LEVEL_MAX = 6, SCHEME_CAP = 16 };

/* The scheme of an address, "" if it is relative. A browser passes over white space and controls on its way to the
 * scheme (WHATWG URL, 4.4), so this does too. One longer than any allowed comes out cut, which no allowed one is. */
static void address_scheme(const char *address, char scheme[static SCHEME_CAP])
{
    size_t colon_at = strcspn(address, ":/?#");
    size_t len = 0;
    for (size_t i = 0; address[colon_at] == ':' && i <= colon_at && len < SCHEME_CAP - 1; i++)
        if ((unsigned char)address[i] > ' ')
            scheme[len++] = address[i];
    scheme[len] = '\0';
}

static bool link_is_allowed(const char *address)
{
    static const char *const allowed[] = {"", "http:", "https:", "mailto:"};
    char scheme[SCHEME_CAP];
    address_scheme(address, scheme);
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (strcasecmp(scheme, allowed[i]) == 0)
            return true;
    return false;
}

/* Whether an image is on another site; "//host" and its spellings with backslashes are (WHATWG URL, 4.4). */
static bool image_is_foreign(const char *address)
{
    char scheme[SCHEME_CAP];
    address_scheme(address, scheme);
    while (*address != '\0' && (unsigned char)*address <= ' ')
        address++;
    bool names_host = strspn(address, "/\\") >= 2;
    return scheme[0] != '\0' || names_host;
}

/* What stands for an image in plain text (CommonMark, 6.4). */
static void plain_text(cmark_node *node, struct buf *out)
{
    cmark_iter *iter = cmark_iter_new(node);
    while (cmark_iter_next(iter) != CMARK_EVENT_DONE) {
        cmark_node *inner = cmark_iter_get_node(iter);
        cmark_node_type type = cmark_node_get_type(inner);
        if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE)
            buf_text(out, cmark_node_get_literal(inner));
        else if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK)
            buf_char(out, ' ');
    }
    cmark_iter_free(iter);
}

/* The page shows the site's own images only: a foreign one becomes a link, or, within a link, words. */
static void replace_image(cmark_node *image, bool within_link)
{
    const char *address = cmark_node_get_url(image);
    const char *safe_address = link_is_allowed(address) ? address : "";
    struct buf alt = BUF_EMPTY;
    plain_text(image, &alt);
    cmark_node *words = cmark_node_new(CMARK_NODE_TEXT);
    cmark_node_set_literal(words, alt.len > 0 ? buf_string(&alt) : safe_address);
    buf_release(&alt);

    cmark_node *replacement = words;
    if (!within_link) {
        replacement = cmark_node_new(CMARK_NODE_LINK);
        cmark_node_set_url(replacement, safe_address);
        cmark_node_set_title(replacement, cmark_node_get_title(image));
        cmark_node_append_child(replacement, words);
    }
    cmark_node_replace(image, replacement);
    cmark_node_free(image);
}

/* How many links and images the walk is inside of: within an image all is plain text already. */
struct depth {
    int links;
    int images;
};

static void leave_node(cmark_node *node, const struct depth *depth)
{
    switch ((int)cmark_node_get_type(node)) {
    case CMARK_NODE_LINK:
        if (!link_is_allowed(cmark_node_get_url(node)))
            cmark_node_set_url(node, "");
        break;
    case CMARK_NODE_IMAGE:
        if (depth->images == 0 && image_is_foreign(cmark_node_get_url(node)))
            replace_image(node, depth->links > 0);
        break;
    default:
        break;
    }
}

static void make_safe(cmark_node *document)
{
    struct depth depth = {0, 0};
    cmark_iter *iter = cmark_iter_new(document);
    for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        cmark_node *node = cmark_iter_get_node(iter);
        int step = event == CMARK_EVENT_ENTER ? 1 : -1;
        if (cmark_node_get_type(node) == CMARK_NODE_LINK)
            depth.links += step;
        if (cmark_node_get_type(node) == CMARK_NODE_IMAGE)
            depth.images += step;
        if (event == CMARK_EVENT_EXIT)
            leave_node(node, &depth);
    }
    cmark_iter_free(iter);
}

/* The next heading of a walk; NULL behind the last. */
static cmark_node *next_heading(cmark_iter *iter)
{
    for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        cmark_node *node = cmark_iter_get_node(iter);
        if (event == CMARK_EVENT_ENTER && cmark_node_get_type(node) == CMARK_NODE_HEADING)
            return node;
    }
    return NULL;
}

/* The page's title is its h1, so the highest headings become h2, and none is more than one level below the one
 * before: whoever listens to the page finds its outline whole. */
static void settle_headings(cmark_node *document)
{
    int highest = HEADING_LEVEL_MAX;
    int level = 1;
    cmark_iter *iter = cmark_iter_new(document);
    for (cmark_node *heading; (heading = next_heading(iter)) != NULL;) {
        if (cmark_node_get_heading_level(heading) < highest)
            highest = cmark_node_get_heading_level(heading);
    }
    cmark_iter_reset(iter, document, CMARK_EVENT_ENTER);
    for (cmark_node *heading; (heading = next_heading(iter)) != NULL;) {
        int wanted = cmark_node_get_heading_level(heading) - highest + 2;
        level = wanted > level + 1 ? level + 1 : wanted;
        level = level > HEADING_LEVEL_MAX ? HEADING_LEVEL_MAX : level;
        cmark_node_set_heading_level(heading, level);
    }
    cmark_iter_free(iter);
}

static size_t line_len(const char *text, size_t len, bool *is_blank)
{
    *is_blank = true;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n' || text[i] == '\r')
            return i + 1;
        *is_blank = *is_blank && (text[i] == ' ' || text[i] == '\t');
    }
    return len;
}

/* cmark walks all open list items for each blank line, so 50 KB of deep lists and blank lines would take it seconds;
 * more than a few in a row show nowhere but in code. */
static void feed_lines(cmark_parser *parser, const char *text, size_t len)
{
    size_t blank_lines = 0;
    while (len > 0) {
        bool is_blank;
        size_t taken = line_len(text, len, &is_blank);
        blank_lines = is_blank ? blank_lines + 1 : 0;
        if (blank_lines <= BLANK_LINES_MAX)
            cmark_parser_feed(parser, text, taken);
        text += taken;
        len -= taken;
    }
}

static cmark_node *parse(const char *text, size_t len)
{
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8);
    feed_lines(parser, text, len);
    cmark_node *document = cmark_parser_finish(parser);
    cmark_parser_free(parser);
    return document;
}

static bool is_stray(const char *address, const void *unused)
{
    (void)unused;
    char scheme[SCHEME_CAP];
    address_scheme(address, scheme);
    return scheme[0] == '\0' ? strchr("/#", *address) == NULL || *address == '\0' : !link_is_allowed(address);
}

char *markdown_find_link(const char *text, size_t len, bool (*wanted)(const char *address, const void *context),
                         const void *context)
{
    char *found = NULL;
    cmark_node *document = parse(text, len);
    cmark_iter *iter = cmark_iter_new(document);
    for (cmark_event_type event; found == NULL && (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        cmark_node *node = cmark_iter_get_node(iter);
        cmark_node_type type = cmark_node_get_type(node);
        if (event != CMARK_EVENT_ENTER || (type != CMARK_NODE_LINK && type != CMARK_NODE_IMAGE))
            continue;
        const char *address = cmark_node_get_url(node);
        if (wanted(address, context))
            found = mem_copy(address, strlen(address));
    }
    cmark_iter_free(iter);
    cmark_node_free(document);
    return found;
}

char *markdown_stray_link(const char *text, size_t len)
{
    return markdown_find_link(text, len, is_stray, NULL);
}

void markdown_html(const char *text, size_t len, struct buf *out)
{
    cmark_node *document = parse(text, len);
    make_safe(document);
    settle_headings(document);
    char *html = cmark_render_html(document, CMARK_OPT_DEFAULT);
    buf_text(out, html);
    free(html);
    cmark_node_free(document);
}

void markdown_from_text(const char *text, struct buf *out)
{
    cmark_node *document = cmark_node_new(CMARK_NODE_DOCUMENT);
    cmark_node *paragraph = cmark_node_new(CMARK_NODE_PARAGRAPH);
    cmark_node *words = cmark_node_new(CMARK_NODE_TEXT);
    cmark_node_set_literal(words, text);
    cmark_node_append_child(paragraph, words);
    cmark_node_append_child(document, paragraph);
    char *markdown = cmark_render_commonmark(document, CMARK_OPT_DEFAULT, 0);
    size_t len = strlen(markdown);
    buf_append(out, markdown, len > 0 && markdown[len - 1] == '\n' ? len - 1 : len);
    free(markdown);
    cmark_node_free(document);
}
