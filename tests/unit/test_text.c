#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "warta/base/text.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct text *open_text(const char *lang, const char *zone)
{
    char error[200] = "";
    struct text *text = text_create(lang, zone, error, sizeof error);
    if (text == NULL)
        fail_msg("%s", error);
    return text;
}

static void assert_owned(char *actual, const char *expected)
{
    assert_string_equal(actual, expected);
    free(actual);
}

static void test_valid(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        bool valid;
    } rows[] = {
        {"", 0, true},
        {"ILO", 3, true},
        {"\xE1\x9E\x9F\xF0\x9F\x8E\x89", 7, true},
        {"\xF4\x8F\xBF\xBF", 4, true},
        {"a\0b", 3, false},
        {"\xC0\xAF", 2, false},
        {"\xE0\x80\xAF", 3, false},
        {"\xF0\x80\x80\xAF", 4, false},
        {"\xED\xA0\x80", 3, false},
        {"\xF4\x90\x80\x80", 4, false},
        {"\x80", 1, false},
        {"\xFF", 1, false},
        {"a\xE1\x9E", 3, false},
        {"\xC3", 1, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (text_valid(rows[i].bytes, rows[i].len) != rows[i].valid)
            fail_msg("row %zu", i);
}

static void test_controls(void **state)
{
    (void)state;
    assert_false(text_has_controls("plain\n\twords \u00E9\u200B\U0001F389"));
    assert_true(text_has_controls("a\rb"));
    assert_true(text_has_controls("a\x01"));
    assert_true(text_has_controls("a\x7F"));
    assert_true(text_has_controls("a\xC2\x85"));
    assert_true(text_has_controls("a\xEF\xBF\xBE"));
    assert_true(text_has_controls("\xF4\x8F\xBF\xBF"));
}

static void test_length_and_form(void **state)
{
    (void)state;
    assert_int_equal(text_length(""), 0);
    assert_int_equal(text_length("a\u00E9\u179F\U0001F389"), 4);
    assert_owned(text_nfc("", 0), "");
    assert_owned(text_nfc("Cafe\u0301", 6), "Caf\u00E9");
    assert_owned(text_nfc("Tie\u0302\u0301ng Vie\u0323\u0302t", 100), "Ti\u1EBFng Vi\u1EC7t");
    assert_owned(text_nfc("\u0958", 3), "\u0915\u093C");
    assert_owned(text_nfc("\U0001D160\U0001D160", 8), "\U0001D158\U0001D165\U0001D16E\U0001D158\U0001D165\U0001D16E");
    assert_null(text_nfc("Cafe\u0301", 5));
    assert_null(text_nfc("a", 0));
}

static void test_fit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t max, fits;
    } rows[] = {
        {"", 0, 0},       {"", 5, 0},        {"abc", 5, 3},        {"abc", 3, 3},         {"abc", 2, 2},
        {"abc", 0, 0},    {"a\u00E9", 3, 3}, {"a\u00E9", 2, 1},    {"\u00E9", 1, 0},      {"\u1780\u1781", 5, 3},
        {"\u1780", 2, 0}, {"\u1780", 3, 3},  {"\U0001F389", 3, 0}, {"\U0001F389a", 4, 4}, {"a\U0001F389", 4, 1}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (text_fit(rows[i].text, rows[i].max) != rows[i].fits)
            fail_msg("row %zu: %zu", i, text_fit(rows[i].text, rows[i].max));
}

