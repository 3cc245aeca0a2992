#include "warta/server/wire.h"

#include <string.h>
#include <strings.h>

enum { LENGTH_DIGITS_MAX = 10 }; /* more than any body that is taken, and fits every integer type that reads them */

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

/* A bit for each character of a token (RFC 9110, 5.6.2). */
static const uint32_t token_chars[8] = {0x00000000, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff};

static bool is_token_char(char c)
{
    unsigned char byte = (unsigned char)c;
    return (token_chars[byte >> 5] >> (byte & 31) & 1) != 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void fail(struct wire *wire, int status, const char *reason)
{
    wire->state = FAULTY;
    wire->status = status;
    wire->reason = reason;
}

/* --- lines --- */

static void begin_line(struct wire *wire, enum state state)
{
    wire->state = (uint8_t)state;
    wire->cr = false;
    wire->name_len = wire->value_len = 0;
}

static void end_request(struct wire *wire)
{
    *wire = (struct wire){.state = BEFORE_REQUEST};
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

static bool is_named(const struct wire *wire, const char *name)
{
    size_t len = strlen(name);
    return wire->name_len == len && strncasecmp(wire->name, name, len) == 0;
}

/* A header whose value says how long the body is. */
static void end_framing(struct wire *wire)
{
    bool is_length = is_named(wire, "Content-Length");
    size_t len = wire->value_len;
    if (is_length ? wire->has_length : wire->chunked) {
        fail(wire, 400, "several Content-Length or Transfer-Encoding");
        return;
    }
    if (!is_length) {
        wire->chunked = len == strlen("chunked") && strncasecmp(wire->value, "chunked", len) == 0;
        if (!wire->chunked)
            fail(wire, 400, "a Transfer-Encoding other than chunked");
        return;
    }
    wire->has_length = true;
    for (size_t i = 0; i < len; i++)
        if (wire->value[i] < '0' || wire->value[i] > '9' || len > LENGTH_DIGITS_MAX) {
            fail(wire, 400, "an odd Content-Length");
            return;
        } else {
            wire->left = wire->left * 10 + (uint64_t)(wire->value[i] - '0');
        }
    if (len == 0)
        fail(wire, 400, "an odd Content-Length");
}

/* A line that began with that state has ended, by CR LF. */
static void end_line(struct wire *wire)
{
    switch ((enum state)wire->state) {
    case REQUEST_LINE:
        if (wire->spaces != 2 || wire->after_space)
            fail(wire, 400, "a request line that is not method, target and version with a space between each");
        else
            begin_line(wire, LINE_START);
        break;
    case LINE_START:
        end_head(wire);
        break;
    case VALUE:
        if (wire->frames)
            end_framing(wire);
        wire->frames = false;
        if (wire->state != FAULTY)
            begin_line(wire, LINE_START);
        break;
    case CHUNK_SIZE:
    case CHUNK_EXTENSION:
        if (wire->name_len == 0)
            fail(wire, 400, "a chunk without a size");
        else
            begin_line(wire, wire->left > 0 ? CHUNK : TRAILER_START);
        wire->len = 0;
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
    case BEFORE_REQUEST:
        wire->cr = false;
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

static void take_name(struct wire *wire, char c, enum state value)
{
    if (c == ':' && wire->name_len > 0) {
        wire->frames = value == VALUE && (is_named(wire, "Content-Length") || is_named(wire, "Transfer-Encoding"));
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
    if (!wire->frames || (wire->value_len == 0 && (c == ' ' || c == '\t')))
        return;
    if (wire->value_len < sizeof wire->value)
        wire->value[wire->value_len++] = c;
    else
        fail(wire, 400, "a long Content-Length or Transfer-Encoding");
}

static void take_size(struct wire *wire, char c)
{
    int digit = hex_digit(c);
    if (digit >= 0 && wire->name_len < WIRE_CHUNK_DIGITS_MAX) {
        wire->left = wire->left * 16 + (uint64_t)digit;
        wire->name_len++;
    } else if (wire->name_len > 0 && (c == ';' || c == ' ' || c == '\t')) {
        wire->state = CHUNK_EXTENSION;
    } else {
        fail(wire, 400, "a malformed chunk size");
    }
}

static void take_request_line(struct wire *wire, char c)
{
    if (c == '\t' || (c == ' ' && wire->after_space))
        fail(wire, 400, "a doubled space or a tab in the request line");
    if (c == ' ' && wire->spaces < UINT8_MAX)
        wire->spaces++;
    wire->after_space = c == ' ';
}

/* A byte of a line that is neither CR nor LF nor any other control. */
static void take_char(struct wire *wire, char c)
{
    switch ((enum state)wire->state) {
    case BEFORE_REQUEST:
        wire->state = REQUEST_LINE;
        wire->spaces = 0;
        wire->after_space = true;
        take_request_line(wire, c);
        break;
    case REQUEST_LINE:
        take_request_line(wire, c);
        break;
    case LINE_START:
        wire->state = NAME;
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
    case TRAILER_START:
        wire->state = TRAILER_NAME;
        take_name(wire, c, TRAILER_VALUE);
        break;
    case TRAILER_NAME:
        take_name(wire, c, TRAILER_VALUE);
        break;
    case CHUNK_END:
        fail(wire, 400, "a chunk that is longer than its size");
        break;
    case CHUNK_EXTENSION:
    case TRAILER_VALUE:
    case BODY:
    case CHUNK:
    case FAULTY:
        break;
    }
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

/* What most of a head consists of is taken by the run, not by the byte: parts of the request line, names, and values that
 * mean nothing here. How many bytes were taken. */
static size_t take_run(struct wire *wire, const char *bytes, size_t len)
{
    size_t at = 0;
    if (wire->cr)
        return 0;
    switch ((enum state)wire->state) {
    case REQUEST_LINE:
        while (at < len && (unsigned char)bytes[at] > ' ' && bytes[at] != 0x7f)
            at++;
        wire->after_space = wire->after_space && at == 0;
        return at;
    case NAME:
    case TRAILER_NAME:
        for (; at < len && is_token_char(bytes[at]); at++, wire->name_len++)
            if (wire->name_len < sizeof wire->name)
                wire->name[wire->name_len] = bytes[at];
        return at;
    case VALUE:
    case TRAILER_VALUE:
    case CHUNK_EXTENSION:
        while (!wire->frames && at < len && !is_control(bytes[at]))
            at++;
        return at;
    case BEFORE_REQUEST:
    case LINE_START:
    case BODY:
    case CHUNK_SIZE:
    case CHUNK:
    case CHUNK_END:
    case TRAILER_START:
    case FAULTY:
        break;
    }
    return 0;
}

static void take_line_byte(struct wire *wire, char c)
{
    if (c == '\r' && !wire->cr)
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

/* --- all --- */

/* Bytes of the head, or of what frames the body, that have come; the target's length is what most of its first line is. */
static void count(struct wire *wire, size_t len)
{
    wire->len += (uint32_t)len;
    if (wire->state == REQUEST_LINE && wire->len > WIRE_LINE_MAX)
        fail(wire, 414, "the target is longer than is taken");
    else if (wire->state <= VALUE && wire->len > WIRE_HEAD_MAX)
        fail(wire, 431, "the head is longer than is taken");
    else if (wire->state > BODY && wire->state < FAULTY && wire->len > 2 * WIRE_HEAD_MAX)
        fail(wire, 400, "the trailer is longer than is taken");
}

size_t wire_read(struct wire *wire, const char *bytes, size_t len)
{
    size_t good = 0;
    for (size_t at = 0; at < len && wire->state != FAULTY;) {
        size_t taken = 1;
        if (wire->state == BODY || wire->state == CHUNK) {
            taken = wire->left < len - at ? (size_t)wire->left : len - at;
            wire->left -= taken;
            if (wire->left == 0 && wire->state == BODY)
                end_request(wire);
            else if (wire->left == 0)
                begin_line(wire, CHUNK_END);
        } else if ((taken = take_run(wire, bytes + at, len - at)) > 0) {
            count(wire, taken);
        } else {
            taken = 1;
            count(wire, taken);
            if (wire->state != FAULTY)
                take_line_byte(wire, bytes[at]);
        }
        at += taken;
        if (wire->state == BEFORE_REQUEST)
            good = at;
    }
    return wire->state == FAULTY ? good : len;
}
