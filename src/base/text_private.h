/* What the files of the text module share. */
#ifndef WARTA_BASE_TEXT_PRIVATE_H
#define WARTA_BASE_TEXT_PRIVATE_H

#include <unicode/ubrk.h>
#include <unicode/ucal.h>
#include <unicode/ucol.h>
#include <unicode/udat.h>
#include <unicode/utrans.h>

#include "warta/base/text.h"

enum { TEXT_WORDS_UNITS = 128 };

struct text {
    UDateFormat *date;
    UDateFormat *date_time;
    UDateFormat *month;
    UCalendar *calendar; /* in the site's time zone */
    UBreakIterator *words;
    UCollator *names;
    UTransliterator *latin;              /* NULL until the first slug: few threads ever make one */
    char said[3 * TEXT_WORDS_UNITS + 1]; /* what the last call that lends words lent */
};

/* UTF-16, as ICU wants it; `units` is owned. */
struct utf16 {
    UChar *units;
    int32_t len;
};

struct utf16 text_utf16(const char *utf8);

/* Owned by the caller. */
char *text_utf8(const UChar *units, int32_t len);

/* Puts the units into text->said and returns it. */
const char *text_say(struct text *text, const UChar *units, int32_t len);

/* Opens what dates need; faults are left in `status`, as ICU does it. */
void text_dates_open(struct text *text, const char *locale, const char *zone, UErrorCode *status);
void text_dates_close(struct text *text);

#endif
