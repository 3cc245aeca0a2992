#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cmark.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/text.h"
#include "warta/view/clean.h"

static char *clean(const char *html, json_t *dropped)
{
    struct buf markdown = BUF_EMPTY;
    if (!clean_markup(html, strlen(html), &markdown, dropped))
        fail_msg("cannot be read: %s", html);
    return buf_steal(&markdown);
}

static const struct {
    const char *html, *markdown;
} cases[] = {
    /* blocks */
    {"", ""},
    {" \n ", ""},
    {"plain words", "plain words"},
    {"<p>one</p><p>two</p>", "one\n\ntwo"},
    {"<div>one<div>two</div>three</div>", "one\n\ntwo\n\nthree"},
    {"<h1>a</h1><h3>b<br>c <b>d</b></h3>", "# a\n\n### b c d"},
    {"<h2> </h2><p>&nbsp;</p>x", "x"},
    {"a<br>b<br><br>c<br>", "a\\\nb\n\nc"},
    {"a<hr>b", "a\n\n***\n\nb"},
    {"<blockquote><p>a</p><p>b</p></blockquote>c", "> a\n>\n> b\n\nc"},
    {"<pre>a\n  <b>b</b>\n</pre>", "```\na\n  b\n```"},
    {"<pre>```\n</pre>", "````\n```\n````"},
    {"<pre>\n \n</pre>", ""},
    /* lists */
    {"<ul><li>a</li><li>b</li></ul>", "- a\n- b"},
    {"<ol><li>a<li>b</ol>", "1. a\n2. b"},
    {"<ol start=9><li>a<li><li>b</ol>", "9. a\n10. b"},
    {"<ol start=-1><li>a</ol>", "1. a"},
    {"<ul><li>a<ul><li>b</ul></li></ul>c", "- a\n  - b\n\nc"},
    {"<ul><li>a</li><ul><li>b</li></ul><li>c</li></ul>", "- a\n  - b\n- c"},
    {"<ul><li>a<ol start=3><li>b</ol></ul>", "- a\n\n  3. b"},
    {"<ul><li><p>a</p><p>b</p></li></ul>", "- a\n\n  b"},
    {"<ul><li>a</ul><ul><li>b</ul>", "- a\n\n+ b"},
    {"<ol><li>a</ol><ol><li>b</ol>", "1. a\n\n1) b"},
    {"<ul><li> </li></ul>x", "x"},
    {"<li>a<li>b", "- a\n- b"},
    {"<ul><li><blockquote>a</blockquote><pre>b</pre></ul>", "- > a\n\n  ```\n  b\n  ```"},
    /* what word processors make of lists */
    {"<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]><span "
     "style='mso-list:Ignore'>\xc2\xb7<span>"
     "&nbsp; </span></span><![endif]>a</p>\n<p class=MsoListParagraph style='mso-list:l0 level2 lfo1'><span "
     "style='mso-list:Ignore'>o </span>b</p><p style='mso-list:l0 level1 lfo1'><span "
     "style='mso-list:Ignore'>\xc2\xb7</span>c",
     "- a\n  - b\n- c"},
    {"<p style='mso-list:l1 level1 lfo2'><span style='mso-list:Ignore'>4.</span>a<p style='mso-list:l1 level1 "
     "lfo2'><span "
     "style='mso-list:Ignore'>5.</span>b<p style='mso-list:l2 level1 lfo2'><span style='mso-list:Ignore'>-</span>c<p>d",
     "4. a\n5. b\n\n- c\n\nd"},
    {"<p style='mso-list:l1 level7 lfo2'><span style='mso-list:Ignore'>a)</span>a", "1. a"},
    {"<p>\xe2\x80\xa2&nbsp;&nbsp;a</p><p><span>\xe2\x80\xa2\t</span>b</p><p>\xe2\x80\xa2"
     "c</p>",
     "- a\n- b\n\n\xe2\x80\xa2"
     "c"},
    {"<p>a <o:p>&nbsp;</o:p><st1:place w:st=\"on\">b</st1:place></p>", "a b"},
    {"a<!--[if gte mso 9]><xml><w:x>c</w:x></xml><![endif]-->b<xml><w:View>c</w:View></xml>", "ab"},
    {"<meta charset=windows-1252>caf\xc3\xa9", "caf\xc3\xa9"},
    /* words */
    {"<b>a</b> <strong>b</strong>", "**a b**"},
    {"<i>a</i> <em>b</em> <cite>c</cite>", "_a b c_"},
    {"<b>a <i>b</i></b>", "**a _b_**"},
    {"<i><b>a</b> b</i>", "**_a_** _b_"},
    {"<b>Note: </b>a", "**Note:** a"},
    {"<b>Note:</b>a", "**Note**:a"},
    {"a<b>b</b>c", "a**b**c"},
    {"a<i>b</i>c <i>d,</i>e", "abc _d_,e"},
    {"a<b>\xe2\x80\x9c"
     "b\xe2\x80\x9d</b>c",
     "a\xe2\x80\x9c**b**\xe2\x80\x9d"
     "c"},
    {"<b style='font-weight:normal'>a <span style='font-weight:700'>b</span></b>", "a **b**"},
    {"<span style='FONT-STYLE: italic; color:red'>a</span>", "_a_"},
    {"<code>a</code> <tt>b`</tt>", "`` a b` ``"},
    {"<code>`</code>", "`` ` ``"},
    {"<b><code>a</code></b>", "`a`"},
    {"a  \n b&nbsp;c &nbsp; d", "a b\xc2\xa0"
                                "c d"},
    {"1990&#150;2000 don&#146;t", "1990\xe2\x80\x93"
                                  "2000 don\xe2\x80\x99t"},
    {"a\xef\xbb\xbf&#1;&#xfffe;b", "ab"},
    /* links */
    {"<a href='https://a.b/c?d=1&amp;e=2'>x <b>y</b></a> z", "[x **y**](https://a.b/c?d=1&e=2) z"},
    {"<a href=' HTTP://a.b/(c) d\n&amp;lt;'>x</a>", "[x](HTTP://a.b/%28c%29%20d\\&lt;)"},
    {"<a href='mailto:a@b.c'>x</a>!<a href='http://a'>y</a>", "[x](mailto:a@b.c)\\![y](http://a)"},
    {"<a href='javascript:alert(1)'>x</a> <a href='#b'>y</a> <a href='/c'>z</a> <a name=d>w</a>", "x y z w"},
    {"<a href='java\nscript:alert(1)'>x</a><a href='https://'>y</a>", "xy"},
    {"<a href='http://a'><p>x</p><p>y</p></a>", "[x](http://a)\n\n[y](http://a)"},
    {"<a href='http://a'> <img src=b> </a>c", "c"},
    /* text that must stay text */
    {"*a* _b_ `c` [d](e) ![f] \\g", "\\*a\\* \\_b\\_ \\`c\\` \\[d\\](e) !\\[f\\] \\\\g"},
    {"snake_case &amp;amp; &amp;x a & b", "snake_case \\&amp; &x a & b"},
    {"&lt;b&gt; a &lt; b &lt;/c &lt;3", "\\<b> a < b \\</c <3"},
    {"<p>1. a</p><p>1) a</p><p>1.5 a</p>", "1\\. a\n\n1\\) a\n\n1.5 a"},
    {"<p># a</p><p>#a</p><p>&gt; a</p><p>- a</p><p>-a</p><p>+ a</p>", "\\# a\n\n#a\n\n\\> a\n\n\\- a\n\n-a\n\n\\+ a"},
    {"a<br>= b<br>===<br>---<br>~~~", "a\\\n\\= b\\\n\\===\\\n\\---\\\n\\~~~"},
    {"<h2>C#</h2>", "## C\\#"},
    {"a < b <3 <", "a < b <3 <"},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *dropped = json_array();
        char *markdown = clean(cases[i].html, dropped);
        if (strcmp(markdown, cases[i].markdown) != 0)
            fail_msg("%s\ngives\n%s\nrather than\n%s", cases[i].html, markdown, cases[i].markdown);
        free(markdown);
        json_decref(dropped);
    }
}

