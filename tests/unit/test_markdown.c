#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "warta/view/markdown.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct row {
    const char *text, *html;
};

static void assert_rows(const struct row *rows, size_t rows_len)
{
    for (size_t i = 0; i < rows_len; i++) {
        struct buf out = BUF_EMPTY;
        buf_text(&out, "<!>");
        markdown_html(rows[i].text, strlen(rows[i].text), &out);
        assert_string_equal(buf_string(&out) + 3, rows[i].html);
        buf_release(&out);
    }
}

static void test_blocks(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", ""},
        {"One *two* **three** `four`", "<p>One <em>two</em> <strong>three</strong> <code>four</code></p>\n"},
        {"# A\n## B", "<h2>A</h2>\n<h3>B</h3>\n"},
        {"##### E\n###### F", "<h2>E</h2>\n<h3>F</h3>\n"},
        {"# A\n### C\n## B\n### D", "<h2>A</h2>\n<h3>C</h3>\n<h3>B</h3>\n<h4>D</h4>\n"},
        {"### C\n# A", "<h2>C</h2>\n<h2>A</h2>\n"},
        {"# 1\n## 2\n### 3\n#### 4\n##### 5\n###### 6",
         "<h2>1</h2>\n<h3>2</h3>\n<h4>3</h4>\n<h5>4</h5>\n<h6>5</h6>\n<h6>6</h6>\n"},
        {"A\n===", "<h2>A</h2>\n"},
        {"> # quoted", "<blockquote>\n<h2>quoted</h2>\n</blockquote>\n"},
        {"- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"},
        {"3. a\n4. b", "<ol start=\"3\">\n<li>a</li>\n<li>b</li>\n</ol>\n"},
        {"a \"quoted\" -- word", "<p>a &quot;quoted&quot; -- word</p>\n"},
        {"សហករណ៍ & <b", "<p>សហករណ៍ &amp; &lt;b</p>\n"},
        {"    a\n\n\n    b", "<pre><code>a\n\n\nb\n</code></pre>\n"},
        {"a\r\n\r\nb\rc", "<p>a</p>\n<p>b\nc</p>\n"},
        {"```x\" onload=\"y\n<b>\n```", "<pre><code class=\"language-x&quot;\">&lt;b&gt;\n</code></pre>\n"},
    };
    assert_rows(rows, COUNT(rows));
}

static void test_links(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"[a](https://ilo.org \"t\")", "<p><a href=\"https://ilo.org\" title=\"t\">a</a></p>\n"},
        {"[a](HTTP://ilo.org)", "<p><a href=\"HTTP://ilo.org\">a</a></p>\n"},
        {"[a](mailto:coop@ilo.org)", "<p><a href=\"mailto:coop@ilo.org\">a</a></p>\n"},
        {"<coop@ilo.org>", "<p><a href=\"mailto:coop@ilo.org\">coop@ilo.org</a></p>\n"},
        {"[a](/items/b?x=1:2)", "<p><a href=\"/items/b?x=1:2\">a</a></p>\n"},
        {"[a](b/c:d)", "<p><a href=\"b/c:d\">a</a></p>\n"},
        {"[a](#x:y)", "<p><a href=\"#x:y\">a</a></p>\n"},
        {"[a](../b)", "<p><a href=\"../b\">a</a></p>\n"},
        {"[a][r]\n\n[r]: data:text/html,x", "<p><a href=\"\">a</a></p>\n"},
        {"[a](javascript:alert(1))", "<p><a href=\"\">a</a></p>\n"},
        {"[a](JaVaScRiPt:alert(1))", "<p><a href=\"\">a</a></p>\n"},
        {"[a](data:text/html;base64,PHNjcmlwdD4=)", "<p><a href=\"\">a</a></p>\n"},
        {"[a](data:image/png;base64,AAAA)", "<p><a href=\"\">a</a></p>\n"},
        {"[a](vbscript:x)", "<p><a href=\"\">a</a></p>\n"},
        {"[a](file:///etc/passwd)", "<p><a href=\"\">a</a></p>\n"},
        {"[a](tel:123)", "<p><a href=\"\">a</a></p>\n"},
        {"[a](averyveryverylongscheme:123)", "<p><a href=\"\">a</a></p>\n"},
        {"[a](httpsx:123)", "<p><a href=\"\">a</a></p>\n"},
        {"[a](:b)", "<p><a href=\"\">a</a></p>\n"},
        {"[a](< javascript:x>)", "<p><a href=\"\">a</a></p>\n"},
        {"[a](&#1;javascript:x)", "<p><a href=\"\">a</a></p>\n"},
        {"[a](java&#10;script:x)", "<p><a href=\"\">a</a></p>\n"},
        {"[a](java&Tab;script&colon;x)", "<p><a href=\"\">a</a></p>\n"},
        {"[a](&#x6A;avascript&#58;x)", "<p><a href=\"\">a</a></p>\n"},
        {"[a](java\\script:x)", "<p><a href=\"\">a</a></p>\n"},
        {"<javascript:alert(1)>", "<p><a href=\"\">javascript:alert(1)</a></p>\n"},
        {"[a](java\nscript:x)", "<p>[a](java\nscript:x)</p>\n"},
        {"[a](javascript%3Ax)", "<p><a href=\"javascript%3Ax\">a</a></p>\n"},
        {"[a](x\"onclick=\"y)", "<p><a href=\"x%22onclick=%22y\">a</a></p>\n"},
        {"[a](x 'q\" onclick=\"y')", "<p><a href=\"x\" title=\"q&quot; onclick=&quot;y\">a</a></p>\n"},
    };
    assert_rows(rows, COUNT(rows));
}

