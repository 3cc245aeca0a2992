#include "clean_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "phrase.h"

enum { CSS_CAP = 40, LEVELS_MAX = 9 };

enum action node_action(const xmlNode *node)
{
    static const struct {
        const char *names; /* between spaces */
        enum action action;
    } rows[] = {
        {" p div section article header footer main nav aside figure figcaption address center dl dt dd details "
         "summary "
         "dialog fieldset legend form hgroup search body html tr td th thead tbody tfoot caption ",
         AS_BLOCK},
        {" h1 h2 h3 h4 h5 h6 ", AS_HEADING},
        {" ul ol menu dir ", AS_LIST},
        {" li ", AS_ITEM},
        {" blockquote ", AS_QUOTE},
        {" pre listing xmp plaintext ", AS_CODE_BLOCK},
        {" hr ", AS_RULE},
        {" br ", AS_BREAK},
        {" table ", AS_TABLE},
        {" b strong ", AS_BOLD},
        {" i em cite var dfn ", AS_ITALIC},
        {" code kbd samp tt ", AS_CODE},
        {" a ", AS_LINK},
        {" sup sub ", AS_RAISED},
        {" font ", AS_COLOURED},
        {" head title meta link base template noscript noframes xml datalist colgroup col param source track script "
         "style ",
         AS_NOTHING},
        {" img image picture ", AS_IMAGE},
        {" iframe frame frameset object embed applet video audio canvas svg math map area progress meter marquee ",
         AS_OBJECT},
        {" input select textarea option optgroup ", AS_FIELD},
    };
    char wanted[32];
    int len = snprintf(wanted, sizeof wanted, " %s ", (const char *)node->name);
    for (size_t i = 0; len < (int)sizeof wanted && i < sizeof rows / sizeof *rows; i++) {
        if (strstr(rows[i].names, wanted) != NULL)
            return rows[i].action;
    }
    return AS_WORDS;
}

bool node_is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

bool node_is_blank(const xmlNode *node)
{
    return node->type != XML_ELEMENT_NODE &&
           (node->type != XML_TEXT_NODE || node->content[strspn((const char *)node->content, " \t\r\n\f")] == '\0');
}

char *node_attribute(xmlNode *node, const char *name)
{
    return (char *)xmlGetNoNsProp(node, (const xmlChar *)name);
}

/* What a style attribute gives a property, which stands there in some case of letters; "" if it gives none. */
static void css_value(const char *style, const char *property, char value[static CSS_CAP])
{
    size_t property_len = strlen(property);
    *value = '\0';
    while (style != NULL && *style != '\0') {
        style += strspn(style, " \t\r\n;");
        size_t name_len = strcspn(style, " \t\r\n:;");
        const char *colon = style + name_len + strspn(style + name_len, " \t\r\n");
        size_t len = strcspn(style, ";");
        if (*colon == ':' && name_len == property_len && strncasecmp(style, property, name_len) == 0) {
            const char *from = colon + 1 + strspn(colon + 1, " \t\r\n");
            snprintf(value, CSS_CAP, "%.*s", (int)strcspn(from, ";"), from);
        }
        style += len;
    }
}

static bool begins_with(const char *text, const char *mark)
{
    return strncasecmp(text, mark, strlen(mark)) == 0;
}

unsigned css_style(const char *css, unsigned style)
{
    enum { BOLD_FROM = 600 };
    char value[CSS_CAP];
    css_value(css, "font-weight", value);
    if (begins_with(value, "bold") || strtol(value, NULL, 10) >= BOLD_FROM)
        style |= PHRASE_BOLD;
    else if (*value != '\0')
        style &= ~(unsigned)PHRASE_BOLD;
    css_value(css, "font-style", value);
    if (begins_with(value, "italic") || begins_with(value, "oblique"))
        style |= PHRASE_ITALIC;
    else if (*value != '\0')
        style &= ~(unsigned)PHRASE_ITALIC;
    return style;
}