/* Of a run of marks 30 are kept, however it is made up, and what was normalised stays as it is. */
static void test_runs_are_capped(void **state)
{
    (void)state;
    enum { MANY = 20000, RUN_MAX = 30 };
    static const char *const marks[] = {
        "\u0301", "\u0316",       "\u0301\u0316", "\u0316\u0301", "\u0345\u0301\u0316\u0338",
        "\u0344", "\u0F73\u0F71", "\u3099",       "\u1161",       "\u11A8",
        "\u09BE", "\u0323\u0302", "\U0001D165",   "\U0001E8D0",   "\u05B0\u0591"};
    static const char *const first[] = {"", "a", "\u01D5", "\u1100", "\uAC00", "\u1F82"};
    for (size_t i = 0; i < COUNT(marks) * COUNT(first); i++) {
        char *text = calloc(1, MANY * strlen("\U0001D165") + 100);
        char *end = stpcpy(text, first[i % COUNT(first)]);
        for (size_t n = 0; n < MANY / strlen(marks[i / COUNT(first)]); n++)
            end = stpcpy(end, marks[i / COUNT(first)]);
        stpcpy(end, "b");
        char *once = text_nfc(text, SIZE_MAX - 1);
        char *again = text_nfc(once, SIZE_MAX - 1);
        if (strcmp(once, again) != 0 || once[strlen(once) - 1] != 'b')
            fail_msg("row %zu: %s, then %s", i, once, again);
        assert_in_range(text_length(once), RUN_MAX - 1, RUN_MAX + 2);
        free(again);
        free(once);
        free(text);
    }
    /* Khmer and Hangul as they are written, and as many marks as are kept. */
    assert_owned(text_nfc("\u179F\u17D2\u178F\u17D2\u179A\u17B8", 100), "\u179F\u17D2\u178F\u17D2\u179A\u17B8");
    assert_owned(text_nfc("\u1112\u1161\u11AB\u1100\u1173\u11AF", 100), "\uD55C\uAE00");
    char full[1 + 2 * RUN_MAX + 1] = "x";
    for (int n = 0; n < RUN_MAX; n++)
        strcat(full, "\u0301");
    assert_owned(text_nfc(full, 100), full);
}

static void test_single_line(void **state)
{
    (void)state;
    assert_owned(text_single_line(""), "");
    assert_owned(text_single_line(" \r\n\t "), "");
    assert_owned(text_single_line("  two\r\n words\u00A0\u3000here \u2028"), "two words here");
    assert_owned(text_single_line("\u179F\u200B\u1780"), "\u179F\u200B\u1780");
    assert_owned(text_single_line("\u202Eleft\u202C"), "\u202Eleft\u202C");
    assert_owned(text_single_line("\u202E\u200F \u200B\uFEFF\u3164"), "");
}

static void test_date_valid(void **state)
{
    (void)state;
    static const char *const good[] = {"2019-08-30", "0001-01-01", "9999-12-31",
                                       "2000-02-29", "2024-02-29", "1582-10-10"};
    static const char *const bad[] = {
        "",           "2019-8-30",   "2019-02-29",  "1900-02-29",  "0000-01-01",       "2019-13-01",
        "2019-00-10", "2019-01-00",  "2019-04-31",  "20190830",    "2019-08-3x",       "+019-08-30",
        "2019/08/30", "2019-08-30 ", " 2019-08-30", "12019-08-30", "2019-08-30T10:00",
    };
    for (size_t i = 0; i < COUNT(good); i++)
        if (!text_date_valid(good[i]) || !text_local_time_valid(good[i]))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (text_date_valid(bad[i]))
            fail_msg("%s", bad[i]);
}

static void test_local_time_valid(void **state)
{
    (void)state;
    static const char *const bad[] = {"2019-08-30T",      "2019-08-30T24:00",    "2019-08-30T09:60", "2019-08-30T9:30",
                                      "2019-08-30 09:30", "2019-08-30T09:30:00", "2019-02-30T09:30", "T09:30"};
    assert_true(text_local_time_valid("2019-08-30T00:00"));
    assert_true(text_local_time_valid("2019-08-30T23:59"));
    for (size_t i = 0; i < COUNT(bad); i++)
        if (text_local_time_valid(bad[i]))
            fail_msg("%s", bad[i]);
}

static void test_utc_parse(void **state)
{
    (void)state;
    static const struct {
        const char *utc;
        int64_t unix_time;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59Z", -1},
        {"2019-08-30T07:30:15Z", 1567150215},
        {"2019-08-30T07:30:15.999Z", 1567150215},
        {"2019-08-30T14:30:15+07:00", 1567150215},
        {"2019-08-30T03:15:15.5-04:15", 1567150215},
        {"2016-12-31T23:59:60Z", 1483228800},
        {"0001-01-01T00:00:00Z", -62135596800},
        {"9999-12-31T23:59:59Z", 253402300799},
    };
    static const char *const bad[] = {
        "",
        "2019-08-30",
        "2019-08-30T07:30Z",
        "2019-08-30T07:30:15",
        "2019-08-30T07:30:15.Z",
        "2019-08-30T07:30:15+7:00",
        "2019-08-30T07:30:15+24:00",
        "2019-08-30T07:30:61Z",
        "2019-02-29T07:30:15Z",
        "2019-08-30T07:30:15Z ",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    };
    int64_t unix_time;
    for (size_t i = 0; i < COUNT(good); i++)
        if (!text_utc_parse(good[i].utc, &unix_time) || unix_time != good[i].unix_time)
            fail_msg("%s", good[i].utc);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (text_utc_parse(bad[i], &unix_time))
            fail_msg("%s", bad[i]);
}

