#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

#include "text_private.h"
#include "warta/base/buf.h"
#include "warta/base/mem.h"
#include "warta/base/text.h"

/* --- word breaks --------------------------------------------------------------------------------- */

enum { ZERO_WIDTH_SPACE = 0x200B };

static bool written_without_spaces(UChar32 point)
{
    UErrorCode status = U_ZERO_ERROR;
    int script = uscript_getScript(point, &status);
    switch (script) {
    case USCRIPT_KHMER:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_MYANMAR:
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
        return true;
    default:
        return false;
    }
}

/* Most text needs no dictionary at all. */
static bool needs_breaks(const char *plain)
{
    for (size_t i = 0; plain[i] != '\0';) {
        UChar32 point;
        U8_NEXT_UNSAFE(plain, i, point);
        if (point >= 0x0E00 && written_without_spaces(point))
            return true;
    }
    return false;
}

static bool begins_unspaced_word(UBreakIterator *words, const char *at)
{
    UChar32 point;
    U8_GET_UNSAFE(at, 0, point);
    return ubrk_getRuleStatus(words) >= UBRK_WORD_NUMBER && written_without_spaces(point);
}

char *text_break_words(struct text *text, const char *plain)
{
    size_t len = strlen(plain);
    if (!needs_breaks(plain))
        return mem_copy(plain, len);

    struct buf broken = BUF_EMPTY;
    UErrorCode status = U_ZERO_ERROR;
    UText bytes = UTEXT_INITIALIZER;
    utext_openUTF8(&bytes, plain, (int64_t)len, &status);
    ubrk_setUText(text->words, &bytes, &status);
    assert(U_SUCCESS(status));

    bool after_word = false;
    int32_t start = ubrk_first(text->words);
    for (int32_t end = ubrk_next(text->words); end != UBRK_DONE; start = end, end = ubrk_next(text->words)) {
        bool is_word = begins_unspaced_word(text->words, plain + start);
        if (after_word && is_word)
            buf_text(&broken, "\u200B");
        buf_append(&broken, plain + start, (size_t)(end - start));
        after_word = is_word;
    }
    utext_close(&bytes);
    return buf_steal(&broken);
}

size_t text_word_ends(const char *plain, int *ends)
{
    size_t len = 0;
    UErrorCode status = U_ZERO_ERROR;
    UText *bytes = utext_openUTF8(NULL, plain, -1, &status);
    UBreakIterator *words = ubrk_open(UBRK_WORD, "", NULL, 0, &status);
    ubrk_setUText(words, bytes, &status);
    assert(U_SUCCESS(status));
    for (int end = ubrk_next(words); end != UBRK_DONE; end = ubrk_next(words))
        ends[len++] = end;
    ubrk_close(words);
    utext_close(bytes);
    return len;
}

/* --- romanising what ICU leaves ------------------------------------------------------------------ */

enum { NO_CONSONANT = -1 };

struct slug {
    struct buf out;
    long consonant; /* where in `out` the last consonant begins, while its inherent vowel may still go */
    UChar32 held;   /* a Lao vowel, written before the consonant it is spoken after; 0: none */
};

/* Signs whose Unicode names do not tell their sound. */
static const struct {
    UChar32 point;
    const char *latin;
} SOUNDS[] = {{0x0EB1, "a"}, {0x0EBB, "o"}, {0x0EBD, "ia"}, {0x17C8, "a"}};

/* The sound in a name such as "KHMER LETTER KA" or "LAO LETTER KHO SUNG": a qualifier is longer than the sound. */
static const char *sound_in_name(const char *name, size_t *len)
{
    static const char *const markers[] = {" LETTER ", " SIGN ", " VOWEL "};
    const char *words = strrchr(name, ' ') != NULL ? strrchr(name, ' ') + 1 : name;
    for (size_t i = sizeof markers / sizeof *markers; i-- > 0;) {
        const char *marker = strstr(name, markers[i]);
        words = marker != NULL ? marker + strlen(markers[i]) : words;
    }
    const char *shortest = words;
    *len = strcspn(words, " ");
    for (const char *word = words + *len; *word == ' ';) {
        size_t word_len = strcspn(++word, " ");
        if (word_len < *len)
            shortest = word, *len = word_len;
        word += word_len;
    }
    return shortest;
}

