/* Forms as they are posted: urlencoded (WHATWG URL, 5.1) and multipart/form-data (RFC 7578; RFC 2046, 5.1), read once, out of
 * memory.
 *
 * Numbers and lengths are bounded before anything is allocated for what a client sends. Linear in the body's length.
 *
 * Of a multipart form, what comes before the first boundary and behind the last is passed over. Anything else that does
 * not fit is malformed: a boundary that is not followed by CR LF or "--", a part's head over FORM_DATA_HEAD_MAX bytes, a NUL in
 * it. Of a part's head only name and filename of Content-Disposition count; `name*` and nested parts mean nothing here (RFC
 * 7578, 4.2 and 4.3). In a quoted value \" stands for a quote, and any other backslash for itself, as browsers mean it. A part
 * with a filename is a file, unless the name is empty and it has no bytes: that is a form's file input with nothing chosen. A
 * part without a name is dropped.
 *
 * Threads: any. */
#ifndef WARTA_HTTP_FORM_DATA_H
#define WARTA_HTTP_FORM_DATA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "warta/base/mem.h"
#include "warta/http/form.h"

/* And FORM_FIELDS_MAX fields (form.h). */
enum {
    FORM_DATA_NAME_MAX = 200,         /* bytes of a field's name */
    FORM_DATA_TEXT_MAX = 1024 * 1024, /* bytes of all names and values of a multipart form */
    FORM_DATA_UPLOADS_MAX = 20,
    FORM_DATA_HEAD_MAX = 8192,
    FORM_DATA_BOUNDARY_MAX = 70
};

/* A file of a form: a slice of the body (*borrowed*). Its names are the arena's. */
struct upload {
    const char *field;
    const char *name; /* as the client calls it: any text, valid UTF-8 or not */
    const char *bytes;
    size_t len;
};

struct form_data {
    struct arena *arena; /* borrowed; to be set */
    json_t *fields; /* borrowed; to be set to an object: name → string, or → array of strings where the name repeats */
    struct upload uploads[FORM_DATA_UPLOADS_MAX];
    size_t uploads_len;
    const char *problem; /* what is wrong with the form, in words; NULL if nothing is */
    size_t fields_len, parts_len, text_len;
};

/* Whether a Content-Type (NULL: none) is multipart/form-data. */
bool form_data_is_multipart(const char *content_type);

/* Reads a body of that Content-Type. `cut`: only its beginning is there, of which the whole fields count. 200, or why it is
 * refused: 400 (malformed, or no text), 413 (too many or too long), 415 (no form). */
int form_data_read(struct form_data *form, const char *content_type, const char *body, size_t len, bool cut);

#endif
