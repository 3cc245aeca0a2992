#include "warta/base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

/* sd-daemon(3) */
static const char *const priorities[] = {
    [LOG_DEBUG] = "<7>",
    [LOG_INFO] = "<6>",
    [LOG_WARN] = "<4>",
    [LOG_ERROR] = LOG_JOURNAL_ERROR,
};

static const char *const format_names[] = {
    [LOG_TEXT] = "text",
    [LOG_JSON] = "json",
};

static const char *const clients_names[] = {
    [LOG_CLIENTS_FULL] = "full",
    [LOG_CLIENTS_MASKED] = "masked",
    [LOG_CLIENTS_NONE] = "none",
};

/* Where a line is cut: behind it there is room for the longest escape, the ellipses, and what ends the line. */
enum { LINE_END = PIPE_BUF - 64 };

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

bool log_clients_parse(const char *name, enum log_clients *clients)
{
    int index = name_index(clients_names, sizeof clients_names / sizeof *clients_names, name);
    if (index >= 0)
        *clients = (enum log_clients)index;
    return index >= 0;
}

/* At least `width` digits. */
static void put_digits(struct buf *line, uint64_t value, unsigned width)
{
    char digits[20];
    size_t at = sizeof digits;
    for (; value > 0 || at > sizeof digits - width; value /= 10)
        digits[--at] = (char)('0' + value % 10);
    buf_append(line, digits + at, sizeof digits - at);
}

/* Writes `value` over the digits that stand before `end`. */
static void set_digits(char *end, int value, int digits)
{
    for (; digits > 0; digits--, value /= 10)
        *--end = (char)('0' + value % 10);
}

static void put_time(struct buf *line)
{
    struct timespec now;
    struct tm utc;
    char time[] = "0000-00-00T00:00:00.000Z";
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    set_digits(time + 4, utc.tm_year + 1900, 4);
    set_digits(time + 7, utc.tm_mon + 1, 2);
    set_digits(time + 10, utc.tm_mday, 2);
    set_digits(time + 13, utc.tm_hour, 2);
    set_digits(time + 16, utc.tm_min, 2);
    set_digits(time + 19, utc.tm_sec, 2);
    set_digits(time + 23, (int)(now.tv_nsec / 1000000), 3);
    buf_append(line, time, sizeof time - 1);
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

/* How many characters at the beginning of `text` go into a line as they are. */
static size_t plain_len(const char *text, enum log_format format)
{
    size_t len = 0;
    while (text[len] >= 0x20 && text[len] < 0x7f && (format == LOG_TEXT || (text[len] != '"' && text[len] != '\\')))
        len++;
    return len;
}

/* Cuts what would make the line longer than `end`. */
static void put_escaped(struct buf *line, enum log_format format, const char *text, size_t end)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        if (line->len >= end) {
            buf_text(line, "…");
            return;
        }
        size_t plain = plain_len(text + i, format);
        size_t room = end - line->len;
        if (plain > 0)
            buf_append(line, text + i, plain < room ? plain : room);
        i += plain > 0 ? (plain < room ? plain : room) : put_character(line, format, text + i, len - i);
    }
}

bool log_leads_to_journal(int fd)
{
    char stream[64];
    struct stat status;
    const char *told = getenv("JOURNAL_STREAM");
    if (told == NULL || fstat(fd, &status) != 0)
        return false;
    snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    return strcmp(stream, told) == 0;
}

void log_line_begin(const struct log *log, enum log_format format, struct buf *line, enum log_level level,
                    const char *request_id)
{
    buf_text(line, log->journal ? priorities[level] : "");
    buf_text(line, format == LOG_JSON ? "{\"time\":\"" : "");
    put_time(line);
    buf_text(line, format == LOG_JSON ? "\",\"level\":\"" : " ");
    buf_text(line, level_names[level]);
    buf_text(line, format == LOG_JSON ? "\"" : "");
    if (request_id == NULL)
        return;
    buf_text(line, format == LOG_JSON ? ",\"request\":\"" : " ");
    put_escaped(line, format, request_id, LINE_END);
    buf_text(line, format == LOG_JSON ? "\"" : "");
}

void log_line_end(enum log_format format, struct buf *line)
{
    buf_text(line, format == LOG_JSON ? "}\n" : "\n");
}

static void put_name(enum log_format format, struct buf *line, const char *name)
{
    bool is_json = format == LOG_JSON;
    buf_text(line, is_json ? ",\"" : " ");
    buf_text(line, name);
    buf_text(line, is_json ? "\":" : "=");
}

/* In text, a value that a space would break in two stands in quotes, and its own quotes behind a backslash, as in JSON. */
static void put_value(enum log_format format, struct buf *line, const char *value)
{
    bool quoted = format == LOG_JSON || *value == '\0' || strpbrk(value, " \"") != NULL;
    size_t end = line->len + LOG_FIELD_MAX < LINE_END ? line->len + LOG_FIELD_MAX : LINE_END;
    buf_text(line, quoted ? "\"" : "");
    put_escaped(line, quoted ? LOG_JSON : LOG_TEXT, value, end);
    buf_text(line, quoted ? "\"" : "");
}

void log_line_word(enum log_format format, struct buf *line, const char *name, const char *value)
{
    if (format == LOG_JSON)
        put_name(format, line, name);
    else
        buf_char(line, ' ');
    put_value(format, line, value);
}

