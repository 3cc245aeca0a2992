/* Texts compared: what stands in the parts is what stood in the texts, and no more is marked than changed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/buf.h"
#include "warta/base/mem.h"
#include "warta/base/text.h"
#include "warta/newsroom/diff.h"

static bool flag(const json_t *part, const char *key)
{
    return json_is_true(json_object_get(part, key));
}

/* The texts of all parts that are not marked so. */
static char *without(const json_t *parts, const char *mark)
{
    struct buf text = BUF_EMPTY;
    size_t i;
    json_t *part;
    json_array_foreach(parts, i, part)
    {
        if (!flag(part, mark))
            buf_text(&text, json_string_value(json_object_get(part, "text")));
    }
    return buf_steal(&text);
}

/* Both texts are in the parts, byte for byte; parts are not empty, not both, and in order. */
static json_t *compared(const char *before, const char *after)
{
    json_t *parts = diff_texts(before, after);
    char *old = without(parts, "added");
    char *new = without(parts, "removed");
    if (strcmp(old, before) != 0 || strcmp(new, after) != 0)
        fail_msg("\"%s\" and \"%s\" came back as \"%s\" and \"%s\"", before, after, old, new);
    free(old);
    free(new);
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *part = json_array_get(parts, i);
        const json_t *next = json_array_get(parts, i + 1);
        const char *text = json_string_value(json_object_get(part, "text"));
        assert_true(text_valid(text, strlen(text)) && *text != '\0');
        assert_false(flag(part, "removed") && flag(part, "added"));
        if (next != NULL)
            assert_false(flag(part, "removed") == flag(next, "removed") && flag(part, "added") == flag(next, "added"));
        if (flag(part, "added") && next != NULL)
            assert_false(flag(next, "removed"));
    }
    return parts;
}

/* The parts as "same[-removed-]{+added+}". */
static char *marked(const json_t *parts)
{
    struct buf text = BUF_EMPTY;
    size_t i;
    json_t *part;
    json_array_foreach(parts, i, part)
    {
        const char *format = flag(part, "removed") ? "[-%s-]" : flag(part, "added") ? "{+%s+}" : "%s";
        const char *words = json_string_value(json_object_get(part, "text"));
        if (*format == '[')
            buf_format(&text, "[-%s-]", words);
        else if (*format == '{')
            buf_format(&text, "{+%s+}", words);
        else
            buf_text(&text, words);
    }
    return buf_steal(&text);
}

static void test_words(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after, *marked;
    } cases[] = {
        {"", "", ""},
        {"a", "a", "a"},
        {"", "new words", "{+new words+}"},
        {"old words", "", "[-old words-]"},
        {"The small cat", "The big cat", "The [-small-]{+big+} cat"},
        {"one two three four", "one 2 3 four", "one [-two three-]{+2 3+} four"},
        {"a  b", "a b", "a[-  -]{+ +}b"},
        {"one\n\ntwo", "one\n\n2", "one\n\n[-two-]{+2+}"},
        {"It was don't", "It was can't", "It was [-don't-]{+can't+}"},
        {"cost 1,000 baht", "cost 2,000 baht", "cost [-1,000-]{+2,000+} baht"},
        {"合作社运动", "合作社的运动", "合作社{+的+}运动"},
        {"สหกรณ์การเกษตร", "สหกรณ์ออมทรัพย์", "สหกรณ์[-การเกษตร-]{+ออมทรัพย์+}"},
        {"សហករណ៍កសិកម្មកម្ពុជា", "សហករណ៍កម្ពុជា", "សហករណ៍[-កសិកម្ម-]កម្ពុជា"},
        {"تعاونية صغيرة", "تعاونية كبيرة", "تعاونية [-صغيرة-]{+كبيرة+}"},
        {"go 👩‍👩‍👧 on", "go 👩‍👩‍👦 on", "go [-👩‍👩‍👧-]{+👩‍👩‍👦+} on"},
        {"<b>&amp;", "<i>&amp;", "<[-b-]{+i+}>&amp;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *parts = compared(cases[i].before, cases[i].after);
        char *text = marked(parts);
        assert_string_equal(text, cases[i].marked);
        free(text);
        json_decref(parts);
    }
}

static uint32_t random_state = 20190830;

static size_t random_below(size_t bound)
{
    random_state = random_state * 1103515245u + 12345u;
    return (random_state >> 16) % bound;
}

