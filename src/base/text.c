#include "warta/base/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/uldnames.h>
#include <unicode/uloc.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#include "text_private.h"
#include "warta/base/buf.h"
#include "warta/base/mem.h"

struct utf16 text_utf16(const char *utf8)
{
    size_t len = strlen(utf8);
    assert(len < INT32_MAX / 4);
    struct utf16 wide = {mem_alloc((len + 1) * sizeof(UChar)), 0};
    UErrorCode status = U_ZERO_ERROR;
    u_strFromUTF8(wide.units, (int32_t)len + 1, &wide.len, utf8, (int32_t)len, &status);
    assert(U_SUCCESS(status));
    return wide;
}

char *text_utf8(const UChar *units, int32_t len)
{
    int32_t capacity = 3 * len + 1;
    char *utf8 = mem_alloc((size_t)capacity);
    UErrorCode status = U_ZERO_ERROR;
    u_strToUTF8(utf8, capacity, NULL, units, len, &status);
    assert(U_SUCCESS(status));
    return utf8;
}

const char *text_say(struct text *text, const UChar *units, int32_t len)
{
    UErrorCode status = U_ZERO_ERROR;
    u_strToUTF8(text->words_said, sizeof text->words_said, NULL, units, len, &status);
    assert(U_SUCCESS(status));
    return text->words_said;
}

/* FNV-1a (draft-eastlake-fnv), over the kind and what the words are made of. */
static size_t said_place(enum said_kind kind, const char *of)
{
    uint32_t hash = (2166136261U ^ (uint32_t)kind) * 16777619U;
    for (; *of != '\0'; of++)
        hash = (hash ^ (unsigned char)*of) * 16777619U;
    return hash % SAID_LEN;
}

const char *text_say_once(struct text *text, enum said_kind kind, const char *of,
                          const char *(*make)(struct text *, const char *))
{
    struct said *said = &text->said[said_place(kind, of)];
    if (said->words != NULL && said->kind == kind && strcmp(said->of, of) == 0)
        return said->words;
    const char *words = make(text, of);
    size_t of_len = strlen(of);
    if (of_len >= sizeof said->of)
        return words;
    free(said->words);
    said->kind = kind;
    memcpy(said->of, of, of_len + 1);
    said->words = mem_copy(words, strlen(words));
    return said->words;
}

bool text_valid(const char *bytes, size_t len)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t units;
    if (len > INT32_MAX || memchr(bytes, '\0', len) != NULL)
        return false;
    u_strFromUTF8(NULL, 0, &units, bytes, (int32_t)len, &status);
    return U_SUCCESS(status) || status == U_BUFFER_OVERFLOW_ERROR;
}

bool text_has_controls(const char *text)
{
    for (size_t i = 0; text[i] != '\0';) {
        UChar32 point;
        U8_NEXT_UNSAFE(text, i, point);
        bool allowed = point == '\n' || point == '\t';
        if (!allowed && (u_charType(point) == U_CONTROL_CHAR || U_IS_UNICODE_NONCHAR(point)))
            return true;
    }
    return false;
}

size_t text_length(const char *text)
{
    size_t points = 0;
    for (; *text != '\0'; text++)
        points += U8_IS_TRAIL(*text) ? 0 : 1;
    return points;
}

size_t text_fit(const char *text, size_t max_bytes)
{
    size_t len = strnlen(text, max_bytes + 1);
    if (len <= max_bytes)
        return len;
    for (len = max_bytes; len > 0 && U8_IS_TRAIL(text[len]); len--)
        ;
    return len;
}

/* In place: of each run of characters that compose with the one before them (marks, Hangul vowels), the first MARKS_MAX. */
static void cap_runs(const UNormalizer2 *nfc, char *text)
{
    enum { MARKS_MAX = 30 };
    size_t kept = 0;
    int run = 0;
    for (size_t at = 0; text[at] != '\0';) {
        size_t from = at;
        UChar32 point;
        U8_NEXT_UNSAFE(text, at, point);
        run = unorm2_hasBoundaryBefore(nfc, point) ? 0 : run + 1;
        for (; run <= MARKS_MAX && from < at; from++)
            text[kept++] = text[from];
    }
    text[kept] = '\0';
}

