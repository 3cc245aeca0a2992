#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <unicode/udatpg.h>
#include <unicode/ustring.h>

#include "text_private.h"
#include "warta/base/text.h"

static const int64_t FIRST_UNIX = -62135596800; /* 0001-01-01T00:00:00Z */
static const int64_t LAST_UNIX = 253402300799;  /* 9999-12-31T23:59:59Z */

static bool take_char(const char **cursor, char expected)
{
    if (**cursor != expected)
        return false;
    ++*cursor;
    return true;
}

static bool take_number(const char **cursor, int digits, int limit, int *value)
{
    *value = 0;
    for (; digits > 0; digits--, ++*cursor) {
        if (**cursor < '0' || **cursor > '9')
            return false;
        *value = *value * 10 + (**cursor - '0');
    }
    return *value <= limit;
}

/* timegm() turns a day that does not exist into one that does. */
static bool day_exists(const struct tm *day)
{
    struct tm normal = *day;
    timegm(&normal);
    return normal.tm_mday == day->tm_mday && normal.tm_mon == day->tm_mon;
}

static bool take_date(const char **cursor, struct tm *when)
{
    int year, month;
    *when = (struct tm){0};
    if (!take_number(cursor, 4, 9999, &year) || !take_char(cursor, '-') || !take_number(cursor, 2, 12, &month) ||
        !take_char(cursor, '-') || !take_number(cursor, 2, 31, &when->tm_mday))
        return false;
    when->tm_year = year - 1900;
    when->tm_mon = month - 1;
    return year >= 1 && month >= 1 && day_exists(when);
}

static bool take_hour_minute(const char **cursor, int *hour, int *minute)
{
    return take_number(cursor, 2, 23, hour) && take_char(cursor, ':') && take_number(cursor, 2, 59, minute);
}

static bool take_local(const char *local, struct tm *when, bool *has_time)
{
    if (!take_date(&local, when))
        return false;
    *has_time = take_char(&local, 'T');
    return (!*has_time || take_hour_minute(&local, &when->tm_hour, &when->tm_min)) && *local == '\0';
}

bool text_date_valid(const char *date)
{
    struct tm when;
    return take_date(&date, &when) && *date == '\0';
}

bool text_local_time_valid(const char *local)
{
    struct tm when;
    bool has_time;
    return take_local(local, &when, &has_time);
}

/* "Z", or hours and minutes ahead of UTC (RFC 3339, 5.6). */
static bool take_offset(const char **cursor, int *offset_s)
{
    int hours, minutes;
    *offset_s = 0;
    if (take_char(cursor, 'Z'))
        return true;
    int sign = **cursor == '-' ? -1 : 1;
    if ((!take_char(cursor, '+') && !take_char(cursor, '-')) || !take_hour_minute(cursor, &hours, &minutes))
        return false;
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool take_fraction(const char **cursor)
{
    if (!take_char(cursor, '.'))
        return true;
    size_t digits = strspn(*cursor, "0123456789");
    *cursor += digits;
    return digits > 0;
}

bool text_utc_parse(const char *utc, int64_t *unix_out)
{
    struct tm when;
    int offset_s;
    if (!take_date(&utc, &when) || !take_char(&utc, 'T') || !take_hour_minute(&utc, &when.tm_hour, &when.tm_min) ||
        !take_char(&utc, ':') || !take_number(&utc, 2, 60, &when.tm_sec) || !take_fraction(&utc) ||
        !take_offset(&utc, &offset_s) || *utc != '\0')
        return false;
    *unix_out = (int64_t)timegm(&when) - offset_s;
    return *unix_out >= FIRST_UNIX && *unix_out <= LAST_UNIX;
}

static int64_t clamp_unix(int64_t unix_time)
{
    if (unix_time < FIRST_UNIX)
        return FIRST_UNIX;
    return unix_time > LAST_UNIX ? LAST_UNIX : unix_time;
}

static void put_number(char **cursor, int digits, int value, char after)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        (*cursor)[i] = (char)('0' + value % 10);
    (*cursor)[digits] = after;
    *cursor += digits + 1;
}

void text_utc_format(int64_t unix_time, char out[static TEXT_UTC_CAP])
{
    time_t seconds = (time_t)clamp_unix(unix_time);
    struct tm when;
    gmtime_r(&seconds, &when);
    put_number(&out, 4, when.tm_year + 1900, '-');
    put_number(&out, 2, when.tm_mon + 1, '-');
    put_number(&out, 2, when.tm_mday, 'T');
    put_number(&out, 2, when.tm_hour, ':');
    put_number(&out, 2, when.tm_min, ':');
    put_number(&out, 2, when.tm_sec, 'Z');
    *out = '\0';
}

bool text_zone_valid(const char *zone)
{
    UChar id[64], canonical[64];
    UBool is_known = false;
    UErrorCode status = U_ZERO_ERROR;
    size_t len = strlen(zone);
    if (len >= 64 || !text_valid(zone, len))
        return false;
    u_strFromUTF8(id, 64, NULL, zone, -1, &status);
    ucal_getCanonicalTimeZoneID(id, -1, canonical, 64, &is_known, &status);
    return U_SUCCESS(status) && is_known;
}

/* Without this ICU would change to the Julian calendar before 15 October 1582. */
static void make_proleptic(UCalendar *calendar, UErrorCode *status)
{
    if (U_SUCCESS(*status))
        ucal_setGregorianChange(calendar, -9e15, status);
}

