/* The log: one line for each event, on a file descriptor (standard error), as text or JSON.
 *
 * A line is written with a single write(2) of at most PIPE_BUF bytes (a longer message is cut and ends in "…"),
 * so lines of several threads never mix. Control characters and invalid UTF-8 in what is logged are escaped
 * byte by byte as \xNN, and in text a field's value that holds spaces or quotes is quoted: nothing a client sends can
 * forge a line, nor a field.
 *
 * Text:  2026-11-23T19:20:01.123Z error 8f3a… item_list: disk I/O error
 * JSON:  {"time":"2026-…Z","level":"error","request":"8f3a…","message":"item_list: disk I/O error"}
 *
 * Some lines have fields in the place of a message, as "route=/ status=200" or "route":"/","status":200. They are
 * built in a buffer, and written alone (log_send) or with others (log_buffer.h).
 *
 * A command waits until its log is read. A server must not: it gives its log a sink, which drops lines that would have
 * to wait, counts them, and says so in a line of its own as soon as one can be written again.
 *
 * Threads: any; a log is constant once filled in. */
#ifndef WARTA_BASE_LOG_H
#define WARTA_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/base/buf.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };
enum log_clients { LOG_CLIENTS_FULL, LOG_CLIENTS_MASKED, LOG_CLIENTS_NONE };

enum { LOG_FIELD_MAX = 3072 /* bytes of a field's value; the rest is cut */ };

struct log_sink;

struct log {
    int fd;
    enum log_level level; /* lines below it are not logged */
    enum log_format format;
    enum log_clients clients; /* how clients' addresses are shown (client_shown) */
    unsigned slow_ms;         /* a statement of the store that takes longer is named; 0: none is */
    bool journal;             /* the descriptor leads to systemd's journal: each line begins with its priority */
    struct log_sink *sink;    /* borrowed; NULL: lines are written to the descriptor, however long that takes */
};

/* A sink (*owned*) for that descriptor (*borrowed*). Pipes and terminals are opened once more through /proc, to be
 * non-blocking for us and as they are for others, so this comes before the sandbox. What cannot be opened is asked before
 * each write whether there is room. */
struct log_sink *log_sink_create(int fd);
void log_sink_destroy(struct log_sink *sink);

/* Whether a line could be written now. */
bool log_writable(const struct log *log);

/* Writes one line. `request_id` may be NULL. A failing write is ignored: there is nowhere to say so. */
void log_write(const struct log *log, enum log_level level, const char *request_id, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A line with fields: begin, fields in any number, end. `request_id` may be NULL; names are our own, in small
 * letters. In text a word stands without its name. With at most one value of more than 64 bytes a line stays within
 * PIPE_BUF. */
void log_line_begin(const struct log *log, enum log_format format, struct buf *line, enum log_level level,
                    const char *request_id);
void log_line_word(enum log_format format, struct buf *line, const char *name, const char *value);
void log_line_text(enum log_format format, struct buf *line, const char *name, const char *value);
void log_line_number(enum log_format format, struct buf *line, const char *name, uint64_t value);
void log_line_ms(enum log_format format, struct buf *line, const char *name, int64_t ns); /* as 0.012 */
void log_line_end(enum log_format format, struct buf *line);

/* Writes whole lines, at most PIPE_BUF bytes of them, whatever their level; without any, the count of those that were
 * dropped, if there is one. As log_write, it cannot fail. */
void log_send(const struct log *log, const char *lines, size_t len);

/* Whether the descriptor is what systemd says leads to its journal ($JOURNAL_STREAM, systemd.exec(5)). */
bool log_leads_to_journal(int fd);
#define LOG_JOURNAL_ERROR "<3>" /* what an error's line begins with there, sd-daemon(3) */

/* "debug", "info", "warn", "error" → level; false for any other name. */
bool log_level_parse(const char *name, enum log_level *level);

/* "text", "json" → format; false for any other name. */
bool log_format_parse(const char *name, enum log_format *format);

/* "full", "masked", "none" → clients; false for any other name. */
bool log_clients_parse(const char *name, enum log_clients *clients);

#endif
