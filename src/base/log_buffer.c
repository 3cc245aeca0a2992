#include "warta/base/log_buffer.h"

#include <assert.h>
#include <string.h>

#include "warta/base/clock.h"

void log_buffer_init(struct log_buffer *buffer, const struct log *log)
{
    buffer->log = log;
    buffer->sent_ms = clock_coarse_ms() - LOG_BUFFER_MS;
    buffer->len = 0;
    pthread_mutex_init(&buffer->mutex, NULL);
}

void log_buffer_release(struct log_buffer *buffer)
{
    log_buffer_flush(buffer);
    pthread_mutex_destroy(&buffer->mutex);
}

/* With the mutex. */
static void flush(struct log_buffer *buffer, int64_t now)
{
    log_send(buffer->log, buffer->lines, buffer->len);
    buffer->sent_ms = now;
    buffer->len = 0;
}

void log_buffer_add(struct log_buffer *buffer, const char *line, size_t len)
{
    assert(len <= sizeof buffer->lines);
    int64_t now = clock_coarse_ms();
    pthread_mutex_lock(&buffer->mutex);
    if (len > sizeof buffer->lines - buffer->len)
        flush(buffer, now);
    memcpy(buffer->lines + buffer->len, line, len);
    buffer->len += len;
    if (now - buffer->sent_ms >= LOG_BUFFER_MS)
        flush(buffer, now);
    pthread_mutex_unlock(&buffer->mutex);
}

void log_buffer_flush(struct log_buffer *buffer)
{
    pthread_mutex_lock(&buffer->mutex);
    flush(buffer, clock_coarse_ms());
    pthread_mutex_unlock(&buffer->mutex);
}