static void append_sound(struct buf *out, UChar32 point)
{
    char name[128];
    UErrorCode status = U_ZERO_ERROR;
    for (size_t i = 0; i < sizeof SOUNDS / sizeof *SOUNDS; i++) {
        if (SOUNDS[i].point == point) {
            buf_text(out, SOUNDS[i].latin);
            return;
        }
    }
    u_charName(point, U_UNICODE_CHAR_NAME, name, sizeof name, &status);
    assert(U_SUCCESS(status));
    size_t len;
    const char *sound = sound_in_name(name, &len);
    /* Q stands for the glottal stop of a Khmer vowel letter. */
    for (size_t i = len > 1 && sound[0] == 'Q' ? 1 : 0; i < len; i++)
        if (u_isalnum(sound[i]))
            buf_char(out, (char)u_tolower(sound[i]));
}

static void drop_inherent_vowel(struct slug *slug)
{
    size_t len = slug->out.len;
    if (slug->consonant != NO_CONSONANT && len > 0 && strchr("ao", slug->out.data[len - 1]) != NULL)
        buf_truncate(&slug->out, len - 1);
    slug->consonant = NO_CONSONANT;
}

static void append_consonant(struct slug *slug, UChar32 point)
{
    UErrorCode status = U_ZERO_ERROR;
    slug->consonant = (long)slug->out.len;
    append_sound(&slug->out, point);
    /* Lao writes every vowel; its one consonant that is a vowel's letter too is O. */
    if (uscript_getScript(point, &status) == USCRIPT_LAO && slug->out.len - (size_t)slug->consonant > 1)
        drop_inherent_vowel(slug);
    if (slug->held == 0)
        return;
    drop_inherent_vowel(slug);
    append_sound(&slug->out, slug->held);
    slug->held = 0;
}

static void append_vowel(struct slug *slug, UChar32 point)
{
    if (u_hasBinaryProperty(point, UCHAR_LOGICAL_ORDER_EXCEPTION)) {
        slug->held = point;
        return;
    }
    drop_inherent_vowel(slug);
    append_sound(&slug->out, point);
}

/* By Indic_Syllabic_Category (Unicode Standard Annex #44), so that it holds for any script of that family. */
static void romanise(struct slug *slug, UChar32 point)
{
    int category = u_getIntPropertyValue(point, UCHAR_INDIC_SYLLABIC_CATEGORY);
    switch (category) {
    case U_INSC_VOWEL_DEPENDENT:
        append_vowel(slug, point);
        break;
    case U_INSC_CONSONANT_SUBJOINED:
        drop_inherent_vowel(slug);
        append_consonant(slug, point);
        break;
    case U_INSC_INVISIBLE_STACKER:
    case U_INSC_PURE_KILLER:
    case U_INSC_VIRAMA:
        drop_inherent_vowel(slug);
        break;
    case U_INSC_CONSONANT_KILLER:
        if (slug->consonant != NO_CONSONANT)
            buf_truncate(&slug->out, (size_t)slug->consonant);
        slug->consonant = NO_CONSONANT;
        break;
    case U_INSC_BINDU:
        buf_char(&slug->out, 'm');
        break;
    case U_INSC_VISARGA:
        buf_char(&slug->out, 'h');
        break;
    default:
        if (u_isalpha(point) || category == U_INSC_CONSONANT_MEDIAL)
            append_consonant(slug, point);
    }
}

/* --- slugs --------------------------------------------------------------------------------------- */

/* Sinhala has a transliterator, but Any-Latin does not know it; Khmer, Lao and Tibetan have none in ICU 72. */
static const UChar TO_LATIN[] = u"Any-Latin; si-si_Latn; Latin-ASCII";

static UTransliterator *latin_of(struct text *text)
{
    UErrorCode status = U_ZERO_ERROR;
    UParseError where;
    if (text->latin == NULL)
        text->latin = utrans_openU(TO_LATIN, -1, UTRANS_FORWARD, NULL, 0, &where, &status);
    if (text->latin == NULL)
        mem_exhausted();
    return text->latin;
}

