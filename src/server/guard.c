#include "warta/server/guard.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HOST_MAX = 262 };

#define DIGITS "0123456789"
#define HEX_DIGITS DIGITS "abcdefABCDEF"

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* How many bytes at the start are alphanumeric or one of `others`: as strspn, which would make a table of them
 * first, several times for each request. */
static size_t name_span(const char *text, const char *others)
{
    size_t len = 0;
    while (text[len] != '\0' && (is_alphanumeric(text[len]) || strchr(others, text[len]) != NULL))
        len++;
    return len;
}

/* RFC 9110, 5.6.2 */
static bool is_token(const char *text)
{
    return text[0] != '\0' && text[name_span(text, "!#$%&'*+-.^_`|~")] == '\0';
}

static size_t header_count(const struct guard_request *request, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < request->headers_len; i++)
        count += header_is(&request->headers[i], name);
    return count;
}

static const char *header_value(const struct guard_request *request, const char *name)
{
    for (size_t i = 0; i < request->headers_len; i++) {
        if (header_is(&request->headers[i], name))
            return request->headers[i].value;
    }
    return NULL;
}

static bool is_http_1_0(const struct guard_request *request)
{
    return strcmp(request->version, "HTTP/1.0") == 0;
}

static bool target_is_short(const struct guard_request *request)
{
    return strnlen(request->target, GUARD_TARGET_MAX + 1) <= GUARD_TARGET_MAX;
}

static bool method_is_token(const struct guard_request *request)
{
    return is_token(request->method);
}

static bool target_has_path(const struct guard_request *request)
{
    return request->target[0] == '/';
}

static bool target_is_visible(const struct guard_request *request)
{
    for (const char *p = request->target; *p != '\0'; p++) {
        unsigned char byte = (unsigned char)*p;
        if (byte <= ' ' || byte >= 0x7f || byte == '#')
            return false;
    }
    return true;
}

static bool escapes_are_whole(const struct guard_request *request)
{
    for (const char *p = strchr(request->target, '%'); p != NULL; p = strchr(p + 1, '%')) {
        bool whole = strspn(p + 1, HEX_DIGITS) >= 2;
        if (!whole || strncmp(p + 1, "00", 2) == 0)
            return false;
    }
    return true;
}

static bool path_has_no_escaped_slash(const struct guard_request *request)
{
    for (const char *p = request->target; *p != '\0' && *p != '?'; p++) {
        if (*p == '\\' || (*p == '%' && (strncasecmp(p, "%2f", 3) == 0 || strncasecmp(p, "%5c", 3) == 0)))
            return false;
    }
    return true;
}

/* How many bytes at `p` spell a dot: 1, 3 ("%2e") or none. */
static size_t dot_len(const char *p)
{
    if (*p == '.')
        return 1;
    return strncasecmp(p, "%2e", 3) == 0 ? 3 : 0;
}

/* RFC 3986, 3.3: a segment that is "." or ".." */
static bool is_dot_segment(const char *segment, const char *path_end)
{
    const char *rest = segment + dot_len(segment);
    rest += dot_len(rest);
    return rest > segment && (rest == path_end || *rest == '/');
}

static bool path_has_no_dot_segments(const struct guard_request *request)
{
    const char *path_end = request->target + strcspn(request->target, "?");
    for (const char *p = request->target; p < path_end; p++) {
        if (*p == '/' && is_dot_segment(p + 1, path_end))
            return false;
    }
    return true;
}

static bool is_port(const char *text)
{
    return *text == '\0' || (*text == ':' && text[1 + strspn(text + 1, DIGITS)] == '\0');
}

/* RFC 9110, 7.2 and RFC 3986, 3.2.2: a name or an address in brackets, and perhaps a port. A comma,
 * which that grammar has, would only come from several Hosts joined. */
static bool is_host(const char *value)
{
    size_t len = strlen(value);
    if (len == 0 || len > HOST_MAX)
        return false;
    if (value[0] == '[') {
        size_t address_len = strspn(value + 1, HEX_DIGITS ":.");
        return address_len > 0 && value[1 + address_len] == ']' && is_port(value + 2 + address_len);
    }
    size_t name_len = name_span(value, "-._~!$&'()*+;=%");
    return name_len > 0 && is_port(value + name_len);
}

static bool host_is_one(const struct guard_request *request)
{
    size_t count = header_count(request, "Host");
    if (count == 0)
        return is_http_1_0(request);
    return count == 1 && is_host(header_value(request, "Host"));
}

/* RFC 9112, 6.1 */
static bool chunks_fit_version(const struct guard_request *request)
{
    return !is_http_1_0(request) || header_value(request, "Transfer-Encoding") == NULL;
}

static bool body_fits(const struct guard_request *request)
{
    return guard_body_len(request) <= request->body_max;
}

static const struct check {
    bool (*holds)(const struct guard_request *request);
    int status;
    const char *reason;
} checks[] = {
    {target_is_short, 414, "the target is longer than is taken"},
    {method_is_token, 400, "the method is not a token"},
    {target_has_path, 400, "the target does not begin with a slash"},
    {target_is_visible, 400, "a character in the target that must be escaped"},
    {escapes_are_whole, 400, "a malformed escape or a NUL in the target"},
    {path_has_no_escaped_slash, 400, "a backslash or an escaped slash in the path"},
    {path_has_no_dot_segments, 400, "a dot segment in the path"},
    {host_is_one, 400, "no Host, several, or an invalid one"},
    {chunks_fit_version, 400, "chunks in HTTP/1.0"},
    {body_fits, 413, "the body is far longer than is taken"},
};

struct guard_verdict guard_check(const struct guard_request *request)
{
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (!checks[i].holds(request))
            return (struct guard_verdict){.status = checks[i].status, .reason = checks[i].reason};
    }
    return (struct guard_verdict){0};
}

bool guard_has_body(const struct guard_request *request)
{
    return header_value(request, "Content-Length") != NULL || header_value(request, "Transfer-Encoding") != NULL;
}

size_t guard_body_len(const struct guard_request *request)
{
    const char *value = header_value(request, "Content-Length");
    return value == NULL ? 0 : (size_t)strtoull(value, NULL, 10);
}
