#include "warta/http/message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
        if (header_is(&request->headers[i], name))
            return request->headers[i].value;
    return NULL;
}

/* --- responses ----------------------------------------------------------------------------------- */

void response_init(struct response *response)
{
    *response = (struct response){.status = 200, .body = BUF_EMPTY, .file = {.fd = -1}};
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
    buf_release(&response->gzip);
    buf_release(&response->brotli);
    if (response->file.fd >= 0)
        close(response->file.fd);
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
        if (header_is(&response->headers[i], name))
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
        if (header_is(&response->headers[i], name))
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
        {406, "Not Acceptable"},
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