void log_line_text(enum log_format format, struct buf *line, const char *name, const char *value)
{
    put_name(format, line, name);
    put_value(format, line, value);
}

void log_line_number(enum log_format format, struct buf *line, const char *name, uint64_t value)
{
    put_name(format, line, name);
    put_digits(line, value, 1);
}

void log_line_ms(enum log_format format, struct buf *line, const char *name, int64_t ns)
{
    uint64_t us = ns > 0 ? (uint64_t)ns / 1000 : 0;
    put_name(format, line, name);
    put_digits(line, us / 1000, 1);
    buf_char(line, '.');
    put_digits(line, us % 1000, 3);
}

static void put_message(enum log_format format, struct buf *line, const char *message)
{
    bool is_json = format == LOG_JSON;
    buf_text(line, is_json ? ",\"message\":\"" : " ");
    put_escaped(line, format, message, LINE_END);
    buf_text(line, is_json ? "\"" : "");
}

/* A descriptor that somebody made non-blocking is waited for. */
static void write_all(int fd, const char *lines, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, lines, len);
        if (written < 0 && errno == EAGAIN)
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        else if (written < 0 && errno != EINTR)
            return;
        lines += written > 0 ? written : 0;
        len -= written > 0 ? (size_t)written : 0;
    }
}

/* --- without waiting --- */

static bool has_room(int fd)
{
    return poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 0) != 0;
}

struct log_sink {
    pthread_mutex_t mutex; /* guards all that follows */
    int fd;
    bool is_ours; /* a description of our own, which is non-blocking and to be closed */
    bool is_socket;
    bool is_torn;   /* a line was written in part */
    size_t dropped; /* lines, since the last that was written */
    int cause;      /* errno of the last that was not */
};

bool log_writable(const struct log *log)
{
    return has_room(log->fd);
}

struct log_sink *log_sink_create(int fd)
{
    char path[32];
    struct stat status;
    struct log_sink *sink = mem_alloc(sizeof *sink);
    pthread_mutex_init(&sink->mutex, NULL);
    sink->fd = -1;
    bool is_open = fstat(fd, &status) == 0;
    sink->is_socket = is_open && S_ISSOCK(status.st_mode);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (is_open && (S_ISFIFO(status.st_mode) || isatty(fd) == 1))
        sink->fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    sink->is_ours = sink->fd >= 0;
    sink->fd = sink->is_ours ? sink->fd : fd;
    return sink;
}

void log_sink_destroy(struct log_sink *sink)
{
    if (sink == NULL)
        return;
    if (sink->is_ours)
        close(sink->fd);
    pthread_mutex_destroy(&sink->mutex);
    free(sink);
}

/* A pipe with room takes PIPE_BUF bytes at once (pipe(7)), and nobody else of this process writes in between. */
static ssize_t try_write(const struct log_sink *sink, const char *bytes, size_t len)
{
    if (sink->is_socket)
        return send(sink->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sink->is_ours || has_room(sink->fd))
        return write(sink->fd, bytes, len);
    errno = EAGAIN;
    return -1;
}

/* How many of the bytes were written. A line that was cut before is ended first. */
static size_t put_lines(struct log_sink *sink, const char *lines, size_t len)
{
    if (sink->is_torn)
        sink->is_torn = try_write(sink, "\n", 1) != 1;
    ssize_t written = sink->is_torn ? -1 : try_write(sink, lines, len);
    size_t put = written > 0 ? (size_t)written : 0;
    if (put < len)
        sink->cause = written < 0 ? errno : EAGAIN;
    sink->is_torn = sink->is_torn || (put > 0 && lines[put - 1] != '\n');
    return put;
}

/* With the sink's mutex. */
static void tell_dropped(const struct log *log)
{
    struct buf line = BUF_EMPTY, message = BUF_EMPTY;
    struct log_sink *sink = log->sink;
    buf_format(&message,
               sink->dropped == 1 ? "%zu line of the log was dropped: " : "%zu lines of the log were dropped: ",
               sink->dropped);
    if (sink->cause == EAGAIN)
        buf_text(&message, "standard error was not read");
    else
        buf_format(&message, "standard error could not be written: %s", strerror(sink->cause));
    log_line_begin(log, log->format, &line, LOG_WARN, NULL);
    put_message(log->format, &line, buf_string(&message));
    log_line_end(log->format, &line);
    if (put_lines(sink, line.data, line.len) == line.len)
        sink->dropped = 0;
    buf_release(&line);
    buf_release(&message);
}

void log_send(const struct log *log, const char *lines, size_t len)
{
    struct log_sink *sink = log->sink;
    if (sink == NULL) {
        write_all(log->fd, lines, len);
        return;
    }
    pthread_mutex_lock(&sink->mutex);
    if (sink->dropped > 0)
        tell_dropped(log);
    size_t at = sink->dropped > 0 || len == 0 ? 0 : put_lines(sink, lines, len);
    for (; at < len; at++)
        sink->dropped += lines[at] == '\n';
    pthread_mutex_unlock(&sink->mutex);
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
    log_line_begin(log, log->format, &line, level, request_id);
    put_message(log->format, &line, message);
    log_line_end(log->format, &line);
    log_send(log, line.data, line.len);
    buf_release(&line);
    free(message);
}