static const struct {
    const char *html, *markdown, *dropped; /* JSON */
} losses[] = {
    {"<p>a</p>", "a", "[]"},
    {"a<img src=b>", "a", "[\"1 image\"]"},
    {"<img><picture><img></picture><svg><text>b</text></svg>a", "a", "[\"2 images\",\"1 embedded part\"]"},
    {"<script>if (a < b) '</p>'</script>a<SCRIPT src=x></SCRIPT >b", "ab", "[\"2 scripts\"]"},
    {"<style>p{}</style>a", "a", "[\"styles and colours\"]"},
    {"<font color=red>a</font><p style='color:red'>b", "a\n\nb", "[\"styles and colours\"]"},
    {"<a href='file:///c'>a</a>", "a", "[\"1 link that does not lead to a web or mail address (its words are kept)\"]"},
    {"10<sup>2</sup>", "102", "[\"1 raised or lowered text (kept in its line)\"]"},
    {"a<input value=b><select><option>c</select><textarea>d</textarea>", "a", "[\"3 form fields\"]"},
    {"<table><tr><th>a<th>b<tr><td>c<td><p>d<p>e<ul><li>f</ul></table>", "- a | b\n- c | d e f",
     "[\"1 table (its cells are kept as text)\"]"},
    {"<table><tr><td>a<td><td>b<tr><td> <td> </table>c", "- a | b\n\nc", "[\"1 table (its cells are kept as text)\"]"},
    {"<table><tr><td><p>a</p><ul><li>b</ul></table>", "a\n\n- b", "[]"},
    {"<p hidden>a</p><p style='display:none'>b</p><span style='mso-hide:all'>c</span>d", "d", "[]"},
    {"<head><title>a</title></head><template>b</template>c<!-- d --><!-->e<?php f ?>", "ce", "[]"},
};

