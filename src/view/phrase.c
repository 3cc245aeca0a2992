#include "phrase.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "warta/base/mem.h"

enum { NO_BREAK_SPACE = 0xa0, FIRST_CAPACITY = 256 };

void phrase_release(struct phrase *phrase)
{
    free(phrase->cells);
    *phrase = (struct phrase){0};
}

/* --- taking in --- */

static void push(struct phrase *phrase, int32_t point, unsigned style, uint32_t link)
{
    if (phrase->len == phrase->capacity) {
        phrase->capacity = phrase->capacity == 0 ? FIRST_CAPACITY : phrase->capacity * 2;
        phrase->cells = mem_resize(phrase->cells, phrase->capacity * sizeof *phrase->cells);
    }
    phrase->cells[phrase->len++] = (struct cell){point, link, style};
}

/* Numeric references to C1 controls mean windows-1252 on the web (WHATWG HTML, 13.2.5.80). */
int32_t phrase_point(int32_t point)
{
    static const uint16_t points[32] = {0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                        0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
                                        0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                        0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};
    if (point >= 0x80 && point < 0xa0)
        return points[point - 0x80];
    return point < 0 || point == 0x7f || point == 0xfeff || U_IS_UNICODE_NONCHAR(point) ? 0 : point;
}

static bool is_space(int32_t point)
{
    return point == ' ' || (point >= '\t' && point <= '\r') || point == NO_BREAK_SPACE || point == 0x2028 ||
           point == 0x2029;
}

/* A space that must not break stays one only where it stands alone: word processors pad with them. */
static void push_space(struct phrase *phrase, int32_t point, unsigned style, uint32_t link)
{
    struct cell *last = phrase->len == 0 ? NULL : &phrase->cells[phrase->len - 1];
    if (last == NULL || last->point == '\n')
        return;
    if (is_space(last->point))
        last->point = ' ';
    else
        push(phrase, point == NO_BREAK_SPACE ? point : ' ', style, link);
}

void phrase_text(struct phrase *phrase, const char *text, unsigned style, uint32_t link)
{
    const uint8_t *bytes = (const uint8_t *)text;
    size_t len = strlen(text);
    for (size_t at = 0; at < len;) {
        int32_t point;
        U8_NEXT(bytes, at, len, point);
        point = phrase_point(point);
        if (is_space(point))
            push_space(phrase, point, style, link);
        else if (point > ' ')
            push(phrase, point, style, link);
    }
}

static void trim(struct phrase *phrase)
{
    while (phrase->len > 0 && is_space(phrase->cells[phrase->len - 1].point))
        phrase->len--;
}

bool phrase_break(struct phrase *phrase)
{
    while (phrase->len > 0 && phrase->cells[phrase->len - 1].point != '\n' &&
           is_space(phrase->cells[phrase->len - 1].point))
        phrase->len--;
    if (phrase->len == 0)
        return true;
    if (phrase->cells[phrase->len - 1].point == '\n')
        return false;
    push(phrase, '\n', 0, 0);
    return true;
}

/* --- where marks can stand --- */

/* How CommonMark takes a character beside a mark (0.30, 2.1). Symbols beyond ASCII count as punctuation from 0.31 on. */
enum kind { KIND_SPACE, KIND_MARK, KIND_EITHER, KIND_WORD };

static enum kind kind_of(int32_t point)
{
    if (is_space(point) || u_charType(point) == U_SPACE_SEPARATOR)
        return KIND_SPACE;
    if (point < 0x80)
        return u_isalnum(point) ? KIND_WORD : KIND_MARK;
    if (u_ispunct(point))
        return KIND_MARK;
    uint32_t category = U_GET_GC_MASK(point);
    return (category & U_GC_S_MASK) != 0 ? KIND_EITHER : KIND_WORD;
}

/* Whether link, code or, in `styles`, another mark changes between two cells that are next to each other. */
static bool is_parted(const struct cell *a, const struct cell *b, unsigned styles)
{
    return a->link != b->link || ((a->style ^ b->style) & (styles | PHRASE_CODE)) != 0;
}

/* What a mark of `style` would have before it at a cell, and behind it: the ends of the phrase count as space, marks
 * of other kinds are punctuation. */
static enum kind kind_before(const struct phrase *phrase, size_t at, unsigned styles)
{
    const struct cell *cell = &phrase->cells[at];
    if (at == 0)
        return KIND_SPACE;
    return is_parted(cell - 1, cell, styles) ? KIND_MARK : kind_of(cell[-1].point);
}

static enum kind kind_behind(const struct phrase *phrase, size_t at, unsigned styles)
{
    const struct cell *cell = &phrase->cells[at];
    if (at + 1 == phrase->len)
        return KIND_SPACE;
    return is_parted(cell, cell + 1, styles) ? KIND_MARK : kind_of(cell[1].point);
}

