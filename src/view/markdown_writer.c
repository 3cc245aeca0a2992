#include "markdown_writer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/mem.h"

void writer_init(struct writer *writer)
{
    *writer = (struct writer){.levels[0] = {.kind = LEVEL_DOCUMENT, .is_begun = true}};
}

void writer_release(struct writer *writer)
{
    buf_release(&writer->out);
    phrase_release(&writer->phrase);
    for (uint32_t i = 0; i < writer->links_len; i++)
        free(writer->links[i + 1]);
    free(writer->links);
}

uint32_t writer_link(struct writer *writer, const char *address)
{
    if (writer->links_len + 1 >= writer->links_capacity) {
        writer->links_capacity = writer->links_capacity == 0 ? 16 : writer->links_capacity * 2;
        writer->links = mem_resize(writer->links, writer->links_capacity * sizeof *writer->links);
    }
    writer->links[++writer->links_len] = mem_copy(address, strlen(address));
    return writer->links_len;
}

/* --- lines --- */

static void begin_line(struct writer *writer)
{
    if (writer->out.len > WRITER_OUT_MAX)
        return;
    for (size_t i = 1; i <= writer->depth; i++) {
        struct level *level = &writer->levels[i];
        buf_text(&writer->out, level->is_begun ? level->rest : level->first);
        level->is_begun = true;
    }
}

/* An empty line within the levels up to `depth`. */
static void empty_line(struct writer *writer, size_t depth)
{
    struct buf *out = &writer->out;
    for (size_t i = 1; i <= depth; i++)
        buf_text(out, writer->levels[i].rest);
    while (out->len > 0 && out->data[out->len - 1] == ' ')
        buf_truncate(out, out->len - 1);
    buf_char(out, '\n');
}

/* A list stays close to the words of the item it belongs to, where it can interrupt a paragraph: that is, when it
 * begins at 1 (CommonMark 0.30, 5.3). */
static bool is_close(const struct level *around, const struct level *inner)
{
    if (around->kind == LEVEL_LIST)
        return true;
    bool interrupts = inner->kind == LEVEL_LIST && (inner->mark == '-' || inner->mark == '+' || inner->number == 1);
    return around->kind == LEVEL_ITEM && around->last == BLOCK_PARAGRAPH && interrupts;
}

/* Begins the first line of a block, parted from the one before. */
static void begin_block(struct writer *writer, enum block_kind kind)
{
    size_t around = writer->depth;
    while (!writer->levels[around].is_begun)
        around--;
    struct level *level = &writer->levels[around];
    if (level->last != BLOCK_NONE && !is_close(level, &writer->levels[around < writer->depth ? around + 1 : around]))
        empty_line(writer, around);
    for (size_t i = around; i < writer->depth; i++) {
        const struct level *inner = &writer->levels[i + 1];
        writer->levels[i].last = inner->kind == LEVEL_LIST ? BLOCK_LIST : BLOCK_OTHER;
        writer->levels[i].last_mark = inner->mark;
    }
    writer->levels[writer->depth].last = kind;
    begin_line(writer);
}

/* --- blocks --- */

static void write_lines(struct writer *writer, const char *text, size_t len)
{
    for (const char *end; (end = memchr(text, '\n', len)) != NULL; begin_line(writer)) {
        size_t line_len = (size_t)(end - text) + 1;
        buf_append(&writer->out, text, line_len);
        text += line_len;
        len -= line_len;
    }
    buf_append(&writer->out, text, len);
    buf_char(&writer->out, '\n');
}

static void write_phrase(struct writer *writer, int level)
{
    struct buf text = BUF_EMPTY;
    phrase_write(&writer->phrase, writer->links, level > 0, &text);
    if (text.len > 0) {
        begin_block(writer, level > 0 ? BLOCK_OTHER : BLOCK_PARAGRAPH);
        if (level > 0)
            buf_format(&writer->out, "%.*s ", level, "######");
        write_lines(writer, text.data, text.len);
    }
    buf_release(&text);
}

