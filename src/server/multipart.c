#include "warta/server/multipart.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "warta/base/mem.h"

#define BLANKS " \t"
static const char media_type[] = "multipart/form-data";
static const char delimiter_start[] = "\r\n--";

/* --- parameters ---------------------------------------------------------------------------------- */

/* A parameter's value, quoted or not, into `value`; returns what stands behind it. */
static const char *read_value(const char *p, struct buf *value)
{
    if (*p != '"') {
        size_t len = strcspn(p, ";" BLANKS);
        buf_append(value, p, len);
        return p + len;
    }
    for (p++; *p != '"' && *p != '\0'; p++) {
        p += p[0] == '\\' && p[1] == '"';
        buf_char(value, *p);
    }
    return *p == '"' ? p + 1 : p;
}

/* The value of the first parameter of that name (*owned*) in a header's value; NULL if there is none. */
static char *find_parameter(const char *text, const char *name)
{
    for (const char *p = text + strcspn(text, ";"); *p == ';'; p += strcspn(p, ";")) {
        p += 1 + strspn(p + 1, BLANKS);
        size_t len = strcspn(p, "=;");
        bool found = len == strlen(name) && strncasecmp(p, name, len) == 0;
        struct buf value = BUF_EMPTY;
        p += len;
        if (*p == '=') {
            p = read_value(p + 1, &value);
        }
        if (found) {
            return buf_steal(&value);
        }
        buf_release(&value);
    }
    return NULL;
}

/* --- the steps: each takes bytes from `at` on and tells whether more may be had of what there is -------------- */

static bool fail(struct multipart *multipart)
{
    multipart->state = MULTIPART_FAILED;
    return false;
}

/* Hands on what stands before the next delimiter. An end that might begin one waits for more. */
static bool step_value(struct multipart *multipart, size_t *at)
{
    const char *start = multipart->pending.data + *at;
    size_t len = multipart->pending.len - *at;
    const char *found = memmem(start, len, multipart->delimiter, multipart->delimiter_len);
    size_t held_back = len < multipart->delimiter_len ? len : multipart->delimiter_len - 1;
    size_t ready = found != NULL ? (size_t)(found - start) : len - held_back;
    if (multipart->state == MULTIPART_VALUE && ready > 0) {
        multipart->events->bytes(multipart->context, start, ready);
    }
    *at += ready;
    if (found == NULL) {
        return false;
    }
    if (multipart->state == MULTIPART_VALUE) {
        multipart->events->end(multipart->context);
    }
    *at += multipart->delimiter_len;
    multipart->state = MULTIPART_DELIMITER;
    return true;
}

/* The CR LF behind a delimiter stays: with it, a head that is empty ends like any other. */
static bool step_delimiter(struct multipart *multipart, const size_t *at)
{
    const char *start = multipart->pending.data + *at;
    if (multipart->pending.len - *at < 2) {
        return false;
    }
    if (memcmp(start, "--", 2) == 0) {
        multipart->state = MULTIPART_DONE;
        return false;
    }
    if (memcmp(start, "\r\n", 2) != 0) {
        return fail(multipart);
    }
    multipart->state = MULTIPART_HEAD;
    return true;
}

static void begin_part(struct multipart *multipart, char *head)
{
    static const char disposition[] = "Content-Disposition:";
    char *name = NULL, *file_name = NULL, *rest = head;
    const char *line = strsep(&rest, "\r\n");
    while (line != NULL && strncasecmp(line, disposition, strlen(disposition)) != 0) {
        line = strsep(&rest, "\r\n");
    }
    if (line != NULL) {
        name = find_parameter(line, "name");
        file_name = find_parameter(line, "filename");
    }
    multipart->events->begin(multipart->context, name, file_name);
    free(name);
    free(file_name);
}

static bool step_head(struct multipart *multipart, size_t *at)
{
    static const char head_end[] = "\r\n\r\n";
    const char *start = multipart->pending.data + *at;
    size_t len = multipart->pending.len - *at;
    const char *found = memmem(start, len, head_end, strlen(head_end));
    size_t held_back = len < strlen(head_end) ? len : strlen(head_end) - 1;
    size_t head_len = found != NULL ? (size_t)(found - start) : len - held_back;
    if (head_len > MULTIPART_HEAD_MAX || memchr(start, '\0', head_len) != NULL) {
        return fail(multipart);
    }
    if (found == NULL) {
        return false;
    }
    char *head = mem_copy(start, head_len);
    begin_part(multipart, head);
    free(head);
    *at += head_len + strlen(head_end);
    multipart->state = MULTIPART_VALUE;
    return true;
}

static bool step(struct multipart *multipart, size_t *at)
{
    switch (multipart->state) {
    case MULTIPART_PREAMBLE:
    case MULTIPART_VALUE:
        return step_value(multipart, at);
    case MULTIPART_DELIMITER:
        return step_delimiter(multipart, at);
    case MULTIPART_HEAD:
        return step_head(multipart, at);
    case MULTIPART_DONE:
    case MULTIPART_FAILED:
        break;
    }
    return false;
}

/* --- the whole ----------------------------------------------------------------------------------- */

bool multipart_is(const char *content_type)
{
    return content_type != NULL && strncasecmp(content_type, media_type, strlen(media_type)) == 0 &&
           strchr(";" BLANKS, content_type[strlen(media_type)]) != NULL;
}

bool multipart_init(struct multipart *multipart, const char *content_type, const struct multipart_events *events,
                    void *context)
{
    char *boundary = find_parameter(content_type, "boundary");
    size_t len = boundary == NULL ? 0 : strlen(boundary);
    bool allowed = len > 0 && len <= MULTIPART_BOUNDARY_MAX;
    if (allowed) {
        *multipart = (struct multipart){.events = events, .context = context};
        multipart->delimiter_len = strlen(delimiter_start) + len;
        memcpy(multipart->delimiter, delimiter_start, strlen(delimiter_start));
        memcpy(multipart->delimiter + strlen(delimiter_start), boundary, len);
        /* The first delimiter need not stand behind a line's end. */
        buf_text(&multipart->pending, "\r\n");
    }
    free(boundary);
    return allowed;
}

void multipart_release(struct multipart *multipart)
{
    buf_release(&multipart->pending);
}

void multipart_read(struct multipart *multipart, const char *bytes, size_t len)
{
    size_t at = 0;
    if (multipart->state == MULTIPART_DONE || multipart->state == MULTIPART_FAILED) {
        return;
    }
    buf_append(&multipart->pending, bytes, len);
    for (bool more = true; more;) {
        more = step(multipart, &at);
    }
    size_t rest = multipart->pending.len - at;
    memmove(multipart->pending.data, multipart->pending.data + at, rest);
    buf_truncate(&multipart->pending, rest);
}

bool multipart_whole(const struct multipart *multipart)
{
    return multipart->state == MULTIPART_DONE;
}