/* ICU's work grows with the square of a run, so runs are capped before it; and after it, as a few marks decompose into two,
 * so that what came out once comes out the same again. */
char *text_nfc(const char *text, size_t max_bytes)
{
    enum { GROWTH_MAX = 3 }; /* NFC has at most three times the UTF-16 units (UAX #15) */
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
    size_t len = strnlen(text, max_bytes + 1);
    if (len > max_bytes)
        return NULL;
    char *capped = mem_copy(text, len);
    if (text_length(text) == len) /* ASCII, as most is */
        return capped;
    cap_runs(nfc, capped);
    struct utf16 plain = text_utf16(capped);
    free(capped);
    int32_t capacity = GROWTH_MAX * plain.len + 1;
    UChar *composed = mem_alloc((size_t)capacity * sizeof(UChar));
    int32_t composed_len = unorm2_normalize(nfc, plain.units, plain.len, composed, capacity, &status);
    assert(U_SUCCESS(status));
    char *result = text_utf8(composed, composed_len);
    free(composed);
    free(plain.units);
    cap_runs(nfc, result);
    return result;
}

char *text_single_line(const char *text)
{
    struct buf line = BUF_EMPTY;
    bool space_due = false, seen = false;
    for (size_t i = 0; text[i] != '\0';) {
        size_t start = i;
        UChar32 point;
        U8_NEXT_UNSAFE(text, i, point);
        if (u_isUWhiteSpace(point)) {
            space_due = line.len > 0;
            continue;
        }
        if (space_due)
            buf_char(&line, ' ');
        space_due = false;
        seen = seen || !u_hasBinaryProperty(point, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
        buf_append(&line, text + start, i - start);
    }
    if (!seen)
        buf_truncate(&line, 0);
    return buf_steal(&line);
}

/* uloc_forLanguageTag() stops in silence at the first part that is not well-formed. It compares all parts of a tag with each
 * other, so a tag that no locale's name could hold is not shown to it. */
static bool locale_of_tag(const char *tag, char locale[static ULOC_FULLNAME_CAPACITY])
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t parsed_len = 0;
    if (strnlen(tag, ULOC_FULLNAME_CAPACITY) == ULOC_FULLNAME_CAPACITY)
        return false;
    uloc_forLanguageTag(tag, locale, ULOC_FULLNAME_CAPACITY, &parsed_len, &status);
    return status == U_ZERO_ERROR && parsed_len > 0 && (size_t)parsed_len == strlen(tag);
}

bool text_lang_canonical(const char *tag, char out[static TEXT_LANG_CAP])
{
    char locale[ULOC_FULLNAME_CAPACITY];
    UErrorCode status = U_ZERO_ERROR;
    if (!locale_of_tag(tag, locale))
        return false;
    uloc_toLanguageTag(locale, out, TEXT_LANG_CAP, true, &status);
    return status == U_ZERO_ERROR;
}

static const char *make_direction(struct text *text, const char *lang)
{
    char locale[ULOC_FULLNAME_CAPACITY];
    (void)text;
    return locale_of_tag(lang, locale) && uloc_isRightToLeft(locale) ? "rtl" : "ltr";
}

const char *text_lang_dir(struct text *text, const char *lang)
{
    return *text_say_once(text, SAID_DIRECTION, lang, make_direction) == 'r' ? "rtl" : "ltr";
}

static bool is_of_script(UChar32 point, const UScriptCode *scripts, int32_t scripts_len)
{
    for (int32_t i = 0; i < scripts_len; i++) {
        if (uscript_hasScript(point, scripts[i]))
            return true;
    }
    return false;
}

