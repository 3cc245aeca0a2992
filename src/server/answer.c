#include "answer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/mem.h"

/* --- bodies -------------------------------------------------------------------------------------- */

static ssize_t read_stream(void *context, uint64_t offset, char *bytes, size_t max)
{
    const struct response_stream *stream = context;
    int64_t len = stream->read(stream->context, (int64_t)offset, bytes, max);
    return len > 0 ? (ssize_t)len : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void release_stream(void *context)
{
    struct response_stream *stream = context;
    if (stream->release != NULL) {
        stream->release(stream->context);
    }
    free(stream);
}

static struct MHD_Response *with_stream(struct response_stream *taken)
{
    assert(taken->len >= 0);
    struct response_stream *stream = mem_alloc(sizeof *stream);
    *stream = *taken;
    *taken = (struct response_stream){0};
    return MHD_create_response_from_callback((uint64_t)stream->len, STREAM_BLOCK, read_stream, stream, release_stream);
}

static struct MHD_Response *with_bytes(struct buf *body)
{
    size_t len = body->len;
    return MHD_create_response_from_buffer(len, buf_steal(body), MHD_RESPMEM_MUST_FREE);
}

/* --- responses ----------------------------------------------------------------------------------- */

void answer_header(const struct log *log, struct MHD_Response *response, const char *name, const char *value)
{
    if (MHD_add_response_header(response, name, value) != MHD_YES) {
        log_write(log, LOG_ERROR, NULL, "the header %s could not be sent", name);
    }
}

enum MHD_Result answer_send(const struct log *log, struct MHD_Connection *client, struct response *answer, bool last)
{
    struct MHD_Response *response =
        answer->stream.read != NULL ? with_stream(&answer->stream) : with_bytes(&answer->body);
    if (response == NULL) {
        mem_exhausted();
    }
    for (size_t i = 0; i < answer->headers_len; i++) {
        answer_header(log, response, answer->headers[i].name, answer->headers[i].value);
    }
    if (last) {
        answer_header(log, response, "Connection", "close");
    }
    enum MHD_Result queued = MHD_queue_response(client, (unsigned)answer->status, response);
    MHD_destroy_response(response);
    return queued;
}

void answer_words(struct response *response, int status, const char *words)
{
    char seconds[16];
    response->status = status;
    response_header(response, "Content-Type", "text/html; charset=utf-8");
    response_header(response, "X-Content-Type-Options", "nosniff");
    response_header(response, "Cache-Control", "no-store");
    if (status == 503) {
        snprintf(seconds, sizeof seconds, "%d", RETRY_AFTER_S);
        response_header(response, "Retry-After", seconds);
    }
    buf_format(&response->body,
               "<!doctype html>\n<html lang=\"en\">\n<meta name=\"viewport\" content=\"width=device-width\">\n"
               "<title>%d %s</title>\n<h1>%d %s</h1>\n<p>%s</p>\n</html>\n",
               status, status_reason(status), status, status_reason(status), words);
}
