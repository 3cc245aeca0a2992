#include "warta/view/clean.h"

#include <libxml/HTMLparser.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/utf8.h>

#include "clean_node.h"
#include "clean_source.h"
#include "markdown_writer.h"
#include "warta/base/mem.h"

enum { DEPTH_MAX = 250, ADDRESS_MAX = 2000 /* as an item's link */ };

/* --- what is left out, in words --- */

enum loss { LOSS_IMAGE, LOSS_OBJECT, LOSS_FIELD, LOSS_TABLE, LOSS_LINK, LOSS_RAISED, LOSS_SCRIPT, LOSS_STYLE, LOSSES };

struct cleaning {
    struct writer writer;
    size_t counts[LOSSES];
    int depth;
    bool in_line; /* blocks cannot begin here */
    bool gave_up; /* elements are too deep in each other, or the Markdown is too long: words may be missing */
};

static void say_losses(const size_t counts[static LOSSES], json_t *dropped)
{
    static const struct {
        const char *one, *more;
    } words[LOSS_STYLE] = {
        [LOSS_IMAGE] = {"image", "images"},
        [LOSS_OBJECT] = {"embedded part", "embedded parts"},
        [LOSS_FIELD] = {"form field", "form fields"},
        [LOSS_TABLE] = {"table (its cells are kept as text)", "tables (their cells are kept as text)"},
        [LOSS_LINK] = {"link that does not lead to a web or mail address (its words are kept)",
                       "links that do not lead to a web or mail address (their words are kept)"},
        [LOSS_RAISED] = {"raised or lowered text (kept in its line)", "raised or lowered texts (kept in their lines)"},
        [LOSS_SCRIPT] = {"script", "scripts"},
    };
    for (size_t i = 0; i < LOSS_STYLE; i++) {
        if (counts[i] > 0)
            json_array_append_new(dropped,
                                  json_sprintf("%zu %s", counts[i], counts[i] == 1 ? words[i].one : words[i].more));
    }
    if (counts[LOSS_STYLE] > 0)
        json_array_append_new(dropped, json_string("styles and colours"));
}

/* --- links --- */

/* "&amp;" and its like, which would mean another character. */
static bool begins_entity(const char *text)
{
    static const char name[] = "#0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    return *text == '&' && text[1 + strspn(text + 1, name)] == ';';
}

/* An address as it can stand in parentheses (CommonMark 0.30, 6.3): what would end it, or mean something in it,
 * percent-encoded. Line ends and tabs are no part of an address (WHATWG URL, 4.4). */
static void encode_address(const char *address, struct buf *out)
{
    const uint8_t *bytes = (const uint8_t *)address;
    size_t len = strlen(address);
    for (size_t at = 0; at < len;) {
        size_t from = at;
        int32_t point;
        U8_NEXT(bytes, at, len, point);
        if (point == '\t' || point == '\n' || point == '\r')
            continue;
        if (begins_entity(address + from))
            buf_char(out, '\\');
        bool fits =
            point > ' ' && phrase_point(point) == point && (point >= 0x80 || strchr("<>()\\\"`", point) == NULL);
        if (fits)
            buf_append(out, address + from, at - from);
        for (; !fits && from < at; from++)
            buf_percent(out, address[from]);
    }
}

/* The writer's number for an address that readers can go to; 0 for another. */
static uint32_t link_of(struct cleaning *c, xmlNode *node)
{
    static const char *const schemes[] = {"http://", "https://", "mailto:"};
    char *href = node_attribute(node, "href");
    uint32_t link = 0;
    if (href == NULL)
        return 0;
    const char *from = href + strspn(href, " \t\r\n\f");
    size_t len = strlen(from);
    while (len > 0 && strchr(" \t\r\n\f", from[len - 1]) != NULL)
        href[(size_t)(from - href) + --len] = '\0';
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes && link == 0; i++) {
        size_t scheme_len = strlen(schemes[i]);
        if (len <= scheme_len || len > ADDRESS_MAX || strncasecmp(from, schemes[i], scheme_len) != 0)
            continue;
        struct buf address = BUF_EMPTY;
        encode_address(from, &address);
        link = writer_link(&c->writer, buf_string(&address));
        buf_release(&address);
    }
    c->counts[LOSS_LINK] += link == 0;
    xmlFree(href);
    return link;
}