static void test_images(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"![a *b*](/files/1/x.png \"t\")", "<p><img src=\"/files/1/x.png\" alt=\"a b\" title=\"t\" /></p>\n"},
        {"![a](x.png)", "<p><img src=\"x.png\" alt=\"a\" /></p>\n"},
        {"![a *b*](https://x.org/y.png \"t\")", "<p><a href=\"https://x.org/y.png\" title=\"t\">a b</a></p>\n"},
        {"![](https://x.org/y.png)", "<p><a href=\"https://x.org/y.png\">https://x.org/y.png</a></p>\n"},
        {"![a](//x.org/y.png)", "<p><a href=\"//x.org/y.png\">a</a></p>\n"},
        {"![a](/\\x.org/y.png)", "<p><a href=\"/%5Cx.org/y.png\">a</a></p>\n"},
        {"![a](data:image/png;base64,AAAA)", "<p><a href=\"\">a</a></p>\n"},
        {"![a](javascript:x)", "<p><a href=\"\">a</a></p>\n"},
        {"![<b>](http:x)", "<p><a href=\"http:x\">http:x</a></p>\n"},
        {"[![a](http://x/y.png)](http://z)", "<p><a href=\"http://z\">a</a></p>\n"},
        {"[![a](y.png)](http://z)", "<p><a href=\"http://z\"><img src=\"y.png\" alt=\"a\" /></a></p>\n"},
        {"![a [b](http://x) ![c](http://y) `d`\ne](http://z)", "<p><a href=\"http://z\">a b c d e</a></p>\n"},
        {"![a [b](javascript:x)](z.png)", "<p><img src=\"z.png\" alt=\"a b\" /></p>\n"},
    };
    assert_rows(rows, COUNT(rows));
}

static void test_raw_html(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"<script>alert(1)</script>", "<!-- raw HTML omitted -->\n"},
        {"a <script>alert(1)</script> b", "<p>a <!-- raw HTML omitted -->alert(1)<!-- raw HTML omitted --> b</p>\n"},
        {"<img src=x onerror=alert(1)>", "<!-- raw HTML omitted -->\n"},
        {"a <b onclick=\"x\">c</b>", "<p>a <!-- raw HTML omitted -->c<!-- raw HTML omitted --></p>\n"},
        {"<!--><script>x</script>-->", "<!-- raw HTML omitted -->\n"},
        {"&lt;script&gt;", "<p>&lt;script&gt;</p>\n"},
    };
    assert_rows(rows, COUNT(rows));
}