static void test_utc_format(void **state)
{
    (void)state;
    static const struct {
        int64_t unix_time;
        const char *utc;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},          {-1, "1969-12-31T23:59:59Z"},
        {1567150215, "2019-08-30T07:30:15Z"}, {-62135596800, "0001-01-01T00:00:00Z"},
        {INT64_MIN, "0001-01-01T00:00:00Z"},  {INT64_MAX, "9999-12-31T23:59:59Z"},
    };
    char out[TEXT_UTC_CAP];
    for (size_t i = 0; i < COUNT(rows); i++) {
        text_utc_format(rows[i].unix_time, out);
        assert_string_equal(out, rows[i].utc);
    }
}

static void test_lang(void **state)
{
    (void)state;
    static const struct {
        const char *tag, *canonical;
    } good[] = {{"en", "en"}, {"pt-br", "pt-BR"}, {"ZH-hant-tw", "zh-Hant-TW"}, {"KM", "km"}, {"sr-latn", "sr-Latn"}};
    static const char *const bad[] = {
        "",
        "a",
        "pt_BR",
        "en-",
        "en--us",
        "*",
        "english-foo-bar",
        "e\xC3\xA9",
        "en us",
        "de-1901-1996-arevela-biske-bohoric-boont-colb1945",
    };
    char out[TEXT_LANG_CAP];
    char endless[20000] = "en";
    for (size_t len = 2; len + 9 < sizeof endless; len += 9)
        memcpy(endless + len, "-variant1", 10);
    assert_false(text_lang_canonical(endless, out));
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(text_lang_canonical(good[i].tag, out));
        assert_string_equal(out, good[i].canonical);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        if (text_lang_canonical(bad[i], out))
            fail_msg("%s -> %s", bad[i], out);
}

static void test_lang_dir(void **state)
{
    (void)state;
    static const struct {
        const char *lang, *dir;
    } rows[] = {
        {"ar", "rtl"}, {"ur-PK", "rtl"}, {"az-Arab", "rtl"}, {"en", "ltr"}, {"ms", "ltr"}, {"ar", "rtl"},
    };
    struct text *text = open_text("en", "UTC");
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(text_lang_dir(text, rows[i].lang), rows[i].dir);
    text_destroy(text);
}

/* More dates than are kept, each of them twice and in two forms. */
static void test_words_said_again(void **state)
{
    (void)state;
    enum { YEARS = 3000 };
    struct text *text = open_text("en", "UTC");
    for (int round = 0; round < 2; round++) {
        for (int year = 1; year <= YEARS; year++) {
            char date[TEXT_DATE_CAP], words[32];
            snprintf(date, sizeof date, "%04d-05-17", year);
            snprintf(words, sizeof words, "17 May %d", year);
            assert_string_equal(text_date_words(text, date), words);
            assert_string_equal(text_month_words(text, date), strchr(words, ' ') + 1);
            assert_string_equal(text_lang_name(text, "fr"), "Français");
        }
    }
    text_destroy(text);
}

static void test_lang_name(void **state)
{
    (void)state;
    static const struct {
        const char *lang, *name;
    } rows[] = {
        {"km", "ខ្មែរ"},    {"en", "English"}, {"fr", "Français"},
        {"es", "Español"}, {"si", "සිංහල"},    {"qqq-TH", "qqq-TH"},
        {"qqq", "qqq"},    {"und", "und"},    {"pt-BR", "Português (Brasil)"},
    };
    struct text *text = open_text("en", "UTC");
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(text_lang_name(text, rows[i].lang), rows[i].name);
    text_destroy(text);
}