/* --- the walk --- */

struct look {
    unsigned style;
    uint32_t link;
};

static void walk(struct cleaning *c, xmlNode *node, struct look look);

/* Closes and opens the lists that paragraphs make which look like items: `open` of them are open, each with an item.
 * Returns how many are then. */
static int settle_items(struct cleaning *c, int open, struct flat_item item)
{
    int level = item.level > open + 1 ? open + 1 : item.level;
    for (; open > level; open--) {
        writer_close(&c->writer);
        writer_close(&c->writer);
    }
    if (level == 0)
        return 0;
    if (open == level) {
        writer_close(&c->writer);
        if (writer_has_numbers(&c->writer) != (item.number >= 0)) {
            writer_close(&c->writer);
            open--;
        }
    }
    if (open < level) {
        writer_open_list(&c->writer, item.number);
        open++;
    }
    writer_open_item(&c->writer);
    return open;
}

static void walk_children(struct cleaning *c, xmlNode *node, struct look look)
{
    static const struct flat_item none = {0, -1};
    int open = 0;
    for (xmlNode *child = node->children; child != NULL; child = child->next) {
        if (open > 0 && node_is_blank(child))
            continue;
        open = settle_items(c, open, c->in_line ? none : flat_item_of(child));
        walk(c, child, look);
    }
    settle_items(c, open, none);
}

/* Within a table's cell all stands in one line. */
static void end_block(struct cleaning *c)
{
    if (c->in_line)
        phrase_text(&c->writer.phrase, " ", 0, 0);
    else
        writer_paragraph(&c->writer);
}

static void walk_block(struct cleaning *c, xmlNode *node, struct look look)
{
    end_block(c);
    walk_children(c, node, look);
    end_block(c);
}

static void walk_heading(struct cleaning *c, xmlNode *node, struct look look)
{
    end_block(c);
    bool was_in_line = c->in_line;
    c->in_line = true;
    walk_children(c, node, look);
    c->in_line = was_in_line;
    if (c->in_line)
        end_block(c);
    else
        writer_heading(&c->writer, node->name[1] - '0');
}

/* What stands in a list outside its items belongs to the item before. */
static void walk_list(struct cleaning *c, xmlNode *node, struct look look)
{
    bool has_item = false;
    long number = -1;
    if (node_is(node, "ol")) {
        char *start = node_attribute(node, "start");
        number = start == NULL ? 1 : strtol(start, NULL, 10);
        number = number < 0 || number > WRITER_NUMBER_MAX ? 1 : number;
        xmlFree(start);
    }
    writer_open_list(&c->writer, number);
    for (xmlNode *child = node->children; child != NULL; child = child->next) {
        bool is_item = child->type == XML_ELEMENT_NODE && node_action(child) == AS_ITEM;
        if (node_is_blank(child))
            continue;
        if (has_item && is_item)
            writer_close(&c->writer);
        if (!has_item || is_item)
            writer_open_item(&c->writer);
        has_item = true;
        walk(c, child, look);
    }
    if (has_item)
        writer_close(&c->writer);
    writer_close(&c->writer);
}

/* Rows as items of a list, their cells parted by "|": CommonMark has no tables. */
static void walk_cells(struct cleaning *c, xmlNode *row, struct look look)
{
    struct phrase *phrase = &c->writer.phrase;
    for (xmlNode *cell = row->children; cell != NULL; cell = cell->next) {
        if (node_is_blank(cell))
            continue;
        size_t before = phrase->len;
        if (before > 0)
            phrase_text(phrase, " | ", 0, 0);
        size_t bare = phrase->len;
        walk(c, cell, look);
        if (phrase->len <= bare)
            phrase->len = before;
    }
}

