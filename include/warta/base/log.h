/* The log: one line for each event, on a file descriptor (standard error), as text or JSON.
 *
 * A line is written with a single write(2) of at most PIPE_BUF bytes (a longer message is cut and ends in "…"),
 * so lines of several threads never mix. Control characters and invalid UTF-8 in what is logged are escaped
 * byte by byte as \xNN: nothing a client sends can forge a line.
 *
 * Text:  2026-11-23T19:20:01.123Z error 8f3a… item_list: disk I/O error
 * JSON:  {"time":"2026-…Z","level":"error","request":"8f3a…","message":"item_list: disk I/O error"}
 *
 * Threads: log_write may be called from any thread, and level and format be set, while others write. */
#ifndef WARTA_BASE_LOG_H
#define WARTA_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

struct log {
    int fd;
    _Atomic enum log_level level; /* lines below it are dropped */
    _Atomic enum log_format format;
};

/* Writes one line. `request_id` may be NULL. A failing write is ignored: there is nowhere to say so. */
void log_write(const struct log *log, enum log_level level, const char *request_id, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* "debug", "info", "warn", "error" → level; false for any other name. */
bool log_level_parse(const char *name, enum log_level *level);

/* "text", "json" → format; false for any other name. */
bool log_format_parse(const char *name, enum log_format *format);

#endif
