#include "warta/http/url.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "warta/base/text.h"

/* RFC 3986, 2.3 */
static const char UNRESERVED[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

void url_encode(struct buf *out, const char *text)
{
    while (*text != '\0') {
        size_t plain_len = strspn(text, UNRESERVED);
        buf_append(out, text, plain_len);
        text += plain_len;
        for (; *text != '\0' && strchr(UNRESERVED, *text) == NULL; text++)
            buf_percent(out, *text);
    }
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit = (char)(digit | 0x20);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* NULL unless all escapes are well-formed and the result is valid UTF-8 without NUL. */
static char *decode(struct arena *arena, const char *bytes, size_t len, char space)
{
    char *text = arena_alloc(arena, len + 1);
    size_t text_len = 0;
    for (size_t i = 0; i < len; i++) {
        char byte = bytes[i] == space ? ' ' : bytes[i];
        if (byte == '%') {
            int high = i + 2 < len ? hex_value(bytes[i + 1]) : -1;
            int low = i + 2 < len ? hex_value(bytes[i + 2]) : -1;
            if (high < 0 || low < 0)
                return NULL;
            byte = (char)(high << 4 | low);
            i += 2;
        }
        text[text_len++] = byte;
    }
    return text_valid(text, text_len) ? text : NULL;
}

char *url_decode_segment(struct arena *arena, const char *segment, size_t len)
{
    char *text = decode(arena, segment, len, ' ');
    if (text == NULL || strchr(text, '/') != NULL || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
        return NULL;
    return text;
}

int url_query_next(struct arena *arena, const char **query, char **name, char **value)
{
    const char *pair = *query + strspn(*query, "&");
    if (*pair == '\0')
        return 0;
    size_t pair_len = strcspn(pair, "&");
    const char *equals = memchr(pair, '=', pair_len);
    size_t name_len = equals != NULL ? (size_t)(equals - pair) : pair_len;
    size_t value_at = equals != NULL ? name_len + 1 : name_len;
    *query = pair + pair_len;
    *name = decode(arena, pair, name_len, '+');
    *value = decode(arena, pair + value_at, pair_len - value_at, '+');
    int result = *name != NULL && *value != NULL ? 1 : -1;
    if (*name == NULL)
        *name = arena_copy(arena, "", 0);
    if (*value == NULL)
        *value = arena_copy(arena, "", 0);
    return result;
}

void url_query_append(struct buf *out, const char *name, const char *value)
{
    buf_char(out, strchr(buf_string(out), '?') != NULL ? '&' : '?');
    url_encode(out, name);
    buf_char(out, '=');
    url_encode(out, value);
}

/* What follows "http://" or "https://", schemes being without case (RFC 3986, 3.1); NULL if neither. */
static const char *after_scheme(const char *address)
{
    if (strncasecmp(address, "http://", 7) == 0)
        return address + 7;
    return strncasecmp(address, "https://", 8) == 0 ? address + 8 : NULL;
}

/* A name, an IPv4 address, or an IPv6 address in brackets. */
static size_t host_len(const char *authority)
{
    if (*authority != '[')
        return strspn(authority, UNRESERVED);
    size_t inner_len = strspn(authority + 1, "0123456789abcdefABCDEF:.");
    return inner_len > 0 && authority[1 + inner_len] == ']' ? inner_len + 2 : 0;
}

/* The length of ":port", 0 if there is none; false if it is not a port. */
static bool port_len(const char *text, size_t *len)
{
    *len = 0;
    if (*text != ':')
        return true;
    size_t digits = strspn(text + 1, "0123456789");
    *len = digits + 1;
    if (digits < 1 || digits > 5)
        return false;
    long port = strtol(text + 1, NULL, 10);
    return port >= 1 && port <= 65535;
}

/* "/news/asia": segments of unreserved characters, which need no escape in a page, a header or a cookie's path. */
static bool prefix_is_plain(const char *prefix)
{
    while (*prefix == '/' && prefix[1] != '\0') {
        size_t len = strspn(++prefix, UNRESERVED);
        if (len == 0 || (len == 1 && prefix[0] == '.') || (len == 2 && prefix[0] == '.' && prefix[1] == '.'))
            return false;
        prefix += len;
    }
    return *prefix == '\0' || strcmp(prefix, "/") == 0;
}

static bool refuse(char *error, size_t error_len, const char *address, const char *reason)
{
    snprintf(error, error_len, "\"%s\" is no base address: %s", address, reason);
    return false;
}

/* Browsers write an Origin in lower case and without its scheme's usual port (RFC 6454, 6.2). */
static char *origin_copy(const char *address, size_t len, const char *port)
{
    char *origin = mem_copy(address, len);
    for (char *p = origin; *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    const char *usual = origin[4] == 's' ? ":443" : ":80";
    size_t port_at = (size_t)(port - address);
    if (strcmp(origin + port_at, usual) == 0)
        origin[port_at] = '\0';
    return origin;
}

bool url_base_init(struct url_base *base, const char *address, char *error, size_t error_len)
{
    *base = (struct url_base){0};
    const char *authority = after_scheme(address);
    if (authority == NULL)
        return refuse(error, error_len, address, "it must begin with http:// or https://");
    if (authority[strcspn(authority, "?#@")] != '\0')
        return refuse(error, error_len, address, "it must not hold a user, a query or a fragment");
    const char *port = authority + host_len(authority);
    if (port == authority)
        return refuse(error, error_len, address, "it has no host, or one that is not plain ASCII");
    size_t len;
    if (!port_len(port, &len))
        return refuse(error, error_len, address, "its port is not between 1 and 65535");
    const char *prefix = port + len;
    if (!prefix_is_plain(prefix))
        return refuse(error, error_len, address, "its path may hold only segments of letters, digits and -._~");
    base->origin = origin_copy(address, (size_t)(prefix - address), port);
    size_t prefix_len = strlen(prefix);
    base->prefix = mem_copy(prefix, prefix_len > 0 && prefix[prefix_len - 1] == '/' ? prefix_len - 1 : prefix_len);
    return true;
}

void url_base_release(struct url_base *base)
{
    free(base->origin);
    free(base->prefix);
    *base = (struct url_base){0};
}

/* One line is what is left of itself when its white space is put in order; so without spaces there was none. */
static bool has_white_space(const char *text)
{
    char *line = text_single_line(text);
    bool found = strcmp(line, text) != 0 || strchr(text, ' ') != NULL;
    free(line);
    return found;
}

bool url_is_http(const char *address)
{
    const char *authority = after_scheme(address);
    if (authority == NULL || text_has_controls(address) || has_white_space(address))
        return false;
    size_t authority_len = strcspn(authority, "/?#\\");
    const char *user_end = memrchr(authority, '@', authority_len);
    const char *host = user_end != NULL ? user_end + 1 : authority;
    return host < authority + authority_len && *host != ':';
}
