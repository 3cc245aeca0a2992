/* Words and dates, by way of ICU: normal form, slugs, word breaks, languages, dates in words, time zones.
 *
 * Knows nothing of items, HTML or HTTP. All text is UTF-8; dates are "YYYY-MM-DD" in the proleptic
 * Gregorian calendar; instants are seconds since 1970 (UTC), named `_unix`.
 *
 * Cost: strangers choose the text, and ICU takes more than linear time over some of it. Each function here is linear in its text,
 * or looks at no more of it than it says. No other file calls ICU, except for properties of single characters (unicode/uchar.h
 * and utf8.h); tests/includes.py checks that.
 *
 * Threads: the functions without a struct text may be called from any thread. A struct text holds ICU
 * objects that are costly to open and not thread-safe: each thread creates its own. */
#ifndef WARTA_BASE_TEXT_H
#define WARTA_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TEXT_DATE_CAP = 11, TEXT_LOCAL_CAP = 17, TEXT_UTC_CAP = 21, TEXT_LANG_CAP = 36, TEXT_SLUG_MAX = 80 };

/* --- without state ------------------------------------------------------------------------------- */

/* Well-formed UTF-8 (Unicode 15, table 3-7: no surrogates, nothing overlong) without NUL. */
bool text_valid(const char *bytes, size_t len);

/* A control character (category Cc) other than line feed and tab, or a noncharacter such as U+FFFE, which
 * XML and feeds cannot carry. `text` must be valid. */
bool text_has_controls(const char *text);

/* Number of code points in valid text. */
size_t text_length(const char *text);

/* How many bytes at the beginning of valid text fit into `max_bytes` without cutting a character in two. */
size_t text_fit(const char *text, size_t max_bytes);

/* NFC (Unicode Standard Annex #15), owned by the caller; NULL if `text` is longer than `max_bytes`, which is seen before
 * any of it is normalised. `text` must be valid. Behind 30 combining marks in a row (or other characters that compose with the
 * one before, such as Hangul vowels) the rest of the row is dropped: no language stacks as many (UAX #15, 13: Stream-Safe Text
 * Format). One character of NFC comes of at most TEXT_NFC_BYTES bytes. */
enum { TEXT_NFC_BYTES = 12 };
char *text_nfc(const char *text, size_t max_bytes);

/* White space trimmed at both ends and each run of it inside, line breaks included, made one space.
 * White space is the Unicode property White_Space; U+200B is kept. Text of which nothing can be seen, such as marks
 * of direction alone, becomes "". Owned by the caller. */
char *text_single_line(const char *text);

/* A date that exists, years 0001 to 9999, exactly "YYYY-MM-DD". */
bool text_date_valid(const char *date);

/* A local date with an optional time: "YYYY-MM-DD" or "YYYY-MM-DDTHH:MM". */
bool text_local_time_valid(const char *local);

/* "YYYY-MM-DDTHH:MM:SSZ" (RFC 3339, UTC) → seconds since 1970; fractions and offsets such as "+07:00" are
 * accepted and folded in. False if it is not such a time. */
bool text_utc_parse(const char *utc, int64_t *unix_out);

/* Seconds since 1970 → "YYYY-MM-DDTHH:MM:SSZ"; an instant outside the years 0001 to 9999 becomes the
 * nearest inside. */
void text_utc_format(int64_t unix_time, char out[static TEXT_UTC_CAP]);

/* A well-formed language tag (BCP 47, RFC 5646) in its canonical case ("pt-br" → "pt-BR"); false if it is
 * not one or does not fit. */
bool text_lang_canonical(const char *tag, char out[static TEXT_LANG_CAP]);

/* Whether at least half of the letters are of a script that `lang` is usually written in. Text of fewer than ten
 * letters always fits, and so does any text where the script of `lang` is not known. The first 10,000 letters decide. `text` must
 * be valid. */
bool text_script_fits(const char *text, const char *lang);

/* Whether `zone` names an IANA time zone that ICU knows ("Asia/Bangkok", "UTC"). */
bool text_zone_valid(const char *zone);

/* --- with state ---------------------------------------------------------------------------------- */

struct text;

/* `lang` is the language dates are written in, `zone` the site's time zone; both must have been checked.
 * NULL, with a reason in `error`, if ICU cannot open its data. */
struct text *text_create(const char *lang, const char *zone, char *error, size_t error_len);
void text_destroy(struct text *text);

/* A slug for a title: Any-Latin; Latin-ASCII; lower case; runs of anything but a-z 0-9 become one hyphen; cut
 * at a hyphen to at most TEXT_SLUG_MAX bytes. An apostrophe between letters vanishes ("ILO's" → "ilos").
 * A title without a letter or digit gives ""; one of digits only gets the prefix "item-", because /items/57
 * is an item's permanent address. Only the first 1,200 bytes of the title count. Owned by the caller. */
char *text_slug(struct text *text, const char *title);

/* Puts U+200B between the words of scripts written without spaces (Khmer, Thai, Lao, Burmese, Han, Kana), at
 * ICU's word breaks; other text is unchanged. For full-text search. Owned by the caller. */
char *text_break_words(struct text *text, const char *plain);

/* Puts where each word, space or mark of valid text ends (Unicode Standard Annex #29), in bytes from its beginning, into `ends`,
 * which has room for one number a byte. Returns how many there are. Needs no struct text. */
size_t text_word_ends(const char *plain, int *ends);

/* "2019-08-30" → "30 August 2019" in the language given at creation (*borrowed*, until the next call on this
 * struct text). `date` must be valid; a local time gives its time of day too ("5 July 2019, 09:30"). */
const char *text_date_words(struct text *text, const char *date);

/* "2019-08-30" → "August 2019" (*borrowed*, likewise). */
const char *text_month_words(struct text *text, const char *date);

/* A language's own name for itself, "km" → "ខ្មែរ", first letter as the language writes it in a list; the tag
 * itself where ICU has no name (*borrowed*, likewise). */
const char *text_lang_name(struct text *text, const char *lang);

/* "rtl" where the script that `lang` is usually written in runs from right to left, else "ltr"; for ever. */
const char *text_lang_dir(struct text *text, const char *lang);

/* The date on the site's calendar at that instant. */
void text_local_date(struct text *text, int64_t unix_time, char out[static TEXT_DATE_CAP]);

/* Its date and time of day there, "YYYY-MM-DDTHH:MM". */
void text_local_time(struct text *text, int64_t unix_time, char out[static TEXT_LOCAL_CAP]);

/* The instant at which `date` begins in the site's time zone. */
int64_t text_date_start_unix(struct text *text, const char *date);

/* The instant of a local time in the site's time zone. A time that summer time skips is the first one after it; of a
 * repeated one, the first is meant. */
int64_t text_local_unix(struct text *text, const char *local);

/* Sorts names as a reader of the site's language expects, by their first 1,200 bytes: <0, 0, >0 as strcmp(). */
int text_compare(struct text *text, const char *a, const char *b);

#endif
