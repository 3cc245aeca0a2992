#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <limits.h>
#include <pthread.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "warta/base/log.h"
#include "warta/base/log_buffer.h"

enum { TIME_LEN = sizeof "2026-11-23T19:20:01.123Z" - 1 };

struct sink {
    int read_fd;
    struct log log;
    char line[PIPE_BUF * 2];
};

static void sink_open(struct sink *sink, enum log_level level, enum log_format format)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    sink->read_fd = fds[0];
    sink->log = (struct log){.fd = fds[1], .level = level, .format = format};
}

/* Everything written so far, at most once: the pipe's writing end is closed by it. */
static const char *sink_close(struct sink *sink)
{
    size_t len = 0;
    ssize_t got;
    close(sink->log.fd);
    while ((got = read(sink->read_fd, sink->line + len, sizeof sink->line - 1 - len)) > 0)
        len += (size_t)got;
    sink->line[len] = '\0';
    close(sink->read_fd);
    return sink->line;
}

static void test_text_line(void **state)
{
    (void)state;
    struct sink sink;
    sink_open(&sink, LOG_DEBUG, LOG_TEXT);
    log_write(&sink.log, LOG_ERROR, "8f3a", "%s: %d", "item_list", 7);
    log_write(&sink.log, LOG_DEBUG, NULL, "no request");
    const char *line = sink_close(&sink);
    regex_t form;
    assert_int_equal(regcomp(&form,
                             "^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9](:[0-5][0-9]){2}\\.[0-9]{3}Z "
                             "error 8f3a item_list: 7\n[^\n]{24} debug no request\n$",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    assert_int_equal(regexec(&form, line, 0, NULL, 0), 0);
    regfree(&form);
}

static void test_json_line(void **state)
{
    (void)state;
    struct sink sink;
    sink_open(&sink, LOG_DEBUG, LOG_JSON);
    log_write(&sink.log, LOG_WARN, "id\"}\n", "a \"b\" \\ \x01\x7f \xff ខ្មែរ\xe2\x80\xa8|");
    const char *line = sink_close(&sink);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    assert_int_equal(json_object_size(object), 4);
    assert_int_equal(json_string_length(json_object_get(object, "time")), TIME_LEN);
    assert_string_equal(json_string_value(json_object_get(object, "level")), "warn");
    assert_string_equal(json_string_value(json_object_get(object, "request")), "id\"}\\x0a");
    assert_string_equal(json_string_value(json_object_get(object, "message")),
                        "a \"b\" \\ \\x01\\x7f \\xff ខ្មែរ\\xe2\\x80\\xa8|");
    json_decref(object);
    sink_open(&sink, LOG_DEBUG, LOG_JSON);
    log_write(&sink.log, LOG_INFO, NULL, "%s", "");
    object = json_loads(sink_close(&sink), 0, NULL);
    assert_int_equal(json_object_size(object), 3);
    json_decref(object);
}

static void test_nothing_forges_a_line(void **state)
{
    (void)state;
    static const struct {
        const char *message, *logged;
    } cases[] = {
        {"a\nb", "a\\x0ab"},
        {"a\r\033[2Kb", "a\\x0d\\x1b[2Kb"},
        {"tab\there", "tab\\x09here"},
        {"next\xc2\x85line", "next\\xc2\\x85line"},
        {"\xc2\xa0|", "\xc2\xa0|"},
        {"\xe2\x80\xa9|\xe2\x80\xaa|", "\\xe2\\x80\\xa9|\xe2\x80\xaa|"},
        {"overlong \xc0\x8a|", "overlong \\xc0\\x8a|"},
        {"surrogate \xed\xa0\x80|", "surrogate \\xed\\xa0\\x80|"},
        {"cut \xf0\x9f\x92", "cut \\xf0\\x9f\\x92"},
        {"whole \xf0\x9f\x92\xa1", "whole \xf0\x9f\x92\xa1"},
        {"back\\slash \"quoted\"", "back\\slash \"quoted\""},
        {"%n%s%d", "%n%s%d"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sink sink;
        sink_open(&sink, LOG_DEBUG, LOG_TEXT);
        log_write(&sink.log, LOG_INFO, NULL, "%s", cases[i].message);
        char *line = (char *)(uintptr_t)sink_close(&sink);
        line[strlen(line) - 1] = '\0';
        assert_string_equal(line + TIME_LEN + sizeof " info " - 1, cases[i].logged);
    }
}

static void test_levels(void **state)
{
    (void)state;
    for (enum log_level threshold = LOG_DEBUG; threshold <= LOG_ERROR; threshold++) {
        struct sink sink;
        size_t lines = 0;
        sink_open(&sink, threshold, LOG_TEXT);
        for (enum log_level level = LOG_DEBUG; level <= LOG_ERROR; level++)
            log_write(&sink.log, level, NULL, "line");
        for (const char *at = sink_close(&sink); (at = strchr(at, '\n')); at++)
            lines++;
        assert_int_equal(lines, LOG_ERROR - threshold + 1);
    }
}

static void assert_cut(const char *request_id, const char *message, enum log_format format)
{
    struct sink sink;
    sink_open(&sink, LOG_DEBUG, format);
    log_write(&sink.log, LOG_INFO, request_id, "%s", message);
    const char *line = sink_close(&sink);
    size_t len = strlen(line);
    assert_in_range(len, PIPE_BUF - 128, PIPE_BUF);
    assert_ptr_equal(strchr(line, '\n'), line + len - 1);
    assert_non_null(strstr(line, "…"));
    if (format == LOG_JSON) {
        json_t *object = json_loads(line, 0, NULL);
        assert_non_null(object);
        json_decref(object);
    }
}

static void test_long_lines_are_cut(void **state)
{
    (void)state;
    static const char *const fills[] = {"x", "\n", "\"", "ខ", "\xff", "\xe2\x80\xa8", "\xf0\x9f\x92\xa1"};
    for (size_t i = 0; i < sizeof fills / sizeof *fills; i++) {
        for (size_t shift = 0; shift < 32; shift++) {
            char message[20000] = "";
            memset(message, '-', shift);
            for (size_t len = shift; len + 8 < sizeof message; len += strlen(fills[i]))
                memcpy(message + len, fills[i], strlen(fills[i]) + 1);
            assert_cut(NULL, message, LOG_TEXT);
            assert_cut(NULL, message, LOG_JSON);
            assert_cut(message, message, LOG_TEXT);
            assert_cut(message, message, LOG_JSON);
        }
    }
}

/* --- fields --- */

static const char *fields_line(struct sink *sink, enum log_format format, const char *value)
{
    struct buf line = BUF_EMPTY;
    sink_open(sink, LOG_INFO, format);
    log_line_begin(&sink->log, format, &line, LOG_INFO, "8f3a");
    log_line_word(format, &line, "target", value);
    log_line_number(format, &line, "status", 200);
    log_line_text(format, &line, "agent", value);
    log_line_ms(format, &line, "ms", 12345678);
    log_line_ms(format, &line, "page_ms", -1);
    log_line_number(format, &line, "bytes", 0);
    log_line_end(format, &line);
    log_send(&sink->log, line.data, line.len);
    buf_release(&line);
    return sink_close(sink);
}

static void test_fields_as_text(void **state)
{
    (void)state;
    static const struct {
        const char *value, *logged;
    } cases[] = {
        {"/a?b=c", "/a?b=c"},      {"", "\"\""},
        {"a b", "\"a b\""},        {"a\" status=500 \\", "\"a\\\" status=500 \\\\\""},
        {"a\nb", "a\\x0ab"},       {"a b\n", "\"a b\\\\x0a\""},
        {"ខ្មែរ\xff", "ខ្មែរ\\xff"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sink sink;
        char expected[256];
        snprintf(expected, sizeof expected, " info 8f3a %s status=200 agent=%s ms=12.345 page_ms=0.000 bytes=0\n",
                 cases[i].logged, cases[i].logged);
        assert_string_equal(fields_line(&sink, LOG_TEXT, cases[i].value) + TIME_LEN, expected);
    }
}

static void test_fields_as_json(void **state)
{
    (void)state;
    static const struct {
        const char *value, *logged;
    } cases[] = {
        {"/a?b=c", "/a?b=c"},
        {"", ""},
        {"a\",\"status\":500,\"b\":\"\\", "a\",\"status\":500,\"b\":\"\\"},
        {"a\nb\xff", "a\\x0ab\\xff"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sink sink;
        json_t *object = json_loads(fields_line(&sink, LOG_JSON, cases[i].value), JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(object);
        assert_int_equal(json_object_size(object), 9);
        assert_string_equal(json_string_value(json_object_get(object, "target")), cases[i].logged);
        assert_string_equal(json_string_value(json_object_get(object, "agent")), cases[i].logged);
        assert_int_equal(json_integer_value(json_object_get(object, "status")), 200);
        assert_true(json_real_value(json_object_get(object, "ms")) == 12.345);
        json_decref(object);
    }
}

static void test_long_fields_are_cut(void **state)
{
    (void)state;
    static const char *const fills[] = {"x", "\n", "\"", "ខ", " "};
    for (size_t i = 0; i < sizeof fills / sizeof *fills; i++) {
        for (enum log_format format = LOG_TEXT; format <= LOG_JSON; format++) {
            struct sink sink;
            char value[5000] = "";
            for (size_t len = 0; len + 8 < sizeof value; len += strlen(fills[i]))
                memcpy(value + len, fills[i], strlen(fills[i]) + 1);
            const char *line = fields_line(&sink, format, value);
            assert_in_range(strlen(line), LOG_FIELD_MAX, PIPE_BUF);
            assert_non_null(strstr(line, "…"));
            assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
            json_t *object = json_loads(line, 0, NULL);
            assert_int_equal(object != NULL, format == LOG_JSON);
            json_decref(object);
        }
    }
}

/* --- lines that wait for each other --- */

static size_t waiting(int fd)
{
    int bytes = 0;
    assert_int_equal(ioctl(fd, FIONREAD, &bytes), 0);
    return (size_t)bytes;
}

/* The first comes at once, others when there are enough of them, the rest when asked for; always whole. */
static void test_lines_are_gathered(void **state)
{
    (void)state;
    static const char line[] = "0123456789 0123456789 0123456789\n";
    struct sink sink;
    struct log_buffer buffer;
    size_t lines = 0;
    sink_open(&sink, LOG_INFO, LOG_TEXT);
    log_buffer_init(&buffer, &sink.log);
    log_buffer_add(&buffer, line, sizeof line - 1);
    assert_int_equal(waiting(sink.read_fd), sizeof line - 1);
    for (size_t i = 1; i < 150; i++) {
        log_buffer_add(&buffer, line, sizeof line - 1);
        assert_int_equal(waiting(sink.read_fd) % (sizeof line - 1), 0);
    }
    log_buffer_flush(&buffer);
    assert_int_equal(waiting(sink.read_fd), 150 * (sizeof line - 1));
    log_buffer_add(&buffer, line, sizeof line - 1);
    log_buffer_release(&buffer);
    for (const char *at = sink_close(&sink); *at != '\0'; at += sizeof line - 1, lines++)
        assert_memory_equal(at, line, sizeof line - 1);
    assert_int_equal(lines, 151);
}

enum { THREADS = 4, LINES_PER_THREAD = 10 };

static void *write_lines(void *sink)
{
    for (int i = 0; i < LINES_PER_THREAD; i++)
        log_write(&((struct sink *)sink)->log, LOG_INFO, NULL, "%s", "abcdefghijklmnopqrstuvwxyz0123456789");
    return NULL;
}

static void test_threads_do_not_mix(void **state)
{
    (void)state;
    struct sink sink;
    pthread_t threads[THREADS];
    size_t lines = 0;
    sink_open(&sink, LOG_INFO, LOG_TEXT);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, &sink), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (const char *line = sink_close(&sink); *line; line = strchr(line, '\n') + 1, lines++)
        assert_memory_equal(line + TIME_LEN, " info abcdefghijklmnopqrstuvwxyz0123456789\n", 43);
    assert_int_equal(lines, THREADS * LINES_PER_THREAD);
}

static void test_a_failing_write_is_ignored(void **state)
{
    (void)state;
    struct log closed = {.fd = -1, .level = LOG_DEBUG, .format = LOG_TEXT};
    log_write(&closed, LOG_ERROR, NULL, "nobody reads this");
}

/* --- a log that is not read --- */

/* With lines that fill each page of the pipe, so that no shorter one finds room; one is dropped. */
static size_t fill(const struct sink *sink)
{
    char line[128];
    size_t lines = 0;
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    do
        log_send(&sink->log, line, sizeof line);
    while (waiting(sink->read_fd) == ++lines * sizeof line);
    return lines - 1;
}

/* Whether the sink can open a description of its own or must ask before it writes. */
static void test_lines_that_would_wait_are_counted(void **state)
{
    (void)state;
    for (int mode = 0; mode < 4; mode++) {
        struct sink sink;
        char lines[1 << 17], expected[128];
        struct rlimit files;
        sink_open(&sink, LOG_ERROR, mode % 2 == 0 ? LOG_TEXT : LOG_JSON);
        sink.log.level = LOG_INFO;
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
        setrlimit(RLIMIT_NOFILE,
                  &(struct rlimit){.rlim_cur = mode < 2 ? files.rlim_cur : 0, .rlim_max = files.rlim_max});
        sink.log.sink = log_sink_create(sink.log.fd);
        setrlimit(RLIMIT_NOFILE, &files);
        size_t written = fill(&sink);
        assert_false(log_writable(&sink.log));
        log_write(&sink.log, LOG_DEBUG, NULL, "not logged, so not dropped");
        log_write(&sink.log, LOG_ERROR, NULL, "dropped");
        log_send(&sink.log, NULL, 0);
        ssize_t len = read(sink.read_fd, lines, sizeof lines);
        assert_true(len > 0 && lines[len - 1] == '\n');
        for (ssize_t i = 0; i < len; i++)
            written -= lines[i] == '\n';
        assert_int_equal(written, 0);
        log_send(&sink.log, NULL, 0);
        log_send(&sink.log, NULL, 0);
        log_write(&sink.log, LOG_INFO, NULL, "read");
        snprintf(expected, sizeof expected, "%s2 lines of the log were dropped: standard error was not read%s\n",
                 mode % 2 == 0 ? " warn " : "\"level\":\"warn\",\"message\":\"", mode % 2 == 0 ? "" : "\"}");
        log_sink_destroy(sink.log.sink);
        const char *said = sink_close(&sink);
        assert_non_null(strstr(said, expected));
        assert_int_equal(strchr(said, '\n') - said, strstr(said, expected) - said + (ptrdiff_t)strlen(expected) - 1);
        assert_non_null(strstr(strchr(said, '\n'), "read"));
    }
}

/* As on a disk that is full: here the file may not grow. */
static void test_a_cut_line_is_ended(void **state)
{
    (void)state;
    struct rlimit before;
    char text[512] = "";
    FILE *file = tmpfile();
    assert_non_null(file);
    struct log log = {.fd = fileno(file), .level = LOG_INFO, .sink = log_sink_create(fileno(file))};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 10, .rlim_max = before.rlim_max});
    log_send(&log, "whole\ncut in two\n", sizeof "whole\ncut in two\n" - 1);
    log_send(&log, "none\n", sizeof "none\n" - 1);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    log_send(&log, "more\n", sizeof "more\n" - 1);
    assert_true(pread(log.fd, text, sizeof text - 1, 0) > 0);
    assert_memory_equal(text, "whole\ncut \n", strlen("whole\ncut \n"));
    assert_non_null(strstr(text, " warn 2 lines of the log were dropped: standard error could not be written: File too "
                                 "large\nmore\n"));
    log_sink_destroy(log.sink);
    fclose(file);
}

/* systemd names what its services' output leads to by device and inode. */
static void test_journal(void **state)
{
    (void)state;
    static const char *const starts[] = {"<7>", "<6>", "<4>", "<3>"};
    struct stat status;
    char stream[64];
    struct sink sink;
    sink_open(&sink, LOG_DEBUG, LOG_JSON);
    assert_int_equal(fstat(sink.log.fd, &status), 0);
    snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    assert_false(log_leads_to_journal(sink.log.fd));
    setenv("JOURNAL_STREAM", stream, 1);
    assert_true(log_leads_to_journal(sink.log.fd));
    assert_false(log_leads_to_journal(-1));
    setenv("JOURNAL_STREAM", "1:1", 1);
    assert_false(log_leads_to_journal(sink.log.fd));
    unsetenv("JOURNAL_STREAM");
    sink.log.journal = true;
    for (enum log_level level = LOG_DEBUG; level <= LOG_ERROR; level++)
        log_write(&sink.log, level, NULL, "said");
    const char *line = sink_close(&sink);
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        assert_memory_equal(line, starts[i], strlen(starts[i]));
        assert_int_equal(line[strlen(starts[i])], '{');
        line = strchr(line, '\n') + 1;
    }
    assert_string_equal(line, "");
}

static void test_names(void **state)
{
    (void)state;
    static const char *const unknown[] = {"", "Debug", "debug ", "errors", "json", "0"};
    enum log_level level = LOG_DEBUG;
    enum log_format format = LOG_TEXT;
    assert_true(log_level_parse("error", &level) && level == LOG_ERROR);
    assert_true(log_level_parse("warn", &level) && level == LOG_WARN);
    assert_true(log_level_parse("info", &level) && level == LOG_INFO);
    assert_true(log_level_parse("debug", &level) && level == LOG_DEBUG);
    enum log_clients clients = LOG_CLIENTS_FULL;
    assert_true(log_clients_parse("none", &clients) && clients == LOG_CLIENTS_NONE);
    assert_true(log_clients_parse("masked", &clients) && clients == LOG_CLIENTS_MASKED);
    assert_true(log_clients_parse("full", &clients) && clients == LOG_CLIENTS_FULL);
    assert_false(log_clients_parse("some", &clients));
    assert_true(log_format_parse("json", &format) && format == LOG_JSON);
    assert_true(log_format_parse("text", &format) && format == LOG_TEXT);
    assert_false(log_format_parse("xml", &format));
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_false(log_level_parse(unknown[i], &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_line),
        cmocka_unit_test(test_journal),
        cmocka_unit_test(test_json_line),
        cmocka_unit_test(test_nothing_forges_a_line),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_long_lines_are_cut),
        cmocka_unit_test(test_fields_as_text),
        cmocka_unit_test(test_fields_as_json),
        cmocka_unit_test(test_long_fields_are_cut),
        cmocka_unit_test(test_lines_are_gathered),
        cmocka_unit_test(test_threads_do_not_mix),
        cmocka_unit_test(test_a_failing_write_is_ignored),
        cmocka_unit_test(test_lines_that_would_wait_are_counted),
        cmocka_unit_test(test_a_cut_line_is_ended),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