static void test_zone_valid(void **state)
{
    (void)state;
    static const char *const good[] = {"UTC", "Asia/Bangkok", "Asia/Kathmandu", "Europe/Zurich"};
    static const char *const bad[] = {
        "",
        "Etc/Unknown",
        "Foo/Bar",
        "asia/bangkok",
        "GMT+7",
        "Asia/\xC3",
        "Asia/Bangkok ",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(text_zone_valid(good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        if (text_zone_valid(bad[i]))
            fail_msg("%s", bad[i]);
}

static void test_create_refuses(void **state)
{
    (void)state;
    char error[200] = "";
    assert_null(text_create("not a tag", "UTC", error, sizeof error));
    assert_non_null(strstr(error, "not a tag"));
    text_destroy(NULL);
}

static void test_slug(void **state)
{
    (void)state;
    static const struct {
        const char *title, *slug;
    } rows[] = {
        {"Cooperatives: the ILO's  work & more!", "cooperatives-the-ilos-work-more"},
        {"ILO\u2019s \u2018co-op\u2019 \u2014 part 2", "ilos-co-op-part-2"},
        {"  --Trimmed--  ", "trimmed"},
        {"Économie sociale et solidaire : l\u2019œuvre", "economie-sociale-et-solidaire-loeuvre"},
        {"2019", "item-2019"},
        {"២០១៩", "item-2019"},
        {"2019\u20132020", "2019-2020"},
        {"", ""},
        {"... !?", ""},
        {"\U0001F389", ""},
        {"សហករណ៍នៅកម្ពុជា", "sahakaro-nau-kampucaa"},
        {"สหกรณ์ในประเทศไทย", "shkrn-ni-prathesthiy"},
        {"सहकारी र सामाजिक संवाद", "sahakari-ra-samajika-sanvada"},
        {"ශ්‍රී ලංකාවේ සමුපකාර", "sri-lamkave-samupakara"},
        {"日本の協同組合", "ri-ben-no-xie-tong-zu-he"},
        {"ສະຫະກອນໃນລາວ", "sahakon-nay-laaw"},
        {"သမဝါယမအသင်း", "samawaryam-aasainn"},
        {"Hợp tác xã ở Việt Nam Đà", "hop-tac-xa-o-viet-nam-da"},
        {"བོད་ཡིག", "boda-yiga"},
        {"العربية", "alrbyt"},
        {"Монгол", "mongol"},
        {"한국", "hangug"},
        {"ⵣ", "yaz"},
    };
    struct text *text = open_text("en", "UTC");
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_owned(text_slug(text, rows[i].title), rows[i].slug);
    text_destroy(text);
}

/* Any code point at all, alone and between letters, gives a slug of the right alphabet. */
static void test_slug_of_any_point(void **state)
{
    (void)state;
    struct text *text = open_text("en", "UTC");
    for (uint32_t point = 0x80; point < 0x3400; point++) {
        char title[] = {
            'a', (char)(0xE0 | point >> 12), (char)(0x80 | (point >> 6 & 63)), (char)(0x80 | (point & 63)), 'b', '\0'};
        if (point < 0x800) {
            title[1] = (char)(0xC0 | point >> 6);
            title[2] = (char)(0x80 | (point & 63));
            title[3] = 'c';
        }
        char *slug = text_slug(text, title);
        if (slug[0] != 'a' || slug[strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0' ||
            strstr(slug, "--") != NULL || slug[strlen(slug) - 1] == '-')
            fail_msg("U+%04X -> %s", point, slug);
        free(slug);
    }
    text_destroy(text);
}

static void test_slug_is_cut(void **state)
{
    (void)state;
    struct text *text = open_text("en", "UTC");
    char *slug = text_slug(text, "Cooperatives and the World of Work Series No. 12: what next for cooperatives in the "
                                 "Asia-Pacific region?");
    assert_owned(slug, "cooperatives-and-the-world-of-work-series-no-12-what-next-for-cooperatives-in");

    char title[201];
    memset(title, 'x', 200);
    title[200] = '\0';
    slug = text_slug(text, title);
    assert_int_equal(strlen(slug), TEXT_SLUG_MAX);
    free(slug);
    memset(title, '7', 200);
    slug = text_slug(text, title);
    assert_int_equal(strlen(slug), TEXT_SLUG_MAX);
    assert_int_equal(strncmp(slug, "item-7", 6), 0);
    free(slug);
    memset(title, 'x', 200);
    title[TEXT_SLUG_MAX] = ' ';
    slug = text_slug(text, title);
    assert_int_equal(strlen(slug), TEXT_SLUG_MAX);
    free(slug);

    char expanding[3 * 60 + 1] = "";
    for (int i = 0; i < 60; i++)
        strcat(expanding, "\uFDFA");
    slug = text_slug(text, expanding);
    assert_in_range(strlen(slug), 10, TEXT_SLUG_MAX);
    free(slug);
    text_destroy(text);
}

/* The beginning of a title decides, so that a long one costs no more than any. */
static void test_slug_of_a_long_title(void **state)
{
    (void)state;
    enum { TITLE_BYTES = 1200, MORE = 200000 };
    static const char *const repeated[] = {"\u5354", "\u0E2A\u0E2B", "e\u0301\u0316", "\uFDFA", "\u17A0", "- "};
    struct text *text = open_text("en", "UTC");
    for (size_t i = 0; i < COUNT(repeated); i++) {
        char *title = calloc(1, MORE + 100);
        for (size_t len = 0; len < MORE; len += strlen(repeated[i]))
            strcpy(title + len, repeated[i]);
        char *slug = text_slug(text, title);
        title[text_fit(title, TITLE_BYTES)] = '\0';
        assert_owned(text_slug(text, title), slug);
        free(slug);
        free(title);
    }
    text_destroy(text);
}

static void test_word_ends(void **state)
{
    (void)state;
    int ends[64];
    assert_int_equal(text_word_ends("", ends), 0);
    assert_int_equal(text_word_ends("one, \u00E9t\u00E9", ends), 4);
    static const int expected[] = {3, 4, 5, 10};
    assert_memory_equal(ends, expected, sizeof expected);
}

static void test_break_words(void **state)
{
    (void)state;
    static const struct {
        const char *plain, *broken;
    } rows[] = {
        {"", ""},
        {"Plain English, l\u2019été, Việt Nam.", "Plain English, l\u2019été, Việt Nam."},
        {"सहकारी नेपाल 한국", "सहकारी नेपाल 한국"},
        {"សហករណ៍នៅកម្ពុជា", "សហករណ៍\u200Bនៅ\u200Bកម្ពុជា"},
        {"สหกรณ์ในประเทศไทย 2019", "สหกรณ์\u200Bใน\u200Bประเทศไทย 2019"},
        {"ສະຫະກອນໃນລາວ", "ສະຫະກອນ\u200Bໃນ\u200Bລາວ"},
        {"သမဝါယမအသင်း", "သမဝါယမ\u200Bအသင်း"},
        {"日本の協同組合。ILOの", "日本\u200Bの\u200B協同\u200B組合。ILOの"},
    };
    struct text *text = open_text("en", "UTC");
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_owned(text_break_words(text, rows[i].plain), rows[i].broken);
        assert_owned(text_break_words(text, rows[i].broken), rows[i].broken);
    }
    text_destroy(text);
}

static void test_date_words(void **state)
{
    (void)state;
    static const struct {
        const char *lang, *date, *words, *month;
    } rows[] = {
        {"en", "2019-08-30", "30 August 2019", "August 2019"},
        {"en", "2019-07-05T09:30", "5 July 2019, 09:30", "July 2019"},
        {"en", "1582-10-10", "10 October 1582", "October 1582"},
        {"en", "0044-03-15", "15 March 44", "March 44"},
        {"en", "9999-12-31T23:59", "31 December 9999, 23:59", "December 9999"},
        {"en-US", "2019-08-30", "August 30, 2019", "August 2019"},
        {"fr", "2019-08-30", "30 août 2019", "août 2019"},
        {"es", "2019-08-30", "30 de agosto de 2019", "agosto de 2019"},
        {"th", "2019-08-30", "30 สิงหาคม 2019", "สิงหาคม 2019"},
        {"km", "2019-08-30", "30 សីហា 2019", "សីហា 2019"},
        {"ja", "2019-08-30", "2019年8月30日", "2019年8月"},
    };
    static const char *const zones[] = {"UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t zone = 0; zone < COUNT(zones); zone++) {
            struct text *text = open_text(rows[i].lang, zones[zone]);
            assert_string_equal(text_date_words(text, rows[i].date), rows[i].words);
            assert_string_equal(text_month_words(text, rows[i].date), rows[i].month);
            text_destroy(text);
        }
    }
}

static void test_site_days(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *date, *starts, *local;
    } rows[] = {
        {"UTC", "2019-08-30", "2019-08-30T00:00:00Z", "2019-08-30T00:00"},
        {"Asia/Bangkok", "2019-08-30", "2019-08-29T17:00:00Z", "2019-08-30T00:00"},
        {"Asia/Kathmandu", "2019-08-30", "2019-08-29T18:15:00Z", "2019-08-30T00:00"},
        {"Pacific/Kiritimati", "2020-02-29", "2020-02-28T10:00:00Z", "2020-02-29T00:00"},
        {"America/Sao_Paulo", "2017-10-15", "2017-10-15T03:00:00Z", "2017-10-15T01:00"},
        {"America/Havana", "2019-11-03", "2019-11-03T04:00:00Z", "2019-11-03T00:00"},
        {"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", "2011-12-31T00:00"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct text *text = open_text("en", rows[i].zone);
        int64_t starts = text_date_start_unix(text, rows[i].date);
        char utc[TEXT_UTC_CAP], local[TEXT_LOCAL_CAP], date[TEXT_DATE_CAP], before[TEXT_DATE_CAP];
        text_utc_format(starts, utc);
        text_local_time(text, starts, local);
        text_local_date(text, starts, date);
        text_local_date(text, starts - 1, before);
        assert_string_equal(utc, rows[i].starts);
        assert_string_equal(local, rows[i].local);
        assert_memory_equal(date, local, 10);
        assert_true(strcmp(before, rows[i].date) < 0);
        text_destroy(text);
    }
}

static void test_local_times(void **state)
{
    (void)state;
    struct text *text = open_text("en", "Asia/Bangkok");
    char local[TEXT_LOCAL_CAP], date[TEXT_DATE_CAP];
    assert_int_equal(text_local_unix(text, "2019-08-30T14:30"), 1567150200);
    text_local_time(text, 1567150259, local);
    assert_string_equal(local, "2019-08-30T14:30");
    text_local_time(text, INT64_MAX, local);
    assert_string_equal(local, "9999-12-31T23:59");
    text_local_date(text, INT64_MIN, date);
    assert_string_equal(date, "0001-01-01");
    text_destroy(text);

    text = open_text("en", "Europe/Paris");
    assert_int_equal(text_local_unix(text, "2019-03-31T02:30"), text_local_unix(text, "2019-03-31T03:00"));
    assert_int_equal(text_local_unix(text, "2019-10-27T02:30") + 5400, text_local_unix(text, "2019-10-27T03:00"));
    text_destroy(text);
}

static void test_compare(void **state)
{
    (void)state;
    static const struct {
        const char *lang, *lower, *higher;
    } rows[] = {
        {"en", "Asia", "Zambia"}, {"en", "éducation", "finance"}, {"en", "cambodia", "Laos"}, {"sv", "z", "ö"},
        {"de", "ö", "z"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct text *text = open_text(rows[i].lang, "UTC");
        assert_true(text_compare(text, rows[i].lower, rows[i].higher) < 0);
        assert_true(text_compare(text, rows[i].higher, rows[i].lower) > 0);
        assert_int_equal(text_compare(text, rows[i].lower, rows[i].lower), 0);
        text_destroy(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_controls),
        cmocka_unit_test(test_length_and_form),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_runs_are_capped),
        cmocka_unit_test(test_single_line),
        cmocka_unit_test(test_date_valid),
        cmocka_unit_test(test_local_time_valid),
        cmocka_unit_test(test_utc_parse),
        cmocka_unit_test(test_utc_format),
        cmocka_unit_test(test_lang),
        cmocka_unit_test(test_lang_name),
        cmocka_unit_test(test_lang_dir),
        cmocka_unit_test(test_words_said_again),
        cmocka_unit_test(test_zone_valid),
        cmocka_unit_test(test_create_refuses),
        cmocka_unit_test(test_slug),
        cmocka_unit_test(test_slug_of_any_point),
        cmocka_unit_test(test_slug_is_cut),
        cmocka_unit_test(test_slug_of_a_long_title),
        cmocka_unit_test(test_word_ends),
        cmocka_unit_test(test_break_words),
        cmocka_unit_test(test_date_words),
        cmocka_unit_test(test_site_days),
        cmocka_unit_test(test_local_times),
        cmocka_unit_test(test_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
