/* What the files of the text module share. */
#ifndef WARTA_BASE_TEXT_PRIVATE_H
#define WARTA_BASE_TEXT_PRIVATE_H

#include <unicode/ubrk.h>
#include <unicode/ucal.h>
#include <unicode/ucol.h>
#include <unicode/udat.h>
#include <unicode/utrans.h>

#include "warta/base/text.h"

enum {
    TEXT_WORDS_UNITS = 128,
    TEXT_NAME_BYTES =
        1200, /* as much of a title or name as slugs and sorting look at: the longest title, 300 characters */
};

/* What words were made of. */
enum said_kind { SAID_DATE, SAID_MONTH, SAID_LANGUAGE, SAID_DIRECTION };

/* Words that were made before: pages say the same dates and languages over and over, and ICU takes its time. A direct-mapped
 * table, so that it stays as small as it is whatever readers ask for. */
struct said {
    enum said_kind kind;
    char of[TEXT_LANG_CAP];
    char *words; /* owned; NULL: none yet */
};

enum { SAID_LEN = 1024 };

struct text {
    UDateFormat *date;
    UDateFormat *date_time;
    UDateFormat *month;
    UCalendar *calendar; /* in the site's time zone */
    UBreakIterator *words;
    UCollator *names;
    UTransliterator *latin;                    /* NULL until the first slug: few threads ever make one */
    char words_said[3 * TEXT_WORDS_UNITS + 1]; /* what text_say lent */
    struct said said[SAID_LEN];
};

/* UTF-16, as ICU wants it; `units` is owned. */
struct utf16 {
    UChar *units;
    int32_t len;
};

struct utf16 text_utf16(const char *utf8);

/* Owned by the caller. */
char *text_utf8(const UChar *units, int32_t len);

/* Puts the units into text->words_said and returns it. */
const char *text_say(struct text *text, const UChar *units, int32_t len);

/* What `make` says of `of`, made at most once as long as it is kept (*borrowed* until the next call on this struct text). */
const char *text_say_once(struct text *text, enum said_kind kind, const char *of,
                          const char *(*make)(struct text *, const char *));

/* Opens what dates need; faults are left in `status`, as ICU does it. */
void text_dates_open(struct text *text, const char *locale, const char *zone, UErrorCode *status);
void text_dates_close(struct text *text);

#endif