static void walk_rows(struct cleaning *c, xmlNode *node, struct look look)
{
    for (xmlNode *child = node->children; child != NULL; child = child->next) {
        bool is_group = node_is(child, "thead") || node_is(child, "tbody") || node_is(child, "tfoot");
        if (node_is_blank(child))
            continue;
        if (is_group) {
            walk_rows(c, child, look);
            continue;
        }
        writer_open_item(&c->writer);
        c->in_line = true;
        if (node_is(child, "tr"))
            walk_cells(c, child, look);
        else
            walk(c, child, look);
        c->in_line = false;
        writer_close(&c->writer);
    }
}

/* The cells of the row that has most. */
static int columns_of(const xmlNode *node)
{
    int most = 0;
    for (const xmlNode *child = node->children; child != NULL; child = child->next) {
        int columns = 0;
        if (node_is(child, "thead") || node_is(child, "tbody") || node_is(child, "tfoot"))
            columns = columns_of(child);
        for (const xmlNode *cell = child->children; node_is(child, "tr") && cell != NULL; cell = cell->next)
            columns += node_is(cell, "td") || node_is(cell, "th");
        most = columns > most ? columns : most;
    }
    return most;
}

/* A table of one column only lays out what is in it. */
static void walk_table(struct cleaning *c, xmlNode *node, struct look look)
{
    if (c->in_line || columns_of(node) <= 1) {
        walk_block(c, node, look);
        return;
    }
    c->counts[LOSS_TABLE]++;
    writer_open_list(&c->writer, -1);
    walk_rows(c, node, look);
    writer_close(&c->writer);
}

static void collect_code(xmlNode *node, struct buf *code)
{
    for (xmlNode *child = node->children; child != NULL; child = child->next) {
        if (child->type == XML_TEXT_NODE)
            buf_text(code, (const char *)child->content);
        else if (node_is(child, "br"))
            buf_char(code, '\n');
        else if (child->type == XML_ELEMENT_NODE)
            collect_code(child, code);
    }
}

/* Only what a page can hold, without empty lines at the ends. */
static void write_code_block(struct cleaning *c, const struct buf *code)
{
    const uint8_t *bytes = (const uint8_t *)code->data;
    struct buf fit = BUF_EMPTY;
    for (size_t at = 0; at < code->len;) {
        int32_t point;
        U8_NEXT(bytes, at, code->len, point);
        point = phrase_point(point);
        bool is_leading = fit.len == 0 && point == '\n';
        if (!is_leading && (point >= ' ' || point == '\n' || point == '\t'))
            phrase_append_point(&fit, point);
    }
    while (fit.len > 0 && strchr("\n\t ", fit.data[fit.len - 1]) != NULL)
        buf_truncate(&fit, fit.len - 1);
    if (fit.len > 0)
        writer_code(&c->writer, fit.data, fit.len);
    buf_release(&fit);
}

static void walk_code_block(struct cleaning *c, xmlNode *node, struct look look)
{
    struct buf code = BUF_EMPTY;
    if (c->in_line) {
        walk_block(c, node, look);
        return;
    }
    writer_paragraph(&c->writer);
    collect_code(node, &code);
    write_code_block(c, &code);
    buf_release(&code);
}

static void walk_break(struct cleaning *c)
{
    if (c->in_line || !phrase_break(&c->writer.phrase))
        end_block(c);
}

static void walk_group(struct cleaning *c, xmlNode *node, struct look look, enum action action)
{
    if (c->in_line || action == AS_ITEM) {
        walk_block(c, node, look);
        return;
    }
    if (action == AS_LIST) {
        walk_list(c, node, look);
        return;
    }
    writer_open_quote(&c->writer);
    walk_children(c, node, look);
    writer_close(&c->writer);
}

static void walk_action(struct cleaning *c, xmlNode *node, struct look look, enum action action)
{
    switch (action) {
    case AS_BLOCK:
        walk_block(c, node, look);
        break;
    case AS_HEADING:
        walk_heading(c, node, look);
        break;
    case AS_LIST:
    case AS_ITEM:
    case AS_QUOTE:
        walk_group(c, node, look, action);
        break;
    case AS_CODE_BLOCK:
        walk_code_block(c, node, look);
        break;
    case AS_RULE:
        end_block(c);
        if (!c->in_line)
            writer_rule(&c->writer);
        break;
    case AS_BREAK:
        walk_break(c);
        break;
    case AS_TABLE:
        walk_table(c, node, look);
        break;
    case AS_NOTHING:
        break;
    case AS_IMAGE:
        c->counts[LOSS_IMAGE]++;
        break;
    case AS_OBJECT:
        c->counts[LOSS_OBJECT]++;
        break;
    case AS_FIELD:
        c->counts[LOSS_FIELD]++;
        break;
    case AS_WORDS:
    case AS_BOLD:
    case AS_ITALIC:
    case AS_CODE:
    case AS_LINK:
    case AS_RAISED:
    case AS_COLOURED:
        walk_children(c, node, look);
        break;
    }
}

