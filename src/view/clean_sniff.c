#include <cmark.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "warta/view/clean.h"

/* --- one piece of what CommonMark takes for HTML --- */

/* "<p>", "</td >", "<h2 class=x>": what pages and word processors write, and people who write Markdown seldom do. */
static bool is_tag(const char *text)
{
    static const char names[] =
        " p div span font center table thead tbody tr td th ul ol li dl dt dd h1 h2 h3 h4 h5 h6 "
        "blockquote pre section article html head body meta style o:p !doctype ";
    char wanted[16];
    if (*text++ != '<')
        return false;
    text += *text == '/' ? 1 : 0;
    size_t len = strcspn(text, " \t\r\n/>");
    if (len == 0 || len > sizeof wanted - 3)
        return false;
    snprintf(wanted, sizeof wanted, " %.*s ", (int)len, text);
    return strcasestr(names, wanted) != NULL;
}

/* What a word processor leaves on every paragraph, and people do not write. */
static bool is_from_word(const char *text)
{
    static const char *const marks[] = {"class=Mso", "class=\"Mso", "class='Mso", "mso-", "<o:p", "<!--[if ", "<![if "};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (strcasestr(text, marks[i]) != NULL)
            return true;
    }
    return false;
}

/* --- the whole --- */

struct tally {
    size_t tags;  /* pieces of HTML */
    size_t marks; /* what is only Markdown's: a mark, or a paragraph of plain words */
    bool is_from_word;
};

static bool holds_html(cmark_node *paragraph)
{
    cmark_node *child = cmark_node_first_child(paragraph);
    while (child != NULL && cmark_node_get_type(child) != CMARK_NODE_HTML_INLINE)
        child = cmark_node_next(child);
    return child != NULL;
}

static void count_node(struct tally *tally, cmark_node *node)
{
    switch ((int)cmark_node_get_type(node)) {
    case CMARK_NODE_HTML_BLOCK:
    case CMARK_NODE_HTML_INLINE:
        tally->tags += is_tag(cmark_node_get_literal(node) + strspn(cmark_node_get_literal(node), " "));
        tally->is_from_word = tally->is_from_word || is_from_word(cmark_node_get_literal(node));
        break;
    case CMARK_NODE_EMPH:
    case CMARK_NODE_STRONG:
    case CMARK_NODE_LINK:
    case CMARK_NODE_IMAGE:
    case CMARK_NODE_HEADING:
    case CMARK_NODE_BLOCK_QUOTE:
    case CMARK_NODE_ITEM:
    case CMARK_NODE_CODE:
        tally->marks++;
        break;
    case CMARK_NODE_PARAGRAPH:
        tally->marks += !holds_html(node); /* its end would be lost */
        break;
    case CMARK_NODE_CODE_BLOCK:
        tally->marks += !is_tag(cmark_node_get_literal(node)); /* as indented HTML looks behind an empty line */
        break;
    default:
        break;
    }
}

/* Markdown may hold a tag or two: it is markup when there are more of them than marks of Markdown, code not counted. */
bool clean_is_markup(const char *text)
{
    struct tally tally = {0};
    size_t len = strlen(text);
    if (len > CLEAN_INPUT_MAX || memchr(text, '<', len) == NULL)
        return false;
    cmark_node *document = cmark_parse_document(text, len, CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8);
    cmark_iter *iter = cmark_iter_new(document);
    for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        if (event == CMARK_EVENT_ENTER)
            count_node(&tally, cmark_iter_get_node(iter));
    }
    cmark_iter_free(iter);
    cmark_node_free(document);
    return tally.is_from_word || tally.tags > tally.marks;
}
