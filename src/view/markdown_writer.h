/* CommonMark, written block by block: paragraphs, headings, lists, quotations, code.
 *
 * What is open when a block is written stands around it. A list item or quotation in which nothing is written leaves
 * no trace. Beyond WRITER_DEPTH_MAX a list or quotation is not begun, and its blocks belong to the one around it. Once there are
 * more than WRITER_OUT_MAX bytes, lines are no longer indented as they should be, which can make a small input a large text: the
 * whole is then to be thrown away.
 *
 * Threads: a writer belongs to one thread. */
#ifndef WARTA_VIEW_MARKDOWN_WRITER_H
#define WARTA_VIEW_MARKDOWN_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "phrase.h"
#include "warta/base/buf.h"

enum { WRITER_DEPTH_MAX = 16, WRITER_NUMBER_MAX = 999999999, WRITER_OUT_MAX = 4 * 1024 * 1024 };

enum level_kind { LEVEL_DOCUMENT, LEVEL_QUOTE, LEVEL_LIST, LEVEL_ITEM };

enum block_kind { BLOCK_NONE, BLOCK_PARAGRAPH, BLOCK_LIST, BLOCK_OTHER };

struct level {
    enum level_kind kind;
    bool is_begun;            /* a block has been written in it */
    enum block_kind last;     /* the last block directly in it */
    char last_mark;           /* BLOCK_LIST: the list's */
    char mark;                /* of a list's items: '-' '+' '.' ')' */
    long number;              /* of the list's next item */
    char first[16], rest[16]; /* before an item's or quotation's first line, and before the others */
};

struct writer {
    struct buf out;
    struct phrase phrase;
    char **links; /* from 1 on */
    uint32_t links_len, links_capacity;
    struct level levels[WRITER_DEPTH_MAX + 1];
    size_t depth;   /* of the innermost level */
    size_t skipped; /* levels that were not begun */
};

void writer_init(struct writer *writer);
void writer_release(struct writer *writer);

/* The number of a link's address, for text in it; the address must be fit to stand in parentheses. */
uint32_t writer_link(struct writer *writer, const char *address);

/* The text collected so far becomes a paragraph, or a heading; nothing where there is none. */
void writer_paragraph(struct writer *writer);
void writer_heading(struct writer *writer, int level);

void writer_code(struct writer *writer, const char *text, size_t len);
void writer_rule(struct writer *writer);

/* writer_close ends the last of these that is open. Items are opened in lists, and nothing else is. A `number` of -1
 * makes a list without numbers. */
void writer_open_quote(struct writer *writer);
void writer_open_list(struct writer *writer, long number);
void writer_open_item(struct writer *writer);
void writer_close(struct writer *writer);

/* Whether the list that is open innermost, or around the innermost item, has numbers. */
bool writer_has_numbers(const struct writer *writer);

#endif
