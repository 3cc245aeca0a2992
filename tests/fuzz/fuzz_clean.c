/* Any text as pasted markup: what comes out has no HTML in it, and is the same words again when its page is pasted. */
#include <cmark.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/mem.h"
#include "warta/base/text.h"
#include "warta/view/clean.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Spaces may come and go; a bullet at the beginning of a paragraph makes an item. */
static size_t passed_over(const char *text)
{
    static const char *const marks[] = {"\xc2\xa0",     "•",           "·", "▪", "◦", "‣", "●", "○", "■",
                                        "\xef\x82\xb7", "\xef\x82\xa7"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (strncmp(text, marks[i], strlen(marks[i])) == 0)
            return strlen(marks[i]);
    }
    return (unsigned char)*text <= ' ' ? 1 : 0;
}

static void append_words(const char *text, struct buf *out)
{
    while (*text != '\0') {
        size_t passed = passed_over(text);
        if (passed == 0)
            buf_char(out, *text);
        text += passed == 0 ? 1 : passed;
    }
}

/* All the characters that a page of this Markdown would show, without spaces. */
static void words_of(const struct buf *markdown, struct buf *out)
{
    cmark_node *document = cmark_parse_document(buf_string(markdown), markdown->len, CMARK_OPT_DEFAULT);
    cmark_iter *iter = cmark_iter_new(document);
    while (cmark_iter_next(iter) != CMARK_EVENT_DONE) {
        cmark_node *node = cmark_iter_get_node(iter);
        cmark_node_type type = cmark_node_get_type(node);
        require(type != CMARK_NODE_HTML_BLOCK && type != CMARK_NODE_HTML_INLINE && type != CMARK_NODE_IMAGE);
        if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE || type == CMARK_NODE_CODE_BLOCK)
            append_words(cmark_node_get_literal(node), out);
        if (type == CMARK_NODE_LINK && strncasecmp(cmark_node_get_url(node), "http", 4) != 0)
            require(strncasecmp(cmark_node_get_url(node), "mailto:", 7) == 0);
    }
    cmark_iter_free(iter);
    cmark_node_free(document);
}

static void paste_again(const struct buf *markdown)
{
    struct buf again = BUF_EMPTY, words = BUF_EMPTY, words_again = BUF_EMPTY;
    json_t *dropped = json_array();
    char *html = cmark_markdown_to_html(buf_string(markdown), markdown->len, CMARK_OPT_DEFAULT);
    require(clean_markup(html, strlen(html), &again, dropped));
    words_of(markdown, &words);
    words_of(&again, &words_again);
    require(strcmp(buf_string(&words), buf_string(&words_again)) == 0);
    require(json_array_size(dropped) == 0);
    json_decref(dropped);
    free(html);
    buf_release(&again);
    buf_release(&words);
    buf_release(&words_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 << 16 || !text_valid((const char *)data, size))
        return -1;
    char *text = mem_copy((const char *)data, size);
    struct buf markdown = BUF_EMPTY;
    json_t *dropped = json_array();
    clean_is_markup(text);
    if (clean_markup(text, size, &markdown, dropped)) {
        require(text_valid(buf_string(&markdown), markdown.len) && !text_has_controls(buf_string(&markdown)));
        paste_again(&markdown);
    } else {
        require(markdown.len == 0 && json_array_size(dropped) == 0);
    }
    json_decref(dropped);
    buf_release(&markdown);
    free(text);
    return 0;
}