/* Days are written in UTC, whatever the site's time zone, so that none can be off by one. */
static UDateFormat *open_format(UDateTimePatternGenerator *patterns, const char *locale, const UChar *skeleton,
                                UErrorCode *status)
{
    UChar pattern[TEXT_WORDS_UNITS];
    int32_t len = udatpg_getBestPattern(patterns, skeleton, -1, pattern, TEXT_WORDS_UNITS, status);
    UDateFormat *format = udat_open(UDAT_PATTERN, UDAT_PATTERN, locale, u"UTC", -1, pattern, len, status);
    if (U_FAILURE(*status))
        return NULL;
    UCalendar *calendar = ucal_clone(udat_getCalendar(format), status);
    make_proleptic(calendar, status);
    udat_setCalendar(format, calendar);
    ucal_close(calendar);
    return format;
}

/* The language's plain joint of date and time ("…, 09:30"): for a long date ICU would say "… at 09:30". */
static void join_plainly(UDateTimePatternGenerator *patterns, UErrorCode *status)
{
    UChar joint[32];
    int32_t len = 0;
    if (U_FAILURE(*status))
        return;
    const UChar *medium = udatpg_getDateTimeFormat(patterns, &len);
    if (len < 32)
        udatpg_setDateTimeFormat(patterns, u_strcpy(joint, medium), len);
}

static UCalendar *open_calendar(const char *zone, UErrorCode *status)
{
    struct utf16 id = text_utf16(zone);
    UCalendar *calendar = ucal_open(id.units, id.len, "", UCAL_GREGORIAN, status);
    free(id.units);
    make_proleptic(calendar, status);
    if (U_FAILURE(*status))
        return calendar;
    /* A day begins at its first instant, also where summer time skips midnight or repeats it. */
    ucal_setAttribute(calendar, UCAL_SKIPPED_WALL_TIME, UCAL_WALLTIME_NEXT_VALID);
    ucal_setAttribute(calendar, UCAL_REPEATED_WALL_TIME, UCAL_WALLTIME_FIRST);
    return calendar;
}

void text_dates_open(struct text *text, const char *locale, const char *zone, UErrorCode *status)
{
    UDateTimePatternGenerator *patterns = udatpg_open(locale, status);
    join_plainly(patterns, status);
    text->date = open_format(patterns, locale, u"yMMMMd", status);
    text->date_time = open_format(patterns, locale, u"yMMMMdHm", status);
    text->month = open_format(patterns, locale, u"yMMMM", status);
    udatpg_close(patterns);
    text->calendar = open_calendar(zone, status);
}

void text_dates_close(struct text *text)
{
    udat_close(text->date);
    udat_close(text->date_time);
    udat_close(text->month);
    ucal_close(text->calendar);
}

static const char *say_date(struct text *text, UDateFormat *format, struct tm *when)
{
    UChar words[TEXT_WORDS_UNITS];
    UErrorCode status = U_ZERO_ERROR;
    int32_t len = udat_format(format, (double)timegm(when) * 1000.0, words, TEXT_WORDS_UNITS, NULL, &status);
    assert(U_SUCCESS(status));
    return text_say(text, words, len);
}

static bool read_local(const char *date, struct tm *when)
{
    bool has_time = false;
    bool valid = take_local(date, when, &has_time);
    assert(valid);
    (void)valid;
    return has_time;
}

static const char *make_date_words(struct text *text, const char *date)
{
    struct tm when;
    bool has_time = read_local(date, &when);
    return say_date(text, has_time ? text->date_time : text->date, &when);
}

static const char *make_month_words(struct text *text, const char *date)
{
    struct tm when;
    read_local(date, &when);
    return say_date(text, text->month, &when);
}

const char *text_date_words(struct text *text, const char *date)
{
    return text_say_once(text, SAID_DATE, date, make_date_words);
}

const char *text_month_words(struct text *text, const char *date)
{
    return text_say_once(text, SAID_MONTH, date, make_month_words);
}

static int64_t zone_offset_s(struct text *text, int64_t unix_time)
{
    UErrorCode status = U_ZERO_ERROR;
    ucal_setMillis(text->calendar, (double)unix_time * 1000.0, &status);
    int32_t offset_ms = ucal_get(text->calendar, UCAL_ZONE_OFFSET, &status);
    offset_ms += ucal_get(text->calendar, UCAL_DST_OFFSET, &status);
    assert(U_SUCCESS(status));
    return offset_ms / 1000;
}

static void say_local(struct text *text, int64_t unix_time, size_t len, char *out)
{
    char local[TEXT_UTC_CAP];
    int64_t instant = clamp_unix(unix_time);
    text_utc_format(instant + zone_offset_s(text, instant), local);
    memcpy(out, local, len);
    out[len] = '\0';
}

void text_local_date(struct text *text, int64_t unix_time, char out[static TEXT_DATE_CAP])
{
    say_local(text, unix_time, TEXT_DATE_CAP - 1, out);
}

void text_local_time(struct text *text, int64_t unix_time, char out[static TEXT_LOCAL_CAP])
{
    say_local(text, unix_time, TEXT_LOCAL_CAP - 1, out);
}

int64_t text_local_unix(struct text *text, const char *local)
{
    struct tm when;
    UErrorCode status = U_ZERO_ERROR;
    read_local(local, &when);
    ucal_clear(text->calendar);
    ucal_setDateTime(text->calendar, when.tm_year + 1900, when.tm_mon, when.tm_mday, when.tm_hour, when.tm_min, 0,
                     &status);
    double millis = ucal_getMillis(text->calendar, &status);
    assert(U_SUCCESS(status));
    return (int64_t)(millis / 1000.0);
}

int64_t text_date_start_unix(struct text *text, const char *date)
{
    return text_local_unix(text, date);
}
