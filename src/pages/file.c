#include "warta/newsroom/file.h"
#include "warta/newsroom/file_cache.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "warta/http/conditional.h"
#include "warta/http/url.h"
#include "warta/pages/file.h"

static int64_t number_at(const json_t *file, const char *key)
{
    return (int64_t)json_integer_value(json_object_get(file, key));
}

static const char *text_at(const json_t *file, const char *key)
{
    return json_string_value(json_object_get(file, key));
}

/* --- addresses --- */

/* The id and the name behind the parts that lead to them, without the site's prefix (*arena*). */
static const char *path_of(struct exchange *x, const char *before, const char *between, const json_t *file)
{
    struct buf path = BUF_EMPTY;
    buf_format(&path, "%s%lld%s", before, (long long)number_at(file, "id"), between);
    url_encode(&path, text_at(file, "name"));
    const char *copy = arena_copy(&x->arena, path.data, path.len);
    buf_release(&path);
    return copy;
}

const char *file_href(struct exchange *x, const json_t *file)
{
    return page_href(x, x->session == NULL ? path_of(x, "/files/", "/", file)
                                           : path_of(x, "/admin/files/", "/content/", file));
}

const char *file_shared_href(struct exchange *x, const char *token, const json_t *file)
{
    return page_href(x, path_of(x, arena_format(&x->arena, "/preview/%s/files/", token), "/", file));
}

const char *file_absolute(struct exchange *x, const json_t *file)
{
    return page_absolute(x, path_of(x, "/files/", "/", file));
}

/* --- ranges (RFC 9110, 14) --- */

struct range {
    int64_t first, last;
};

enum range_asked { RANGE_NONE, RANGE_ONE, RANGE_OUTSIDE };

/* Digits; -1 if there are none, or more than a file has bytes. `*text` moves behind them. */
static int64_t take_number(const char **text)
{
    enum { DIGITS_MAX = 15 };
    size_t len = strspn(*text, "0123456789");
    int64_t number = len == 0 || len > DIGITS_MAX ? -1 : strtoll(*text, NULL, 10);
    *text += len;
    return number;
}

/* One range, or none: of several, and of what cannot be read, the whole may be sent (RFC 9110, 14.2). */
static enum range_asked range_parse(const char *text, int64_t size, struct range *range)
{
    if (text == NULL || strncasecmp(text, "bytes=", 6) != 0)
        return RANGE_NONE;
    text += 6;
    bool is_suffix = *text == '-';
    int64_t first = is_suffix ? 0 : take_number(&text);
    if (first < 0 || *text++ != '-')
        return RANGE_NONE;
    bool is_open = *text == '\0';
    int64_t last = is_open ? size - 1 : take_number(&text);
    if (last < 0 || *text != '\0' || (is_suffix && is_open) || (!is_suffix && !is_open && last < first))
        return RANGE_NONE;
    if (is_suffix)
        *range = (struct range){last < size ? size - last : 0, size - 1};
    else
        *range = (struct range){first, last < size ? last : size - 1};
    return range->first < size ? RANGE_ONE : RANGE_OUTSIDE;
}

/* The range that holds for this request: only a GET's, and with If-Range only of the bytes that it had the first part
 * of. */
static enum range_asked range_asked(const struct request *request, const char *etag, int64_t size, struct range *range)
{
    const char *condition = request_header(request, "If-Range");
    if (request->method != METHOD_GET || (condition != NULL && strcmp(condition, etag) != 0))
        return RANGE_NONE;
    return range_parse(request_header(request, "Range"), size, range);
}

/* --- answering --- */

/* A file opened by itself can do nothing. Browsers' own viewers of it want styles, and put a PDF into an <embed>; some
 * show none within a sandbox. */
static void file_headers(struct exchange *x, const json_t *file)
{
    const char *media_type = text_at(file, "media_type");
    bool is_pdf = strcmp(media_type, "application/pdf") == 0;
    response_header(x->response, "Content-Type", media_type);
    response_header(x->response, "Content-Security-Policy",
                    is_pdf ? "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
                           : "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'");
}

/* The part of the file that is sent, or of a 304 the whole, whose length it states (RFC 9110, 8.6). False on a fault. */
static bool send_from(struct exchange *x, const json_t *file, int64_t from, int64_t len)
{
    int fd = file_cache_open(x->site->files, x->store, number_at(file, "content"), number_at(file, "size"));
    if (fd < 0)
        log_write(x->site->log, LOG_ERROR, x->id, "a file could not be read or put aside to be sent");
    x->response->file = (struct response_file){.fd = fd, .offset = from, .len = len};
    return fd >= 0;
}

/* A file that readers may see says when it has not changed, and takes ranges. */
static int send_public(struct exchange *x, const json_t *file)
{
    struct range range;
    int64_t size = number_at(file, "size");
    const char *etag =
        arena_format(&x->arena, "\"%llx-%.16s\"", (long long)number_at(file, "content"), text_at(file, "sha256"));
    bool known = request_has(x->request, etag, 0);
    enum range_asked asked = known ? RANGE_NONE : range_asked(x->request, etag, size, &range);
    if (asked == RANGE_OUTSIDE) {
        response_header(x->response, "Content-Range", arena_format(&x->arena, "bytes */%lld", (long long)size));
        return 416;
    }
    response_header(x->response, "ETag", etag);
    response_header(x->response, "Cache-Control", "public, no-cache");
    if (known)
        return send_from(x, file, 0, size) ? 304 : 500;
    response_header(x->response, "Accept-Ranges", "bytes");
    file_headers(x, file);
    if (asked == RANGE_NONE)
        return send_from(x, file, 0, size) ? 200 : 500;
    response_header(x->response, "Content-Range",
                    arena_format(&x->arena, "bytes %lld-%lld/%lld", (long long)range.first, (long long)range.last,
                                 (long long)size));
    return send_from(x, file, range.first, range.last - range.first + 1) ? 206 : 500;
}

/* The file of the address into the model: 200, or what to answer instead. */
static int read_file(struct exchange *x)
{
    int64_t id = param_number(x, "id");
    if (id <= 0)
        return 404;
    json_decref(x->model);
    x->model = file_get(x->store, id, x->now_unix);
    if (x->model == NULL)
        return 500;
    return json_is_null(x->model) ? 404 : 200;
}

static bool name_fits(const struct exchange *x)
{
    return json_equal(json_object_get(x->params, "name"), json_object_get(x->model, "name"));
}

int page_file(struct exchange *x)
{
    int status = read_file(x);
    if (status != 200)
        return status;
    if (!json_is_true(json_object_get(x->model, "public")))
        return 404;
    if (!name_fits(x))
        return page_redirect(x, 301, path_of(x, "/files/", "/", x->model));
    return send_public(x, x->model);
}

int page_file_content(struct exchange *x)
{
    int status = read_file(x);
    if (status != 200)
        return status;
    if (!name_fits(x))
        return page_redirect(x, 303, path_of(x, "/admin/files/", "/content/", x->model));
    file_headers(x, x->model);
    return send_from(x, x->model, 0, number_at(x->model, "size")) ? 200 : 500;
}