bool text_script_fits(const char *text, const char *lang)
{
    enum { SCRIPTS_MAX = 8, LETTERS_MIN = 10, LETTERS_MAX = 10000 };
    UScriptCode scripts[SCRIPTS_MAX];
    char locale[ULOC_FULLNAME_CAPACITY];
    UErrorCode status = U_ZERO_ERROR;
    size_t letters = 0;
    size_t fitting = 0;
    int32_t scripts_len = locale_of_tag(lang, locale) ? uscript_getCode(locale, scripts, SCRIPTS_MAX, &status) : 0;
    if (U_FAILURE(status) || scripts_len == 0)
        return true;
    for (size_t i = 0; text[i] != '\0' && letters < LETTERS_MAX;) {
        UChar32 point;
        U8_NEXT_UNSAFE(text, i, point);
        if (!u_isUAlphabetic(point))
            continue;
        letters++;
        fitting += is_of_script(point, scripts, scripts_len) ? 1 : 0;
    }
    return letters < LETTERS_MIN || 2 * fitting >= letters;
}

static const char *make_lang_name(struct text *text, const char *lang)
{
    UDisplayContext contexts[] = {UDISPCTX_DIALECT_NAMES, UDISPCTX_CAPITALIZATION_FOR_UI_LIST_OR_MENU};
    char language[ULOC_LANG_CAPACITY];
    UChar name[TEXT_WORDS_UNITS];
    UErrorCode status = U_ZERO_ERROR;
    ULocaleDisplayNames *names = uldn_openForContext(lang, contexts, 2, &status);
    uloc_getLanguage(lang, language, sizeof language, &status);
    int32_t name_len = uldn_languageDisplayName(names, language, name, TEXT_WORDS_UNITS, &status);
    bool known = U_SUCCESS(status) && strcmp(text_say(text, name, name_len), language) != 0;
    name_len = uldn_localeDisplayName(names, lang, name, TEXT_WORDS_UNITS, &status);
    uldn_close(names);
    if (known && U_SUCCESS(status))
        return text_say(text, name, name_len);
    snprintf(text->words_said, sizeof text->words_said, "%s", lang);
    return text->words_said;
}

const char *text_lang_name(struct text *text, const char *lang)
{
    return text_say_once(text, SAID_LANGUAGE, lang, make_lang_name);
}

int text_compare(struct text *text, const char *a, const char *b)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t a_len = (int32_t)text_fit(a, TEXT_NAME_BYTES);
    int32_t b_len = (int32_t)text_fit(b, TEXT_NAME_BYTES);
    UCollationResult order = ucol_strcollUTF8(text->names, a, a_len, b, b_len, &status);
    assert(U_SUCCESS(status));
    return (int)order;
}

/* An international organisation's English writes the day before the month; the calendar is Gregorian even where
 * the language's own default is another one (Thai, Persian). */
static void locale_for_dates(const char *lang, char locale[static ULOC_FULLNAME_CAPACITY], UErrorCode *status)
{
    if (!locale_of_tag(strcmp(lang, "en") == 0 ? "en-GB" : lang, locale))
        *status = U_ILLEGAL_ARGUMENT_ERROR;
    uloc_setKeywordValue("calendar", "gregorian", locale, ULOC_FULLNAME_CAPACITY, status);
}

struct text *text_create(const char *lang, const char *zone, char *error, size_t error_len)
{
    struct text *text = mem_alloc(sizeof *text);
    UErrorCode status = U_ZERO_ERROR;
    char locale[ULOC_FULLNAME_CAPACITY];
    locale_for_dates(lang, locale, &status);
    text_dates_open(text, locale, zone, &status);
    text->words = ubrk_open(UBRK_WORD, "", NULL, 0, &status);
    text->names = ucol_open(locale, &status);
    if (U_SUCCESS(status))
        return text;
    snprintf(error, error_len, "ICU cannot serve language \"%s\" in time zone \"%s\": %s", lang, zone,
             u_errorName(status));
    text_destroy(text);
    return NULL;
}

void text_destroy(struct text *text)
{
    if (text == NULL)
        return;
    text_dates_close(text);
    for (size_t i = 0; i < SAID_LEN; i++)
        free(text->said[i].words);
    ubrk_close(text->words);
    ucol_close(text->names);
    utrans_close(text->latin);
    free(text);
}
