/* What an element of pasted HTML says: what becomes of it, how its words look, and whether a paragraph is really an
 * item of a list.
 *
 * Threads: those of the document. */
#ifndef WARTA_VIEW_CLEAN_NODE_H
#define WARTA_VIEW_CLEAN_NODE_H

#include <libxml/tree.h>
#include <stdbool.h>

enum action {
    AS_WORDS, /* what is in it stands in the line */
    AS_BLOCK,
    AS_HEADING,
    AS_LIST,
    AS_ITEM,
    AS_QUOTE,
    AS_CODE_BLOCK,
    AS_RULE,
    AS_BREAK,
    AS_TABLE,
    AS_BOLD,
    AS_ITALIC,
    AS_CODE,
    AS_LINK,
    AS_RAISED,
    AS_COLOURED,
    AS_NOTHING,
    AS_IMAGE,
    AS_OBJECT,
    AS_FIELD,
};

enum action node_action(const xmlNode *node);

/* The value of an attribute, NULL if there is none (*owned*, xmlFree()). */
char *node_attribute(xmlNode *node, const char *name);

bool node_is(const xmlNode *node, const char *name);

/* Neither an element nor words. */
bool node_is_blank(const xmlNode *node);

/* What a style attribute (may be NULL) makes of the style (see phrase.h) that its element inherits. */
unsigned css_style(const char *css, unsigned style);

/* Whether it hides its element; the bullet or number that a word processor writes before an item counts, too. */
bool css_hides(const char *css);

/* Word processors write paragraphs that look like items of a list. Takes the bullet off one that has it in its text. */
struct flat_item {
    int level;   /* from 1 on; 0: no item */
    long number; /* -1: a bullet */
};

struct flat_item flat_item_of(xmlNode *node);

#endif
