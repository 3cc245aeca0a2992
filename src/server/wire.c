#include "warta/server/wire.h"

#include <string.h>
#include <strings.h>

enum {
    LENGTH_DIGITS_MAX = 10, /* more than any body that is taken, and fits every integer type that reads them */
    CHUNK_DIGITS_MAX = 16,
    VERSION_LEN = 8
};

/* What may come next. */
enum state {
    BEFORE_REQUEST, /* a request line, or an empty line (RFC 9112, 2.2) */
    REQUEST_LINE,
    LINE_START, /* a header, or the empty line that ends the head */
    NAME,
    VALUE,
    BODY,
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK,
    CHUNK_END,
    TRAILER_START,
    TRAILER_NAME,
    TRAILER_VALUE,
    FAULTY
};

enum kind { KIND_OTHER, KIND_LENGTH, KIND_CODING, KIND_COOKIE };

/* A bit for each character of a token (RFC 9110, 5.6.2). */
static const uint32_t token_chars[8] = {0x00000000, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff};

static bool is_token_char(char c)
{
    unsigned char byte = (unsigned char)c;
    return (token_chars[byte >> 5] >> (byte & 31) & 1) != 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum kind kind_of(const char *name, size_t len)
{
    char first = (char)(*name | 0x20);
    if (first == 'c' && len == strlen("Cookie") && strncasecmp(name, "Cookie", len) == 0)
        return KIND_COOKIE;
    if (first == 'c' && len == strlen("Content-Length") && strncasecmp(name, "Content-Length", len) == 0)
        return KIND_LENGTH;
    if (first == 't' && len == strlen("Transfer-Encoding") && strncasecmp(name, "Transfer-Encoding", len) == 0)
        return KIND_CODING;
    return KIND_OTHER;
}

static void fail(struct wire *wire, int status, const char *reason)
{
    wire->state = FAULTY;
    wire->status = status;
    wire->reason = reason;
}

/* --- a line has ended --- */

static void begin_line(struct wire *wire, enum state state)
{
    wire->state = (uint8_t)state;
    wire->cr = wire->after_space = false;
    wire->kind = KIND_OTHER;
    wire->name_len = wire->value_len = 0;
}

static void end_request(struct wire *wire)
{
    *wire = (struct wire){.state = BEFORE_REQUEST, .requests = wire->requests + 1};
}

static void end_request_line(struct wire *wire)
{
    const char *version = wire->value;
    bool is_version = wire->value_len == VERSION_LEN && memcmp(version, "HTTP/", 5) == 0 && is_digit(version[5]) &&
                      version[6] == '.' && is_digit(version[7]);
    if (wire->spaces != 2 || !is_version)
        fail(wire, 400, "a request line that is not method, target and version with a space between each");
    else if (version[5] != '1')
        fail(wire, 505, "another version of HTTP");
    else
        begin_line(wire, LINE_START);
}

/* RFC 9112, 6.3 */
static void end_head(struct wire *wire)
{
    if (wire->chunked && wire->has_length)
        fail(wire, 400, "both Transfer-Encoding and Content-Length");
    else if (wire->chunked)
        begin_line(wire, CHUNK_SIZE);
    else if (wire->left > 0)
        wire->state = BODY;
    else
        end_request(wire);
}

static void end_length(struct wire *wire)
{
    size_t digits = 0;
    for (; digits < wire->value_len && is_digit(wire->value[digits]); digits++)
        wire->left = wire->left * 10 + (uint64_t)(wire->value[digits] - '0');
    if (wire->has_length || digits == 0 || digits < wire->value_len || digits > LENGTH_DIGITS_MAX)
        fail(wire, 400, "several or odd Content-Length");
    wire->has_length = true;
}

static void end_coding(struct wire *wire)
{
    bool chunked = wire->value_len == strlen("chunked") && strncasecmp(wire->value, "chunked", wire->value_len) == 0;
    if (wire->chunked || !chunked)
        fail(wire, 400, "a Transfer-Encoding other than chunked");
    wire->chunked = true;
}

static void end_header(struct wire *wire)
{
    if (wire->kind == KIND_LENGTH)
        end_length(wire);
    else if (wire->kind == KIND_CODING)
        end_coding(wire);
    if (wire->state != FAULTY)
        begin_line(wire, LINE_START);
}

static void end_chunk_size(struct wire *wire)
{
    wire->len = 0;
    if (wire->name_len == 0 || wire->after_space)
        fail(wire, 400, "a malformed chunk size");
    else
        begin_line(wire, wire->left > 0 ? CHUNK : TRAILER_START);
}

/* By CR LF. */
static void end_line(struct wire *wire)
{
    switch ((enum state)wire->state) {
    case BEFORE_REQUEST:
        wire->cr = false;
        break;
    case REQUEST_LINE:
        end_request_line(wire);
        break;
    case LINE_START:
        end_head(wire);
        break;
    case VALUE:
        end_header(wire);
        break;
    case CHUNK_SIZE:
    case CHUNK_EXTENSION:
        end_chunk_size(wire);
        break;
    case CHUNK_END:
        begin_line(wire, CHUNK_SIZE);
        break;
    case TRAILER_START:
        end_request(wire);
        break;
    case TRAILER_VALUE:
        begin_line(wire, TRAILER_START);
        break;
    case NAME:
    case TRAILER_NAME:
        fail(wire, 400, "a header line without a colon");
        break;
    case BODY:
    case CHUNK:
    case FAULTY:
        break;
    }
}

/* --- within a line --- */

static void take_word(struct wire *wire, char c)
{
    if (c == '\t' || (c == ' ' && wire->after_space))
        fail(wire, 400, "a doubled space or a tab in the request line");
    wire->after_space = c == ' ';
    if (c == ' ')
        wire->spaces++;
    else if (wire->spaces == 2 && wire->value_len < sizeof wire->value)
        wire->value[wire->value_len++] = c;
    if (c == '&')
        wire->kept_len += WIRE_PART_LEN;
}

static void take_name(struct wire *wire, char c, enum state value)
{
    if (c == ':' && wire->name_len > 0) {
        if (value == VALUE)
            wire->kind = (uint8_t)kind_of(wire->name, wire->name_len);
        wire->state = (uint8_t)value;
    } else if (!is_token_char(c)) {
        fail(wire, 400, "a header name that is not a token, or a folded line");
    } else {
        if (wire->name_len < sizeof wire->name)
            wire->name[wire->name_len] = c;
        wire->name_len++;
    }
}

static void take_value(struct wire *wire, char c)
{
    if (wire->kind == KIND_COOKIE)
        wire->kept_len += c == ';' || c == ',' ? WIRE_PART_LEN : 1;
    if (wire->kind == KIND_OTHER || wire->kind == KIND_COOKIE || (is_blank(c) && wire->value_len == 0))
        return;
    if (is_blank(c))
        wire->after_space = true;
    else if (wire->after_space || wire->value_len == sizeof wire->value)
        fail(wire, 400, "an odd Content-Length or Transfer-Encoding");
    else
        wire->value[wire->value_len++] = c;
}

static void take_size(struct wire *wire, char c)
{
    int digit = hex_digit(c);
    if (digit >= 0 && !wire->after_space && wire->name_len < CHUNK_DIGITS_MAX) {
        wire->left = wire->left * 16 + (uint64_t)digit;
        wire->name_len++;
    } else if (wire->name_len > 0 && is_blank(c)) {
        wire->after_space = true;
    } else if (wire->name_len > 0 && c == ';') {
        wire->after_space = false;
        wire->state = CHUNK_EXTENSION;
    } else {
        fail(wire, 400, "a malformed chunk size");
    }
}

/* A character that is neither CR nor LF nor any other control. */
static void take_char(struct wire *wire, char c)
{
    switch ((enum state)wire->state) {
    case BEFORE_REQUEST:
        begin_line(wire, REQUEST_LINE);
        wire->after_space = true;
        take_word(wire, c);
        break;
    case REQUEST_LINE:
        take_word(wire, c);
        break;
    case LINE_START:
        begin_line(wire, NAME);
        wire->kept_len += WIRE_PART_LEN;
        if (++wire->lines > WIRE_HEADERS_MAX)
            fail(wire, 431, "more headers than are taken");
        else
            take_name(wire, c, VALUE);
        break;
    case NAME:
        take_name(wire, c, VALUE);
        break;
    case VALUE:
        take_value(wire, c);
        break;
    case CHUNK_SIZE:
        take_size(wire, c);
        break;
    case CHUNK_END:
        fail(wire, 400, "a chunk that is longer than its size");
        break;
    case TRAILER_START:
        begin_line(wire, TRAILER_NAME);
        take_name(wire, c, TRAILER_VALUE);
        break;
    case TRAILER_NAME:
        take_name(wire, c, TRAILER_VALUE);
        break;
    case CHUNK_EXTENSION:
    case TRAILER_VALUE:
    case BODY:
    case CHUNK:
    case FAULTY:
        break;
    }
}

static void take_byte(struct wire *wire, char c)
{
    if (c == '\r' && !wire->cr && wire->state == CHUNK_SIZE && wire->name_len == 0)
        fail(wire, 400, "a chunk without a size"); /* before libmicrohttpd, which does not wait for the LF */
    else if (c == '\r' && !wire->cr)
        wire->cr = true;
    else if (c == '\n' && wire->cr)
        end_line(wire);
    else if (c == '\n' || wire->cr)
        fail(wire, 400, "a line that does not end in CR LF");
    else if (is_control(c))
        fail(wire, 400, "a control character in a line");
    else
        take_char(wire, c);
}

/* --- what most requests consist of --- */

/* Bytes of the head have come, or of what frames the body. */
static void count(struct wire *wire, size_t len)
{
    wire->len += (uint32_t)len;
    bool fits = wire->len <= WIRE_HEAD_MAX && wire->len + wire->kept_len <= WIRE_KEPT_MAX;
    if (wire->state == REQUEST_LINE && (wire->len > WIRE_LINE_MAX || !fits))
        fail(wire, 414, "the target is longer than is taken, or has more parts");
    else if (wire->state <= VALUE && !fits)
        fail(wire, 431, "the head is longer than is taken");
    else if (wire->state > BODY && wire->len > WIRE_HEAD_MAX)
        fail(wire, 400, "an extension or a trailer is longer than is taken");
}

/* Eight bytes or more, eight at a time: by the borrow that a byte below 0x20, or 0x7f after the exclusive or, leaves in its
 * highest bit. A tab counts as one. */
static bool has_control(const char *bytes, size_t len)
{
    const uint64_t each = 0x0101010101010101;
    uint64_t found = 0, eight;
    for (size_t at = 0; at < len; at += sizeof eight) {
        memcpy(&eight, at + sizeof eight <= len ? bytes + at : bytes + len - sizeof eight, sizeof eight);
        uint64_t del = eight ^ (each * 0x7f);
        found |= ((eight - each * 0x20) & ~eight) | ((del - each) & ~del);
    }
    return (found & each << 7) != 0;
}

static bool is_plain_request_line(const char *line, size_t len)
{
    static const char version[] = " HTTP/1.";
    if (len < strlen("A /") + sizeof version)
        return false;
    const char *target_end = line + len - sizeof version;
    const char *space = memchr(line, ' ', (size_t)(target_end - line));
    size_t target_len = space == NULL ? 0 : (size_t)(target_end - space - 1);
    return memcmp(target_end, version, strlen(version)) == 0 && is_digit(line[len - 1]) && space != line &&
           target_len > 0 && memchr(space + 1, ' ', target_len) == NULL && !has_control(line, len);
}

/* That means nothing here. */
static bool is_plain_header(const char *line, size_t len)
{
    size_t name_len = 0;
    while (is_token_char(line[name_len])) /* up to the CR at most */
        name_len++;
    return name_len > 0 && line[name_len] == ':' && kind_of(line, name_len) == KIND_OTHER && len >= sizeof(uint64_t) &&
           !has_control(line, len);
}

/* Takes a whole line of a head, if it is in order and nothing has to be noted of it. Its length; 0: to be taken by the byte. */
static size_t take_line(struct wire *wire, const char *bytes, size_t len)
{
    bool first = wire->state == BEFORE_REQUEST && wire->len == 0;
    if ((!first && wire->state != LINE_START) || wire->cr)
        return 0;
    const char *end = memchr(bytes, '\n', len);
    if (end == NULL || end == bytes || end[-1] != '\r')
        return 0;
    size_t line_len = (size_t)(end - 1 - bytes), taken = line_len + 2;
    if (first) {
        if (!is_plain_request_line(bytes, line_len))
            return 0;
        wire->state = REQUEST_LINE;
        for (const char *part = bytes; (part = memchr(part, '&', (size_t)(end - part))) != NULL; part++)
            wire->kept_len += WIRE_PART_LEN;
    } else if (line_len > 0) {
        if (wire->lines == WIRE_HEADERS_MAX || !is_plain_header(bytes, line_len))
            return 0;
        wire->lines++;
        wire->kept_len += WIRE_PART_LEN;
    }
    count(wire, taken);
    if (wire->state == REQUEST_LINE)
        begin_line(wire, LINE_START);
    else if (line_len == 0 && wire->state != FAULTY)
        end_head(wire);
    return taken;
}

static size_t take_data(struct wire *wire, size_t len)
{
    size_t taken = wire->left < len ? (size_t)wire->left : len;
    wire->left -= taken;
    if (wire->left == 0 && wire->state == BODY)
        end_request(wire);
    else if (wire->left == 0)
        begin_line(wire, CHUNK_END);
    return taken;
}

/* --- all --- */

/* At least one byte. */
static size_t take(struct wire *wire, const char *bytes, size_t len)
{
    if (wire->state == BODY || wire->state == CHUNK)
        return take_data(wire, len);
    size_t taken = take_line(wire, bytes, len);
    if (taken > 0)
        return taken;
    count(wire, 1);
    if (wire->state != FAULTY)
        take_byte(wire, *bytes);
    return 1;
}

/* Whether what was taken, which begins with `c`, is handed on: not the empty lines before a request, extensions, trailers, and
 * blanks around what frames a body. */
static bool is_handed_on(const struct wire *wire, enum state before, char c)
{
    switch (before) {
    case BEFORE_REQUEST:
        return wire->state != BEFORE_REQUEST && !wire->cr;
    case VALUE:
        return !is_blank(c) || wire->kind == KIND_OTHER || wire->kind == KIND_COOKIE;
    case CHUNK_SIZE:
        return !is_blank(c) && wire->state != CHUNK_EXTENSION;
    case CHUNK_EXTENSION:
        return c == '\r' || c == '\n';
    case TRAILER_START:
        return wire->state != TRAILER_NAME;
    case TRAILER_NAME:
    case TRAILER_VALUE:
        return false;
    case REQUEST_LINE:
    case LINE_START:
    case NAME:
    case BODY:
    case CHUNK:
    case CHUNK_END:
    case FAULTY:
        break;
    }
    return true;
}

size_t wire_read(struct wire *wire, char *bytes, size_t len)
{
    size_t handed_on = 0, good = 0;
    for (size_t at = 0; at < len && wire->state != FAULTY;) {
        enum state before = (enum state)wire->state;
        char first = bytes[at];
        size_t taken = take(wire, bytes + at, len - at);
        if (is_handed_on(wire, before, first)) {
            if (handed_on < at)
                memmove(bytes + handed_on, bytes + at, taken);
            handed_on += taken;
        }
        at += taken;
        if (wire->state == BEFORE_REQUEST)
            good = handed_on;
    }
    return wire->state == FAULTY ? good : handed_on;
}