static void test_length_counts(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    markdown_html("one*two*", 3, &out);
    assert_string_equal(buf_string(&out), "<p>one</p>\n");
    buf_release(&out);
}

/* Cost and size grow in step with the text, whatever its nesting; the limit is generous for sanitizers. */
static void test_hostile_nesting(void **state)
{
    (void)state;
    static const struct {
        const char *before, *unit, *after;
    } rows[] = {
        {"", "[", ""},
        {"", "[", "](x)"},
        {"", "[", "]"},
        {"", ">", "a"},
        {"", "> ", "a"},
        {"", "* ", "a"},
        {"", "1. ", "a"},
        {"", "![", ""},
        {"", "![l", "\n"},
        {"", "[a](", ""},
        {"", "[a](<b", ""},
        {"", "*a_ ", ""},
        {"", "a**b", "c* "},
        {"", "_a ", ""},
        {"", "`a ``", ""},
        {"", "<", ""},
        {"", "<a x='", ""},
        {"", "<!--", ""},
        {"", "<?", ""},
        {"", "&", ""},
        {"", "![a](http:x)", ""},
        {"", "a\n>", ""},
        {"", "\t", "a"},
        {"", "#", "a"},
        {"[a]: http://xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n\n", "[a]", ""},
    };
    enum { UNITS = 20000 };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf text = BUF_EMPTY, out = BUF_EMPTY;
        buf_text(&text, rows[i].before);
        for (int unit = 0; unit < UNITS; unit++)
            buf_text(&text, rows[i].unit);
        buf_text(&text, rows[i].after);
        for (int line = 0; line < UNITS; line++)
            buf_char(&text, '\n');
        clock_t start = clock();
        markdown_html(buf_string(&text), text.len, &out);
        if (clock() - start > 2 * CLOCKS_PER_SEC)
            fail_msg("\"%s\" takes too long", rows[i].unit);
        if (out.len > 20 * text.len)
            fail_msg("\"%s\" makes %zu bytes of %zu", rows[i].unit, out.len, text.len);
        buf_release(&text);
        buf_release(&out);
    }
}

/* Through Markdown and out of it again, plain words are what they were. */
static void test_from_text(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Plain words", "<p>Plain words</p>\n"},
        {"# 1. *a* _b_ `c` **d**", "<p># 1. *a* _b_ `c` **d**</p>\n"},
        {"1. First", "<p>1. First</p>\n"},
        {"- x", "<p>- x</p>\n"},
        {"+ x", "<p>+ x</p>\n"},
        {"> x", "<p>&gt; x</p>\n"},
        {"---", "<p>---</p>\n"},
        {"[a](http://b) ![c](/d) <http://e>", "<p>[a](http://b) ![c](/d) &lt;http://e&gt;</p>\n"},
        {"<b>&amp;</b> \\* \\", "<p>&lt;b&gt;&amp;amp;&lt;/b&gt; \\* \\</p>\n"},
        {"\u1780\u17d2\u1798", "<p>\u1780\u17d2\u1798</p>\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf markdown = BUF_EMPTY, html = BUF_EMPTY;
        markdown_from_text(rows[i].text, &markdown);
        assert_null(strchr(buf_string(&markdown), '\n'));
        markdown_html(buf_string(&markdown), markdown.len, &html);
        assert_string_equal(buf_string(&html), rows[i].html);
        buf_release(&markdown);
        buf_release(&html);
    }
}

static void test_nested_images(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY, out = BUF_EMPTY;
    for (int i = 0; i < 20000; i++)
        buf_text(&text, "![a");
    for (int i = 0; i < 20000; i++)
        buf_text(&text, "](http:x)");
    clock_t start = clock();
    markdown_html(buf_string(&text), text.len, &out);
    assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
    assert_null(strstr(buf_string(&out), "<img"));
    buf_release(&text);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),        cmocka_unit_test(test_links),
        cmocka_unit_test(test_images),        cmocka_unit_test(test_raw_html),
        cmocka_unit_test(test_length_counts), cmocka_unit_test(test_hostile_nesting),
        cmocka_unit_test(test_nested_images), cmocka_unit_test(test_from_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