static bool is_edge(enum kind kind)
{
    return kind == KIND_SPACE || kind == KIND_MARK;
}

/* Whether a mark can stand between a cell and what is outside. Bold goes within words, italic does not: that is then
 * written with underscores, which never run together with the asterisks of bold. */
static bool can_mark(const struct cell *cell, enum kind outside, unsigned style)
{
    enum kind inside = kind_of(cell->point);
    if (inside == KIND_SPACE)
        return false;
    if (style == PHRASE_BOLD && inside == KIND_WORD && (cell->style & PHRASE_ITALIC) == 0)
        return true;
    return is_edge(outside);
}

/* Takes a style off the cells from `from` on until it can begin or end there; of a word that is joined to others it
 * goes off all. */
static void settle_span(struct phrase *phrase, size_t from, size_t end, unsigned style)
{
    unsigned others = style == PHRASE_ITALIC ? PHRASE_BOLD : 0;
    struct cell *cells = phrase->cells;
    while (from < end && !can_mark(&cells[from], kind_before(phrase, from, others), style)) {
        bool whole = kind_of(cells[from].point) == KIND_WORD;
        do
            cells[from++].style &= ~style;
        while (whole && from < end);
    }
    while (from < end && !can_mark(&cells[end - 1], kind_behind(phrase, end - 1, others), style)) {
        bool whole = kind_of(cells[end - 1].point) == KIND_WORD;
        do
            cells[--end].style &= ~style;
        while (whole && from < end);
    }
}

static void settle_style(struct phrase *phrase, unsigned style)
{
    unsigned others = style == PHRASE_ITALIC ? PHRASE_BOLD : 0;
    for (size_t from = 0; from < phrase->len; from++) {
        size_t end = from;
        while (end < phrase->len && (phrase->cells[end].style & style) != 0 &&
               (end == from || !is_parted(&phrase->cells[end - 1], &phrase->cells[end], others)))
            end++;
        if (end > from) {
            settle_span(phrase, from, end, style);
            from = end - 1;
        }
    }
}

/* A space is of what both its neighbours are; code is nothing else beside. */
static void settle(struct phrase *phrase, bool is_heading)
{
    struct cell *cells = phrase->cells;
    for (size_t i = 0; i < phrase->len; i++) {
        if (is_heading)
            cells[i] = (struct cell){cells[i].point == '\n' ? ' ' : cells[i].point, cells[i].link,
                                     cells[i].style & ~(unsigned)PHRASE_BOLD};
        if ((cells[i].style & PHRASE_CODE) != 0)
            cells[i].style = PHRASE_CODE;
    }
    for (size_t i = 1; i + 1 < phrase->len; i++) {
        if (!is_space(cells[i].point))
            continue;
        cells[i].style = cells[i - 1].style & cells[i + 1].style;
        cells[i].link = cells[i - 1].link == cells[i + 1].link ? cells[i - 1].link : 0;
        if (cells[i].point == '\n')
            cells[i].style &= ~(unsigned)PHRASE_CODE;
    }
    settle_style(phrase, PHRASE_BOLD);
    settle_style(phrase, PHRASE_ITALIC);
}

/* --- text that stays text --- */

void phrase_append_point(struct buf *out, int32_t point)
{
    uint8_t bytes[U8_MAX_LENGTH];
    int32_t len = 0;
    uint32_t value = (uint32_t)point;
    U8_APPEND_UNSAFE(bytes, len, value);
    buf_append(out, (const char *)bytes, (size_t)len);
}

/* The character `ahead` of one; 0 behind the end. */
static int32_t peek(const struct phrase *phrase, size_t at, size_t ahead)
{
    return phrase->len - at > ahead ? phrase->cells[at + ahead].point : 0;
}

static bool ends_word(int32_t point)
{
    return point == 0 || is_space(point);
}

/* "&amp;" and "&#38;" (CommonMark 0.30, 2.5; no name is longer than 31). */
static bool begins_entity(const struct phrase *phrase, size_t at)
{
    enum { ENTITY_MAX = 40 };
    size_t ahead = peek(phrase, at, 1) == '#' ? 2 : 1;
    for (; ahead < ENTITY_MAX; ahead++) {
        int32_t point = peek(phrase, at, ahead);
        if (point == ';')
            return true;
        if (point >= 0x80 || !u_isalnum(point))
            return false;
    }
    return true;
}

/* Whether only digits precede a cell in its line: "1." would begin a list. A list's number has nine digits at most
 * (CommonMark 0.30, 5.2). */
static bool ends_number(const struct phrase *phrase, size_t at, size_t line)
{
    enum { DIGITS_MAX = 9 };
    if (at - line > DIGITS_MAX)
        return false;
    for (size_t i = line; i < at; i++) {
        if (phrase->cells[i].point < '0' || phrase->cells[i].point > '9')
            return false;
    }
    return at > line;
}