static char *random_text(size_t pieces_max)
{
    static const char *const pieces[] = {
        "word",
        "other",
        " ",
        " ",
        "  ",
        "\n",
        "\n\n",
        "\t",
        "a",
        "the",
        ".",
        ", ",
        "សហករណ៍",
        "កម្ពុជា",
        "สหกรณ์",
        "ไทย",
        "合",
        "作社",
        "の",
        "カ",
        "👩‍👩‍👧",
        "🇰🇭",
        "🇳🇵",
        "é",
        "e\xcc\x81",
        "\xe2\x80\x8f",
        "عربي",
        "שלום",
        "\xe2\x80\xae",
        "\xe2\x80\x8b",
        "नेपाल",
        "%s",
        "<b>",
        "&amp;",
        "\"",
        "\\",
        "\xf4\x8f\xbf\xbd",
        "\xcc\x81",
    };
    struct buf text = BUF_EMPTY;
    for (size_t i = random_below(pieces_max + 1); i > 0; i--)
        buf_text(&text, pieces[random_below(sizeof pieces / sizeof *pieces)]);
    return buf_steal(&text);
}

/* `text` with pieces of it replaced, at borders of code points. */
static char *random_edit(const char *text)
{
    struct buf edited = BUF_EMPTY;
    size_t every = 1 + random_below(40);
    for (const char *at = text; *at != '\0';) {
        size_t len = 1;
        while ((at[len] & 0xC0) == 0x80)
            len++;
        size_t what = random_below(every * 3);
        if (what == 0) {
            char *piece = random_text(3);
            buf_text(&edited, piece);
            free(piece);
        }
        if (what != 1)
            buf_append(&edited, at, len);
        at += len;
    }
    return buf_steal(&edited);
}

static void test_random(void **state)
{
    (void)state;
    enum { ROUNDS = 4000 };
    for (int i = 0; i < ROUNDS; i++) {
        char *before = random_text((size_t)i % 60);
        char *after = i % 3 == 0 ? random_text(60) : random_edit(before);
        json_decref(compared(before, after));
        free(before);
        free(after);
    }
}

static size_t changed_bytes(const json_t *parts)
{
    size_t bytes = 0;
    size_t i;
    json_t *part;
    json_array_foreach(parts, i, part)
    {
        if (flag(part, "removed") || flag(part, "added"))
            bytes += json_string_length(json_object_get(part, "text"));
    }
    return bytes;
}

static char *numbered(int from, int to, const char *format)
{
    struct buf text = BUF_EMPTY;
    for (int i = from; i < to; i++) {
        char word[64];
        snprintf(word, sizeof word, "%d", i);
        buf_text(&text, word);
        buf_text(&text, format);
    }
    return buf_steal(&text);
}

/* Long texts: a small change is found by words; a large one by lines; one that shares nothing is the whole. */
static void test_long(void **state)
{
    (void)state;
    enum { WORDS = 30000 };
    char *before = numbered(0, WORDS, " ");
    char *after = mem_copy(before, strlen(before));
    after[strlen(after) / 2] = 'x';
    json_t *parts = compared(before, after);
    assert_in_range(changed_bytes(parts), 2, 40);
    json_decref(parts);
    free(after);

    after = numbered(WORDS, 2 * WORDS, "\n");
    parts = compared(before, after);
    assert_int_equal(json_array_size(parts), 2);
    json_decref(parts);
    free(after);
    free(before);

    char *head = numbered(0, 20, " a line that stays\n");
    char *old = numbered(1000, 4000, " of words");
    char *new = numbered(5000, 8000, " of words");
    struct buf texts[2] = {BUF_EMPTY, BUF_EMPTY};
    for (int i = 0; i < 2; i++) {
        buf_text(&texts[i], head);
        buf_text(&texts[i], i == 0 ? old : new);
        buf_text(&texts[i], "\n");
        buf_text(&texts[i], head);
    }
    parts = compared(buf_string(&texts[0]), buf_string(&texts[1]));
    assert_int_equal(json_array_size(parts), 4);
    assert_int_equal(changed_bytes(parts), strlen(old) + strlen(new) + 2);
    json_decref(parts);
    for (int i = 0; i < 2; i++)
        buf_release(&texts[i]);
    free(head);
    free(old);
    free(new);
}

/* What would take longest: many tokens that are alike. */
static void test_hostile(void **state)
{
    (void)state;
    enum { LEN = 256 * 1024 };
    static const char *const units[][2] = {{"a ", "a a b "}, {"\n", "\n\n.\n"}, {".", ",."}, {"ก", "กข"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct buf texts[2] = {BUF_EMPTY, BUF_EMPTY};
        for (int t = 0; t < 2; t++) {
            while (texts[t].len + 16 < LEN)
                buf_text(&texts[t], units[i][t]);
        }
        json_decref(compared(buf_string(&texts[0]), buf_string(&texts[1])));
        for (int t = 0; t < 2; t++)
            buf_release(&texts[t]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