static void test_losses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        json_t *dropped = json_array();
        char *markdown = clean(losses[i].html, dropped);
        char *said = json_dumps(dropped, JSON_COMPACT);
        assert_string_equal(said, losses[i].dropped);
        assert_string_equal(markdown, losses[i].markdown);
        free(said);
        free(markdown);
        json_decref(dropped);
    }
}

/* --- what is not read --- */

static void assert_refused(struct buf *html, bool refused)
{
    struct buf markdown = BUF_EMPTY;
    json_t *dropped = json_array();
    buf_text(&markdown, "before");
    assert_int_equal(clean_markup(html->data, html->len, &markdown, dropped), !refused);
    assert_int_equal(markdown.len == 6, refused);
    if (refused)
        assert_int_equal(json_array_size(dropped), 0);
    json_decref(dropped);
    buf_release(&markdown);
    buf_release(html);
}

static struct buf repeated(const char *text, size_t times, const char *end)
{
    struct buf html = BUF_EMPTY;
    for (size_t i = 0; i < times; i++)
        buf_text(&html, text);
    buf_text(&html, end);
    return html;
}

/* Words would be missing, or the parser would take minutes. */
static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t times;
        bool refused;
    } sizes[] = {{"<div>", 200, false}, {"<div>", 300, true},    {"<b>", 300000, true},    {"a ", 500000, false},
                 {"a ", 600000, true},  {"<p>a", 200000, false}, {"<ul><li>", 100, false}, {"&amp;", 200000, false}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct buf html = repeated(sizes[i].text, sizes[i].times, "x");
        assert_refused(&html, sizes[i].refused);
    }
    struct buf few = repeated("", 0, "<p"), many = repeated("", 0, "<p");
    for (int i = 0; i < 100000; i++) {
        buf_format(i < 300 ? &few : &many, " a%d='b c'", i);
    }
    buf_text(&few, ">a");
    buf_text(&many, ">a");
    assert_refused(&few, false);
    assert_refused(&many, true);
}

/* What takes work for each character must not look at all others: a run of digits before many full stops, an address without an
 * end. */
static void test_long_runs(void **state)
{
    (void)state;
    struct buf number = repeated("1", 400000, ""), address = repeated("", 0, "<a href='https://x.example/?");
    for (int i = 0; i < 200000; i++)
        buf_text(&number, ". ");
    for (int i = 0; i < 900000; i++)
        buf_char(&address, 'a');
    buf_text(&address, "'>words</a>");
    assert_refused(&number, false);
    json_t *dropped = json_array();
    char *markdown = clean(buf_string(&address), dropped);
    assert_string_equal(markdown, "words");
    assert_int_equal(json_array_size(dropped), 1);
    free(markdown);
    json_decref(dropped);
    buf_release(&address);
}

