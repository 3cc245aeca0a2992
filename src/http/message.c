#include "warta/http/message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "warta/base/mem.h"

static const char *const METHOD_NAMES[] = {
    [METHOD_GET] = "GET",         [METHOD_HEAD] = "HEAD",   [METHOD_POST] = "POST",
    [METHOD_OPTIONS] = "OPTIONS", [METHOD_OTHER] = "OTHER",
};

enum method method_parse(const char *name)
{
    for (enum method method = METHOD_GET; method < METHOD_OTHER; method++)
        if (strcmp(name, METHOD_NAMES[method]) == 0)
            return method;
    return METHOD_OTHER;
}

const char *method_name(enum method method)
{
    return METHOD_NAMES[method];
}

const char *request_header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->headers_len; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

/* --- Accept -------------------------------------------------------------------------------------- */

struct span {
    const char *text;
    size_t len;
};

static struct span span_trim(struct span span)
{
    for (; span.len > 0 && strchr(" \t", span.text[0]) != NULL; span.len--)
        span.text++;
    while (span.len > 0 && strchr(" \t", span.text[span.len - 1]) != NULL)
        span.len--;
    return span;
}

static bool span_is(struct span span, const char *text)
{
    return span.len == strlen(text) && strncasecmp(span.text, text, span.len) == 0;
}

/* Takes what stands before the next separator; one in a quoted string separates nothing (RFC 9110, 5.6.4). */
static struct span span_next(struct span *rest, char separator)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < rest->len && (quoted || rest->text[i] != separator); i++) {
        if (rest->text[i] == '"')
            quoted = !quoted;
        else if (quoted && rest->text[i] == '\\' && i + 1 < rest->len)
            i++;
    }
    struct span element = {rest->text, i};
    size_t taken = i < rest->len ? i + 1 : i;
    *rest = (struct span){rest->text + taken, rest->len - taken};
    return span_trim(element);
}

/* A weight in thousandths (RFC 9110, 12.4.2); 0 if it is not one. */
static int weight_parse(struct span weight)
{
    int value = 0, digit_worth = 1000;
    for (size_t i = 0; i < weight.len; i++) {
        if (i == 1 && weight.text[i] == '.')
            continue;
        if (weight.text[i] < '0' || weight.text[i] > '9' || i == 5)
            return 0;
        value += (weight.text[i] - '0') * digit_worth;
        digit_worth /= 10;
    }
    return value <= 1000 ? value : 0;
}

static int weight_of(struct span parameters)
{
    while (parameters.len > 0) {
        struct span parameter = span_next(&parameters, ';');
        if (parameter.len >= 2 && strncasecmp(parameter.text, "q=", 2) == 0)
            return weight_parse((struct span){parameter.text + 2, parameter.len - 2});
    }
    return 1000;
}

static bool is_json(struct span type)
{
    static const char prefix[] = "application/", suffix[] = "+json";
    size_t prefix_len = strlen(prefix), suffix_len = strlen(suffix);
    if (span_is(type, "application/json"))
        return true;
    return type.len > prefix_len + suffix_len && strncasecmp(type.text, prefix, prefix_len) == 0 &&
           strncasecmp(type.text + type.len - suffix_len, suffix, suffix_len) == 0;
}

/* How well a type is liked: the most specific range that covers it decides. */
struct liking {
    int weight;
    int specificity; /* 0: any type at all, 1: any of its kind, 2: the type itself */
};

static void liking_update(struct liking *liking, int specificity, int weight)
{
    if (specificity > liking->specificity || (specificity == liking->specificity && weight > liking->weight))
        *liking = (struct liking){weight, specificity};
}

static void accept_read(const char *accept, struct liking *json, struct liking *html)
{
    struct span ranges = {accept, strlen(accept)};
    while (ranges.len > 0) {
        struct span parameters = span_next(&ranges, ',');
        struct span type = span_next(&parameters, ';');
        int weight = weight_of(parameters);
        if (is_json(type))
            liking_update(json, 2, weight);
        if (span_is(type, "text/html"))
            liking_update(html, 2, weight);
        if (span_is(type, "application/*"))
            liking_update(json, 1, weight);
        if (span_is(type, "text/*"))
            liking_update(html, 1, weight);
        if (span_is(type, "*/*")) {
            liking_update(json, 0, weight);
            liking_update(html, 0, weight);
        }
    }
}

bool request_prefers_json(const struct request *request)
{
    struct liking json = {0, 0}, html = {0, 0};
    for (size_t i = 0; i < request->headers_len; i++)
        if (strcasecmp(request->headers[i].name, "Accept") == 0)
            accept_read(request->headers[i].value, &json, &html);
    if (json.weight != html.weight)
        return json.weight > html.weight;
    return json.weight > 0 && json.specificity > html.specificity;
}

/* --- responses ----------------------------------------------------------------------------------- */

void response_init(struct response *response)
{
    *response = (struct response){.status = 200, .body = BUF_EMPTY};
}

/* The headers are read-only to all but their owner. */
static void free_owned(const char *text)
{
    char *owned;
    memcpy(&owned, &text, sizeof owned);
    free(owned);
}

void response_release(struct response *response)
{
    for (size_t i = 0; i < response->headers_len; i++) {
        free_owned(response->headers[i].name);
        free_owned(response->headers[i].value);
    }
    buf_release(&response->body);
    if (response->stream.release != NULL)
        response->stream.release(response->stream.context);
    response_init(response);
}

static bool has_control(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static struct header *find_header(struct response *response, const char *name)
{
    for (size_t i = 0; i < response->headers_len; i++)
        if (strcasecmp(response->headers[i].name, name) == 0)
            return &response->headers[i];
    return NULL;
}

void response_header(struct response *response, const char *name, const char *value)
{
    assert(!has_control(name) && !has_control(value));
    char *value_copy = mem_copy(value, strlen(value));
    struct header *header = find_header(response, name);
    if (header == NULL) {
        assert(response->headers_len < RESPONSE_HEADERS_MAX);
        header = &response->headers[response->headers_len++];
        header->name = mem_copy(name, strlen(name));
    } else {
        free_owned(header->value);
    }
    header->value = value_copy;
}

const char *response_header_get(const struct response *response, const char *name)
{
    for (size_t i = 0; i < response->headers_len; i++)
        if (strcasecmp(response->headers[i].name, name) == 0)
            return response->headers[i].value;
    return NULL;
}

const char *status_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},               /* RFC 6585, 4 */
        {431, "Request Header Fields Too Large"}, /* RFC 6585, 5 */
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}