/* What has a meaning at the beginning of a line alone (CommonMark 0.30, 4 and 5). */
static bool begins_block(const struct phrase *phrase, size_t at)
{
    int32_t next = peek(phrase, at, 1);
    switch (phrase->cells[at].point) {
    case '>':
        return true;
    case '#':
        return ends_word(next) || next == '#';
    case '=':
        return ends_word(next) || next == '=';
    case '-':
        return ends_word(next) || next == '-';
    case '+':
        return ends_word(next);
    case '~':
        return next == '~';
    default:
        return false;
    }
}

static bool needs_escape(const struct phrase *phrase, size_t at, size_t line, bool is_heading)
{
    const struct cell *cell = &phrase->cells[at];
    int32_t next = peek(phrase, at, 1);
    enum { ALL = PHRASE_BOLD | PHRASE_ITALIC };
    if (at == line && begins_block(phrase, at))
        return true;
    switch (cell->point) {
    case '\\':
    case '`':
    case '*':
    case '[':
    case ']':
        return true;
    case '_':
        return kind_before(phrase, at, ALL) != KIND_WORD || kind_behind(phrase, at, ALL) != KIND_WORD;
    case '<':
        return next == '/' || next == '!' || next == '?' || (next < 0x80 && u_isalpha(next));
    case '&':
        return begins_entity(phrase, at);
    case '!':
        return next != 0 && cell[1].link != cell->link;
    case '#':
        return is_heading;
    case '.':
    case ')':
        return ends_word(next) && ends_number(phrase, at, line);
    default:
        return false;
    }
}

/* --- writing --- */

/* Opens or closes what changes between two cells, the outermost first when it opens. */
static void close_marks(const struct cell *cell, const struct cell *next, char *const *links, struct buf *out)
{
    bool parted = is_parted(cell, next, 0);
    if ((cell->style & PHRASE_ITALIC) != 0 && (parted || is_parted(cell, next, PHRASE_ITALIC | PHRASE_BOLD)))
        buf_char(out, '_');
    if ((cell->style & PHRASE_BOLD) != 0 && (parted || is_parted(cell, next, PHRASE_BOLD)))
        buf_text(out, "**");
    if (cell->link != 0 && cell->link != next->link)
        buf_format(out, "](%s)", links[cell->link]);
}

static void open_marks(const struct cell *before, const struct cell *cell, struct buf *out)
{
    bool parted = is_parted(before, cell, 0);
    if (cell->link != 0 && before->link != cell->link)
        buf_char(out, '[');
    if ((cell->style & PHRASE_BOLD) != 0 && (parted || is_parted(before, cell, PHRASE_BOLD)))
        buf_text(out, "**");
    if ((cell->style & PHRASE_ITALIC) != 0 && (parted || is_parted(before, cell, PHRASE_ITALIC | PHRASE_BOLD)))
        buf_char(out, '_');
}

/* A code span between more backticks than any run in it (CommonMark 0.30, 6.1). Returns where it ends. */
static size_t write_code(const struct phrase *phrase, size_t at, struct buf *out)
{
    struct buf code = BUF_EMPTY;
    size_t longest = 0, run = 0;
    uint32_t link = phrase->cells[at].link;
    for (; at < phrase->len && (phrase->cells[at].style & PHRASE_CODE) != 0 && phrase->cells[at].link == link; at++) {
        run = phrase->cells[at].point == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
        phrase_append_point(&code, phrase->cells[at].point);
    }
    bool pads = code.data[0] == '`' || run > 0;
    for (size_t i = 0; i <= longest; i++)
        buf_char(out, '`');
    buf_text(out, pads ? " " : "");
    buf_append(out, code.data, code.len);
    buf_text(out, pads ? " " : "");
    for (size_t i = 0; i <= longest; i++)
        buf_char(out, '`');
    buf_release(&code);
    return at;
}

static void write_cells(const struct phrase *phrase, char *const *links, bool is_heading, struct buf *out)
{
    static const struct cell outside = {0};
    size_t line = 0;
    for (size_t at = 0; at < phrase->len;) {
        const struct cell *cell = &phrase->cells[at];
        open_marks(at == 0 ? &outside : cell - 1, cell, out);
        if ((cell->style & PHRASE_CODE) != 0) {
            at = write_code(phrase, at, out);
        } else {
            if (cell->point == '\n' || needs_escape(phrase, at, line, is_heading))
                buf_char(out, '\\');
            phrase_append_point(out, cell->point);
            at++;
            line = cell->point == '\n' ? at : line;
        }
        close_marks(&phrase->cells[at - 1], at == phrase->len ? &outside : &phrase->cells[at], links, out);
    }
}

void phrase_write(struct phrase *phrase, char *const *links, bool is_heading, struct buf *out)
{
    trim(phrase);
    settle(phrase, is_heading);
    write_cells(phrase, links, is_heading, out);
    phrase->len = 0;
}
