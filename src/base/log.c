#include "warta/base/log.h"

#include <assert.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "warta/base/buf.h"
#include "warta/base/mem.h"
#include "warta/base/text.h"

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARN] = "warn",
    [LOG_ERROR] = "error",
};

static const char *const format_names[] = {
    [LOG_TEXT] = "text",
    [LOG_JSON] = "json",
};

/* Room kept behind a cut field: the longest escape, the ellipses, and what ends the line. */
enum { LINE_RESERVE = 64 };

static int name_index(const char *const *names, size_t names_len, const char *name)
{
    for (size_t i = 0; i < names_len; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

bool log_level_parse(const char *name, enum log_level *level)
{
    int index = name_index(level_names, sizeof level_names / sizeof *level_names, name);
    if (index >= 0)
        *level = (enum log_level)index;
    return index >= 0;
}

bool log_format_parse(const char *name, enum log_format *format)
{
    int index = name_index(format_names, sizeof format_names / sizeof *format_names, name);
    if (index >= 0)
        *format = (enum log_format)index;
    return index >= 0;
}

static void put_time(struct buf *line)
{
    struct timespec now;
    struct tm utc;
    char seconds[sizeof "2026-11-23T19:20:01"];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    buf_format(line, "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
}

/* Length of the well-formed character at `text`, which is not empty; 0 if there is none. */
static size_t character_len(const char *text, size_t text_len)
{
    for (size_t len = 1; len <= 4 && len <= text_len; len++)
        if (text_valid(text, len))
            return len;
    return 0;
}

/* Besides the controls, U+2028 and U+2029: Unicode calls them line and paragraph separator. */
static bool is_printable(const char *character, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)character;
    if (len == 1)
        return bytes[0] >= 0x20 && bytes[0] != 0x7f;
    if (len == 2)
        return bytes[0] != 0xc2 || bytes[1] >= 0xa0;
    return memcmp(bytes, "\xe2\x80\xa8", 3) != 0 && memcmp(bytes, "\xe2\x80\xa9", 3) != 0;
}

/* One byte as \xNN; JSON has no escape for a byte, so there the backslash is itself escaped. */
static void put_byte(struct buf *line, enum log_format format, char byte)
{
    buf_format(line, "%s\\x%02x", format == LOG_JSON ? "\\" : "", (unsigned char)byte);
}

static size_t put_character(struct buf *line, enum log_format format, const char *text, size_t text_len)
{
    size_t len = character_len(text, text_len);
    if (!len) {
        put_byte(line, format, text[0]);
        return 1;
    }
    if (!is_printable(text, len)) {
        for (size_t i = 0; i < len; i++)
            put_byte(line, format, text[i]);
        return len;
    }
    if (format == LOG_JSON && (text[0] == '"' || text[0] == '\\'))
        buf_char(line, '\\');
    buf_append(line, text, len);
    return len;
}

static void put_escaped(struct buf *line, enum log_format format, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        if (line->len + LINE_RESERVE > PIPE_BUF) {
            buf_text(line, "…");
            return;
        }
        i += put_character(line, format, text + i, len - i);
    }
}

static void put_text_line(struct buf *line, enum log_level level, const char *request_id, const char *message)
{
    put_time(line);
    buf_format(line, " %s ", level_names[level]);
    if (request_id) {
        put_escaped(line, LOG_TEXT, request_id);
        buf_char(line, ' ');
    }
    put_escaped(line, LOG_TEXT, message);
    buf_char(line, '\n');
}

static void put_json_line(struct buf *line, enum log_level level, const char *request_id, const char *message)
{
    buf_text(line, "{\"time\":\"");
    put_time(line);
    buf_format(line, "\",\"level\":\"%s\",", level_names[level]);
    if (request_id) {
        buf_text(line, "\"request\":\"");
        put_escaped(line, LOG_JSON, request_id);
        buf_text(line, "\",");
    }
    buf_text(line, "\"message\":\"");
    put_escaped(line, LOG_JSON, message);
    buf_text(line, "\"}\n");
}

static __attribute__((format(printf, 1, 0))) char *format_message(const char *format, va_list arguments)
{
    va_list measured;
    va_copy(measured, arguments);
    int len = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    assert(len >= 0);
    char *message = mem_alloc((size_t)len + 1);
    vsnprintf(message, (size_t)len + 1, format, arguments);
    return message;
}

void log_write(const struct log *log, enum log_level level, const char *request_id, const char *format, ...)
{
    if (level < log->level)
        return;
    va_list arguments;
    va_start(arguments, format);
    char *message = format_message(format, arguments);
    va_end(arguments);
    struct buf line = BUF_EMPTY;
    if (log->format == LOG_JSON)
        put_json_line(&line, level, request_id, message);
    else
        put_text_line(&line, level, request_id, message);
    ssize_t ignored = write(log->fd, line.data, line.len);
    (void)ignored;
    buf_release(&line);
    free(message);
}
