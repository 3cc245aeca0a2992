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

/* What numeric references to C1 controls mean on the web: windows-1252 (WHATWG HTML, 13.2.5.80); 0: nothing. */
static int32_t from_windows(int32_t point)
{
    static const uint16_t points[32] = {0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                        0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
                                        0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                        0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};
    return point >= 0x80 && point < 0xa0 ? points[point - 0x80] : point;
}

static bool is_space(int32_t point)
{
    return point == ' ' || (point >= '\t' && point <= '\r') || point == NO_BREAK_SPACE || point == 0x2028 || point == 0x2029;
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
        point = from_windows(point);
        if (is_space(point))
            push_space(phrase, point, style, link);
        else if (point > ' ' && point != 0x7f && point != 0xfeff && !U_IS_UNICODE_NONCHAR(point))
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

/* Whether another mark comes between two cells that are next to each other. */
static bool is_parted(const struct cell *a, const struct cell *b)
{
    return a->link != b->link || a->style != b->style;
}

/* What stands before and behind a cell; the ends count as space. */
static enum kind kind_before(const struct phrase *phrase, size_t at)
{
    if (at == 0)
        return KIND_SPACE;
    const struct cell *cell = &phrase->cells[at];
    return is_parted(cell - 1, cell) && kind_of(cell[-1].point) != KIND_SPACE ? KIND_MARK : kind_of(cell[-1].point);
}

static enum kind kind_behind(const struct phrase *phrase, size_t at)
{
    if (at + 1 >= phrase->len)
        return KIND_SPACE;
    const struct cell *cell = &phrase->cells[at];
    return is_parted(cell, cell + 1) && kind_of(cell[1].point) != KIND_SPACE ? KIND_MARK : kind_of(cell[1].point);
}