/* An address or an indentation is repeated in each paragraph, but not without bounds. */
static void test_growth_is_bounded(void **state)
{
    (void)state;
    struct buf link = repeated("", 0, "<a href='https://x.example/"), code = repeated("<ol><li>", 8, "<pre>x");
    for (int i = 0; i < 1900; i++)
        buf_char(&link, 'a');
    buf_text(&link, "'>x");
    for (int i = 0; i < 50000; i++)
        buf_text(&link, "<br><br>x");
    for (int i = 0; i < 900000; i++)
        buf_char(&code, '\n');
    buf_text(&code, "x</pre>");
    assert_refused(&link, true);
    assert_refused(&code, true);
}

/* The lines of lists in lists grow with their depth, which is bounded. */
static void test_depth_is_bounded(void **state)
{
    (void)state;
    struct buf html = repeated("<ol><li>a", 100, ""), markdown = BUF_EMPTY;
    json_t *dropped = json_array();
    assert_true(clean_markup(html.data, html.len, &markdown, dropped));
    assert_true(markdown.len < 100 * 60);
    size_t words = 0;
    for (size_t i = 0; i < markdown.len; i++)
        words += markdown.data[i] == 'a';
    assert_int_equal(words, 100);
    json_decref(dropped);
    buf_release(&markdown);
    buf_release(&html);
}

/* --- whatever it is, its words stay, and no HTML does --- */

enum { ROUNDS = 20000 };

static uint32_t random_state = 7;

/* Numbers that are the same in every run (a linear congruential generator, as in ISO C's example of rand). */
static size_t random_below(size_t bound)
{
    random_state = random_state * 1103515245u + 12345u;
    return (random_state >> 16) % bound;
}

/* Source, and the characters that must be seen. */
static const char *const words[][2] = {
    {"word", "word"},
    {"*", "*"},
    {"_", "_"},
    {"`", "`"},
    {"``", "``"},
    {"[", "["},
    {"](x)", "](x)"},
    {"!", "!"},
    {"\\", "\\"},
    {"&lt;p&gt;", "<p>"},
    {"&amp;amp;", "&amp;"},
    {"&amp;#38;", "&#38;"},
    {"# ", "#"},
    {"- ", "-"},
    {"+ ", "+"},
    {"1. ", "1."},
    {"2) ", "2)"},
    {"&gt; ", ">"},
    {"---", "---"},
    {"===", "==="},
    {"~~~", "~~~"},
    {" ", ""},
    {"&nbsp;", ""},
    {"\n", ""},
    {"    ", ""},
    {"ខ្មែរ", "ខ្មែរ"},
    {"「日本」", "「日本」"},
    {"“q”", "“q”"},
    {"€", "€"},
    {"é,", "é,"},
    {"http://a.b", "http://a.b"},
    {"a@b.c", "a@b.c"},
    {"|", "|"},
    {"<br>", ""},
    {"<br>\n", ""},
    {":", ":"},
    {"&copy;", "©"},
    {"a_b", "a_b"},
    {"**", "**"},
};

static const char *const around[][2] = {
    {"<p>", "</p>"},
    {"<div>", "</div>"},
    {"<b>", "</b>"},
    {"<i>", "</i>"},
    {"<b><i>", "</i></b>"},
    {"<code>", "</code>"},
    {"<a href='https://x.y/(z)'>", "</a>"},
    {"<a href='#z'>", "</a>"},
    {"<h2>", "</h2>"},
    {"<ul><li>", "</li></ul>"},
    {"<ol><li>", "</li></ol>"},
    {"<ol start=5><li>", "</li></ol>"},
    {"<ul><li>", "</li><li>x</li></ul>"},
    {"<blockquote>", "</blockquote>"},
    {"<pre>", "</pre>"},
    {"<span style='font-weight:bold'>", "</span>"},
    {"", ""},
    {"<table><tr><td>", "</td></tr></table>"},
    {"<!-- c -->", "<img src=x>"},
    {"<hr>", ""},
    {"<u>", "</u>"},
};