void writer_paragraph(struct writer *writer)
{
    write_phrase(writer, 0);
}

void writer_heading(struct writer *writer, int level)
{
    assert(level >= 1 && level <= 6);
    write_phrase(writer, level);
}

/* Between more backticks than any run in it. */
static size_t fence_len(const char *text, size_t len)
{
    size_t longest = 2, run = 0;
    for (size_t i = 0; i < len; i++) {
        run = text[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest + 1;
}

static void write_fence(struct writer *writer, size_t len)
{
    for (size_t i = 0; i < len; i++)
        buf_char(&writer->out, '`');
}

void writer_code(struct writer *writer, const char *text, size_t len)
{
    size_t fence = fence_len(text, len);
    writer_paragraph(writer);
    begin_block(writer, BLOCK_OTHER);
    write_fence(writer, fence);
    buf_char(&writer->out, '\n');
    begin_line(writer);
    write_lines(writer, text, len);
    begin_line(writer);
    write_fence(writer, fence);
    buf_char(&writer->out, '\n');
}

/* Of asterisks, as hyphens could underline a heading, or be a list. */
void writer_rule(struct writer *writer)
{
    writer_paragraph(writer);
    begin_block(writer, BLOCK_OTHER);
    buf_text(&writer->out, "***\n");
}

/* --- levels --- */

static struct level *push(struct writer *writer, enum level_kind kind)
{
    size_t needed = kind == LEVEL_LIST ? 2 : 1; /* a list is nothing without its items */
    if (writer->skipped > 0 || writer->depth + needed > WRITER_DEPTH_MAX) {
        writer->skipped++;
        return NULL;
    }
    writer->levels[++writer->depth] = (struct level){.kind = kind};
    return &writer->levels[writer->depth];
}

void writer_open_quote(struct writer *writer)
{
    writer_paragraph(writer);
    struct level *level = push(writer, LEVEL_QUOTE);
    if (level != NULL) {
        memcpy(level->first, "> ", 3);
        memcpy(level->rest, "> ", 3);
    }
}

/* A list right behind one of the same mark would be its continuation. */
void writer_open_list(struct writer *writer, long number)
{
    writer_paragraph(writer);
    struct level *level = push(writer, LEVEL_LIST);
    if (level == NULL)
        return;
    const struct level *around = level - 1;
    char mark = number < 0 ? '-' : '.';
    char other = number < 0 ? '+' : ')';
    bool clashes = around->last == BLOCK_LIST && around->last_mark == mark;
    level->mark = clashes ? other : mark;
    level->number = number > WRITER_NUMBER_MAX ? 1 : number;
}

void writer_open_item(struct writer *writer)
{
    writer_paragraph(writer);
    const struct level *list = &writer->levels[writer->depth];
    struct level *item = push(writer, LEVEL_ITEM);
    if (item == NULL)
        return;
    assert(list->kind == LEVEL_LIST);
    int len = list->number < 0 ? snprintf(item->first, sizeof item->first, "%c ", list->mark)
                               : snprintf(item->first, sizeof item->first, "%ld%c ", list->number, list->mark);
    snprintf(item->rest, sizeof item->rest, "%*s", len, "");
}

void writer_close(struct writer *writer)
{
    writer_paragraph(writer);
    if (writer->skipped > 0) {
        writer->skipped--;
        return;
    }
    const struct level *closed = &writer->levels[writer->depth--];
    assert(closed->kind != LEVEL_DOCUMENT);
    struct level *list = &writer->levels[writer->depth];
    if (closed->kind == LEVEL_ITEM && closed->is_begun && list->number >= 0 && list->number < WRITER_NUMBER_MAX)
        list->number++;
}

bool writer_has_numbers(const struct writer *writer)
{
    const struct level *level = &writer->levels[writer->depth];
    return (level->kind == LEVEL_ITEM ? level - 1 : level)->number >= 0;
}