/* How the words in an element look. */
static struct look look_in(struct cleaning *c, xmlNode *node, enum action action, const char *css, struct look look)
{
    if (action == AS_BOLD)
        look.style |= PHRASE_BOLD;
    if (action == AS_ITALIC)
        look.style |= PHRASE_ITALIC;
    if (action == AS_CODE)
        look.style |= PHRASE_CODE;
    if (action == AS_LINK)
        look.link = link_of(c, node);
    c->counts[LOSS_RAISED] += action == AS_RAISED;
    c->counts[LOSS_STYLE] += css != NULL || action == AS_COLOURED;
    look.style = css_style(css, look.style);
    return look;
}

static void walk_element(struct cleaning *c, xmlNode *node, struct look look)
{
    enum action action = node_action(node);
    char *css = node_attribute(node, "style");
    char *hidden = node_attribute(node, "hidden");
    if (hidden == NULL && !css_hides(css))
        walk_action(c, node, look_in(c, node, action, css, look), action);
    xmlFree(hidden);
    xmlFree(css);
}

static void walk(struct cleaning *c, xmlNode *node, struct look look)
{
    if (node->type == XML_TEXT_NODE)
        phrase_text(&c->writer.phrase, (const char *)node->content, look.style, look.link);
    if (node->type != XML_ELEMENT_NODE)
        return;
    c->gave_up = c->gave_up || c->depth == DEPTH_MAX || c->writer.out.len > WRITER_OUT_MAX;
    if (c->gave_up)
        return;
    c->depth++;
    walk_element(c, node, look);
    c->depth--;
}

/* --- all of it --- */

/* The document; NULL if the parser gave up, as it does when elements are too deep in each other: then words would be
 * missing. */
static xmlDoc *parse(const struct buf *html)
{
    htmlParserCtxtPtr parser = htmlNewParserCtxt();
    if (parser == NULL)
        mem_exhausted();
    xmlDoc *document =
        htmlCtxtReadMemory(parser, buf_string(html), (int)html->len, NULL, "UTF-8",
                           HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET);
    const xmlError *error = xmlCtxtGetLastError(parser);
    bool gave_up = error != NULL && error->level == XML_ERR_FATAL;
    htmlFreeParserCtxt(parser);
    if (!gave_up)
        return document;
    xmlFreeDoc(document);
    return NULL;
}

static bool clean(struct cleaning *c, const struct clean_source *source)
{
    xmlDoc *document = source->html.len == 0 ? NULL : parse(&source->html);
    if (document == NULL)
        return source->html.len == 0;
    xmlNode *root = xmlDocGetRootElement(document);
    if (root != NULL)
        walk(c, root, (struct look){0});
    writer_paragraph(&c->writer);
    xmlFreeDoc(document);
    return !c->gave_up && c->writer.out.len <= WRITER_OUT_MAX;
}

bool clean_markup(const char *html, size_t len, struct buf *markdown, json_t *dropped)
{
    struct clean_source source;
    struct cleaning c = {0};
    if (len > CLEAN_INPUT_MAX || !clean_source(html, len, &source))
        return false;
    writer_init(&c.writer);
    c.counts[LOSS_SCRIPT] = source.scripts;
    c.counts[LOSS_STYLE] = source.styles;
    bool ok = clean(&c, &source);
    const struct buf *out = &c.writer.out;
    if (ok && out->len > 0)
        buf_append(markdown, out->data, out->len - 1);
    if (ok)
        say_losses(c.counts, dropped);
    writer_release(&c.writer);
    buf_release(&source.html);
    return ok;
}