bool css_hides(const char *css)
{
    static const char *const hiding[][2] = {{"display", "none"}, {"mso-hide", "all"}, {"mso-list", "ignore"}};
    char value[CSS_CAP];
    for (size_t i = 0; i < sizeof hiding / sizeof *hiding; i++) {
        css_value(css, hiding[i][0], value);
        if (begins_with(value, hiding[i][1]))
            return true;
    }
    return false;
}

/* --- items of lists --- */

/* The span that holds the bullet or number, and padding. */
static bool is_marker(xmlNode *node)
{
    char value[CSS_CAP];
    char *css = node->type == XML_ELEMENT_NODE ? node_attribute(node, "style") : NULL;
    css_value(css, "mso-list", value);
    xmlFree(css);
    return strcasecmp(value, "ignore") == 0;
}

/* The first marker in the first LEVELS_MAX levels of a paragraph. */
static xmlNode *find_marker(xmlNode *node, int levels)
{
    for (xmlNode *child = node->children; child != NULL && levels > 0; child = child->next) {
        if (child->type != XML_ELEMENT_NODE)
            continue;
        xmlNode *found = is_marker(child) ? child : find_marker(child, levels - 1);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* "3." and "b)" are numbers, "·" and "o" are not. */
static long marker_number(xmlNode *marker)
{
    char *text = marker == NULL ? NULL : (char *)xmlNodeGetContent(marker);
    long number = -1;
    if (text != NULL) {
        const char *from = text + strspn(text, " \t\r\n(");
        size_t len = strcspn(from, ".)");
        if (len > 0 && len <= 4 && from[len] != '\0' && (unsigned char)*from < 0x80) {
            number = strtol(from, NULL, 10);
            number = number > 0 ? number : 1;
        }
    }
    xmlFree(text);
    return number;
}

/* Takes a bullet and the space behind it off the beginning of a paragraph's text; false if it begins otherwise. */
static bool take_bullet(xmlNode *node)
{
    static const char *const bullets[] = {"•", "·", "▪", "◦", "‣", "●", "○", "■", "\xef\x82\xb7", "\xef\x82\xa7"};
    while (node != NULL && node->type == XML_ELEMENT_NODE && node_action(node) != AS_LINK)
        node = node->children;
    if (node == NULL || node->type != XML_TEXT_NODE)
        return false;
    char *text = (char *)node->content;
    size_t blank = strspn(text, " \t\r\n");
    for (size_t i = 0; i < sizeof bullets / sizeof *bullets; i++) {
        size_t len = strlen(bullets[i]);
        if (strncmp(text + blank, bullets[i], len) != 0)
            continue;
        const char *behind = text + blank + len;
        bool is_bullet = *behind == '\0' || strchr(" \t\r\n", *behind) != NULL || strncmp(behind, "\xc2\xa0", 2) == 0;
        if (is_bullet)
            memmove(text, behind, strlen(behind) + 1);
        return is_bullet;
    }
    return false;
}

struct flat_item flat_item_of(xmlNode *node)
{
    char value[CSS_CAP];
    if (node->type != XML_ELEMENT_NODE)
        return (struct flat_item){0, -1};
    if (node_action(node) == AS_ITEM)
        return (struct flat_item){1, -1};
    if (!node_is(node, "p"))
        return (struct flat_item){0, -1};
    char *css = node_attribute(node, "style");
    css_value(css, "mso-list", value);
    xmlFree(css);
    const char *level = strstr(value, "level");
    xmlNode *marker = level == NULL ? NULL : find_marker(node, LEVELS_MAX);
    if (marker != NULL) {
        long number = strtol(level + strlen("level"), NULL, 10);
        return (struct flat_item){number < 1            ? 1
                                  : number > LEVELS_MAX ? LEVELS_MAX
                                                        : (int)number,
                                  marker_number(marker)};
    }
    return (struct flat_item){take_bullet(node->children) ? 1 : 0, -1};
}
