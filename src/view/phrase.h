/* The words of a paragraph or heading, and CommonMark for them that reads as exactly these words.
 *
 * White space comes in as HTML has it: a run of it is one space, and none stands at an end or beside a break. A mark
 * of emphasis that CommonMark would not take for one where it stands (0.30, 6.2) is moved off punctuation, or left
 * out.
 *
 * Threads: a phrase belongs to one thread. */
#ifndef WARTA_VIEW_PHRASE_H
#define WARTA_VIEW_PHRASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/base/buf.h"

enum phrase_style { PHRASE_BOLD = 1, PHRASE_ITALIC = 2, PHRASE_CODE = 4 };

/* One character, '\n' for a break. */
struct cell {
    int32_t point;
    uint32_t link; /* 0: none */
    unsigned style;
};

/* All zero: an empty one. */
struct phrase {
    struct cell *cells;
    size_t len, capacity;
};

void phrase_release(struct phrase *phrase);

/* What stands for a character in a page: mostly itself; 0 if nothing does. */
int32_t phrase_point(int32_t point);
void phrase_append_point(struct buf *out, int32_t point);

/* Adds text (valid UTF-8). Characters that a page cannot hold are left out. `link` is an index into phrase_write's
 * `links`. */
void phrase_text(struct phrase *phrase, const char *text, unsigned style, uint32_t link);

/* Adds a line break. False if there is one already: then the paragraph ends here. */
bool phrase_break(struct phrase *phrase);

/* Appends the CommonMark, with breaks as backslash and line feed, or as spaces in a heading, which is bold anyway.
 * Nothing is appended for an empty phrase. It is empty afterwards. */
void phrase_write(struct phrase *phrase, char *const *links, bool is_heading, struct buf *out);

#endif