static void random_html(struct buf *html, struct buf *seen, int depth)
{
    size_t parts = 1 + random_below(4);
    for (size_t i = 0; i < parts; i++) {
        if (depth == 0 || random_below(3) == 0) {
            const char *const *word = words[random_below(sizeof words / sizeof *words)];
            buf_text(html, word[0]);
            buf_text(seen, word[1]);
            continue;
        }
        const char *const *pair = around[random_below(sizeof around / sizeof *around)];
        buf_text(html, pair[0]);
        random_html(html, seen, depth - 1);
        buf_text(html, pair[1]);
        buf_text(seen, strstr(pair[1], "<li>x") != NULL ? "x" : "");
    }
}

/* What a page of this Markdown shows, without spaces. */
static void read_markdown(const char *markdown, struct buf *seen)
{
    cmark_node *document = cmark_parse_document(markdown, strlen(markdown), CMARK_OPT_DEFAULT);
    cmark_iter *iter = cmark_iter_new(document);
    while (cmark_iter_next(iter) != CMARK_EVENT_DONE) {
        cmark_node *node = cmark_iter_get_node(iter);
        cmark_node_type type = cmark_node_get_type(node);
        assert_true(type != CMARK_NODE_HTML_BLOCK && type != CMARK_NODE_HTML_INLINE && type != CMARK_NODE_IMAGE);
        if (type != CMARK_NODE_TEXT && type != CMARK_NODE_CODE && type != CMARK_NODE_CODE_BLOCK)
            continue;
        for (const char *text = cmark_node_get_literal(node); *text != '\0'; text++) {
            if (strncmp(text, "\xc2\xa0", 2) == 0)
                text++;
            else if (strchr(" \n\t", *text) == NULL)
                buf_char(seen, *text);
        }
    }
    cmark_iter_free(iter);
    cmark_node_free(document);
}

static void test_words_stay(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct buf html = BUF_EMPTY, expected = BUF_EMPTY, seen = BUF_EMPTY;
        json_t *dropped = json_array();
        random_html(&html, &expected, round * 5 / ROUNDS);
        char *markdown = clean(buf_string(&html), dropped);
        read_markdown(markdown, &seen);
        if (strcmp(buf_string(&seen), buf_string(&expected)) != 0)
            fail_msg("%s\ngives\n%s\nwhich shows\n%s\nrather than\n%s", html.data, markdown, buf_string(&seen),
                     buf_string(&expected));
        assert_true(text_valid(markdown, strlen(markdown)) && !text_has_controls(markdown));
        free(markdown);
        json_decref(dropped);
        buf_release(&html);
        buf_release(&expected);
        buf_release(&seen);
    }
}

/* --- whether it is markup --- */

static const struct {
    const char *text;
    bool is_markup;
} texts[] = {
    {"", false},
    {"plain words", false},
    {"# Heading\n\n*a* < b and <3", false},
    {"a <b> c", false},
    {"line<br>line", false},
    {"Use `<p>` and `<div>` here.", false},
    {"```\n<p>code</p>\n```", false},
    {"# A\n\n<div align=center>\n\n**b**\n\n</div>\n\n- c\n- d", false},
    {"<p>intro</p>\n\nwords\n\nmore words", false},
    {"<https://example.org> and <a@b.c>", false},
    {"<p>a</p>", true},
    {"<P CLASS=x>a</P>\n<P>b</P>", true},
    {"  <div><span>a</span></div>", true},
    {"<table><tr><td>a</td></tr></table>", true},
    {"<p class=MsoNormal>a<o:p></o:p></p>\n\nplain\n\nplain\n\nplain", true},
    {"<!--[if gte mso 9]><xml></xml><![endif]-->\n\na", true},
    {"<!DOCTYPE html>\n<html><body>\n\n<p>a</p>\n\n    <p>b</p>\n\n</body></html>", true},
    {"a <span style=\"color:red\">b</span> c", true},
    {"<h2>a</h2>\n<ul>\n<li>b</li>\n</ul>", true},
};

static void test_is_markup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (clean_is_markup(texts[i].text) != texts[i].is_markup)
            fail_msg("taken for %s: %s", texts[i].is_markup ? "Markdown" : "markup", texts[i].text);
    }
}

/* What comes out is not taken for markup again. */
static void test_clean_is_no_markup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_false(clean_is_markup(cases[i].markdown));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long_runs),
        cmocka_unit_test(test_growth_is_bounded),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_words_stay),
        cmocka_unit_test(test_is_markup),
        cmocka_unit_test(test_clean_is_no_markup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