static char *transliterate(struct text *text, const char *title)
{
    struct utf16 from = text_utf16(title);
    UTransliterator *latin = latin_of(text);
    int32_t capacity = 4 * from.len + 64;
    for (;;) {
        struct utf16 to = {mem_alloc((size_t)capacity * sizeof(UChar)), from.len};
        UErrorCode status = U_ZERO_ERROR;
        int32_t limit = from.len;
        memcpy(to.units, from.units, (size_t)from.len * sizeof(UChar));
        utrans_transUChars(latin, to.units, &to.len, capacity, 0, &limit, &status);
        if (U_SUCCESS(status)) {
            char *result = text_utf8(to.units, to.len);
            free(to.units);
            free(from.units);
            return result;
        }
        assert(status == U_BUFFER_OVERFLOW_ERROR && to.len > capacity);
        capacity = to.len;
        free(to.units);
    }
}

static bool is_mark(UChar32 point)
{
    return (U_GET_GC_MASK(point) & U_GC_M_MASK) != 0;
}

/* Apostrophes, also those that transliteration leaves for a guttural ("alʿrbyt"). */
static bool is_apostrophe(UChar32 point)
{
    return point == '\'' || u_charType(point) == U_MODIFIER_LETTER;
}

static bool follows_letter(const struct buf *out)
{
    return out->len > 0 && u_isalpha(out->data[out->len - 1]);
}

static void append_hyphen(struct slug *slug)
{
    if (slug->held != 0)
        append_sound(&slug->out, slug->held);
    slug->held = 0;
    slug->consonant = NO_CONSONANT;
    if (slug->out.len > 0 && slug->out.data[slug->out.len - 1] != '-')
        buf_char(&slug->out, '-');
}

static void append_point(struct slug *slug, UChar32 point, bool before_letter)
{
    if (u_charDigitValue(point) >= 0)
        buf_char(&slug->out, (char)('0' + u_charDigitValue(point)));
    else if (point < 0x80 && u_isalpha(point))
        buf_char(&slug->out, (char)u_tolower(point));
    else if (is_apostrophe(point) && follows_letter(&slug->out) && before_letter)
        return;
    else if (!is_apostrophe(point) && (u_isalpha(point) || is_mark(point)))
        romanise(slug, point);
    else if (u_charType(point) != U_FORMAT_CHAR || point == ZERO_WIDTH_SPACE)
        append_hyphen(slug);
}

static void cut_at_hyphen(struct buf *slug)
{
    if (slug->len > TEXT_SLUG_MAX) {
        size_t end = TEXT_SLUG_MAX;
        while (end > 0 && slug->data[end] != '-')
            end--;
        buf_truncate(slug, end > 0 ? end : TEXT_SLUG_MAX);
    }
    if (slug->len > 0 && slug->data[slug->len - 1] == '-')
        buf_truncate(slug, slug->len - 1);
}

static void append_points(struct slug *slug, const char *latin)
{
    for (size_t i = 0; latin[i] != '\0';) {
        UChar32 point, next;
        U8_NEXT_UNSAFE(latin, i, point);
        U8_GET_UNSAFE(latin, i, next);
        append_point(slug, point, u_isalpha(next));
    }
    append_hyphen(slug);
}

char *text_slug(struct text *text, const char *title)
{
    struct slug slug = {BUF_EMPTY, NO_CONSONANT, 0};
    char *beginning = mem_copy(title, text_fit(title, TEXT_NAME_BYTES));
    char *words = text_break_words(text, beginning);
    char *latin = transliterate(text, words);
    append_points(&slug, latin);
    free(latin);
    free(words);
    free(beginning);

    cut_at_hyphen(&slug.out);
    const char *made = buf_string(&slug.out);
    if (made[0] == '\0' || made[strspn(made, "0123456789")] != '\0')
        return buf_steal(&slug.out);
    struct buf prefixed = BUF_EMPTY;
    buf_format(&prefixed, "item-%.*s", TEXT_SLUG_MAX - 5, made);
    buf_release(&slug.out);
    return buf_steal(&prefixed);
}
