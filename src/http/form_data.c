#include "warta/http/form_data.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "warta/base/buf.h"
#include "warta/base/text.h"
#include "warta/http/form.h"

#define BLANKS " \t"
static const char multipart_type[] = "multipart/form-data";
static const char urlencoded_type[] = "application/x-www-form-urlencoded";
static const char delimiter_start[] = "\r\n--";

static bool has_type(const char *content_type, const char *type)
{
    size_t len = strlen(type);
    return content_type != NULL && strncasecmp(content_type, type, len) == 0 &&
           strchr(";" BLANKS, content_type[len]) != NULL;
}

bool form_data_is_multipart(const char *content_type)
{
    return has_type(content_type, multipart_type);
}

static int refuse(struct form_data *form, int status, const char *problem)
{
    form->problem = problem;
    return status;
}

static int refuse_text(struct form_data *form)
{
    return refuse(form, 400,
                  "The form contains characters that are not text. Go back and remove what was pasted last.");
}

/* --- urlencoded --- */

static int read_urlencoded(struct form_data *form, const char *body, size_t len, bool cut)
{
    size_t pairs = 1;
    for (const char *at = body; (at = memchr(at, '&', len - (size_t)(at - body))) != NULL; at++)
        if (++pairs > FORM_FIELDS_MAX)
            return 413;
    if (cut) /* the last pair may be half a pair */
        while (len > 0 && body[len - 1] != '&')
            len--;
    if (memchr(body, '\0', len) != NULL)
        return refuse_text(form);
    const char *text = arena_copy(form->arena, body, len);
    return form_decode(form->arena, text, form->fields) ? 200 : refuse_text(form);
}

/* --- multipart --- */

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
        if (*p == '=')
            p = read_value(p + 1, &value);
        if (found)
            return buf_steal(&value);
        buf_release(&value);
    }
    return NULL;
}

/* Name and file name of a part (*owned*), NULL where there is none, by the lines of its head. */
static void read_head(const char *head, size_t len, char **name, char **file_name)
{
    static const char disposition[] = "Content-Disposition:";
    char *lines = mem_copy(head, len), *rest = lines;
    const char *line = strsep(&rest, "\r\n");
    while (line != NULL && strncasecmp(line, disposition, strlen(disposition)) != 0)
        line = strsep(&rest, "\r\n");
    *name = line == NULL ? NULL : find_parameter(line, "name");
    *file_name = line == NULL ? NULL : find_parameter(line, "filename");
    free(lines);
}

static int add_field(struct form_data *form, const char *name, const char *value, size_t len)
{
    form->text_len += strlen(name) + len;
    if (++form->fields_len > FORM_FIELDS_MAX || strlen(name) > FORM_DATA_NAME_MAX)
        return 413;
    if (form->text_len > FORM_DATA_TEXT_MAX)
        return 413;
    if (memchr(value, '\0', len) != NULL || !text_valid(value, len) || !text_valid(name, strlen(name)))
        return refuse_text(form);
    form_add(form->fields, name, arena_copy(form->arena, value, len));
    return 200;
}

static int add_upload(struct form_data *form, const char *name, const char *file_name, const char *bytes, size_t len)
{
    if (len == 0 && *file_name == '\0')
        return 200;
    if (form->uploads_len == FORM_DATA_UPLOADS_MAX || strlen(name) > FORM_DATA_NAME_MAX)
        return 413;
    form->uploads[form->uploads_len++] = (struct upload){.field = arena_copy(form->arena, name, strlen(name)),
                                                         .name = arena_copy(form->arena, file_name, strlen(file_name)),
                                                         .bytes = bytes,
                                                         .len = len};
    return 200;
}

static int add_part(struct form_data *form, const char *head, size_t head_len, const char *value, size_t len)
{
    char *name, *file_name;
    int status = 200;
    read_head(head, head_len, &name, &file_name);
    if (++form->parts_len > FORM_FIELDS_MAX)
        status = 413;
    else if (name != NULL && file_name != NULL)
        status = add_upload(form, name, file_name, value, len);
    else if (name != NULL)
        status = add_field(form, name, value, len);
    free(name);
    free(file_name);
    return status;
}

/* A file may be cut off, but not what was typed. `value` is NULL where there is not even a whole head. */
static int cut_status(const char *head, const char *value)
{
    char *name = NULL, *file_name = NULL;
    if (value != NULL)
        read_head(head, (size_t)(value - head), &name, &file_name);
    int status = name != NULL && file_name == NULL ? 413 : 200;
    free(name);
    free(file_name);
    return status;
}

/* What stands between two delimiters begins with CR LF and a head; behind the last one stands "--". What there is of a body
 * that was cut are the whole parts. */
static int read_parts(struct form_data *form, const char *at, const char *end, const char *delimiter, bool cut)
{
    static const char head_end[] = "\r\n\r\n";
    size_t delimiter_len = strlen(delimiter);
    for (;;) {
        if (end - at >= 2 && memcmp(at, "--", 2) == 0)
            return 200;
        size_t left = (size_t)(end - at), head_max = left < FORM_DATA_HEAD_MAX ? left : FORM_DATA_HEAD_MAX;
        const char *value = left >= 2 && memcmp(at, "\r\n", 2) == 0 ? memmem(at, head_max, head_end, 4) : NULL;
        const char *next =
            value == NULL ? NULL : memmem(value + 4, (size_t)(end - value) - 4, delimiter, delimiter_len);
        if (next == NULL || memchr(at, '\0', (size_t)(value - at)) != NULL)
            return cut ? cut_status(at, value)
                       : refuse(form, 400, "The form arrived incomplete. Go back and send it again.");
        int status = add_part(form, at, (size_t)(value - at), value + 4, (size_t)(next - value) - 4);
        if (status != 200)
            return status;
        at = next + delimiter_len;
    }
}

static int read_multipart(struct form_data *form, const char *content_type, const char *body, size_t len, bool cut)
{
    char *boundary = find_parameter(content_type, "boundary");
    char delimiter[sizeof delimiter_start + FORM_DATA_BOUNDARY_MAX];
    size_t boundary_len = boundary == NULL ? 0 : strlen(boundary);
    bool allowed = boundary_len > 0 && boundary_len <= FORM_DATA_BOUNDARY_MAX;
    delimiter[0] = '\0';
    if (allowed) {
        memcpy(delimiter, delimiter_start, sizeof delimiter_start);
        memcpy(delimiter + strlen(delimiter_start), boundary, boundary_len + 1);
    }
    free(boundary);
    if (!allowed)
        return refuse(form, 400, "The form has no boundary between its parts.");
    /* The first delimiter need not stand behind a line's end. */
    size_t delimiter_len = strlen(delimiter);
    bool at_once = len >= delimiter_len - 2 && memcmp(body, delimiter + 2, delimiter_len - 2) == 0;
    const char *first = at_once ? body : memmem(body, len, delimiter, delimiter_len);
    if (first == NULL)
        return cut ? 200 : refuse(form, 400, "The form arrived incomplete. Go back and send it again.");
    return read_parts(form, first + delimiter_len - (at_once ? 2 : 0), body + len, delimiter, cut);
}

int form_data_read(struct form_data *form, const char *content_type, const char *body, size_t len, bool cut)
{
    form->uploads_len = form->fields_len = form->parts_len = form->text_len = 0;
    form->problem = NULL;
    if (form_data_is_multipart(content_type))
        return read_multipart(form, content_type, body, len, cut);
    if (has_type(content_type, urlencoded_type))
        return read_urlencoded(form, body, len, cut);
    return 415;
}
