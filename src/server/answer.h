/* Answers: responses handed to libmicrohttpd.
 *
 * Threads: that of the connection. */
#ifndef WARTA_SERVER_ANSWER_H
#define WARTA_SERVER_ANSWER_H

#include <microhttpd.h>
#include <stdbool.h>

#include "warta/base/log.h"
#include "warta/http/message.h"

enum { STREAM_BLOCK = 256 * 1024, RETRY_AFTER_S = 5 };

/* Adds a header to a response of libmicrohttpd's. One that it does not take is logged. */
void answer_header(const struct log *log, struct MHD_Response *response, const char *name, const char *value);

/* Queues a response; takes its body and stream. `last`: the connection is closed behind it. */
enum MHD_Result answer_send(const struct log *log, struct MHD_Connection *client, struct response *answer, bool last);

/* Makes a response a page of the server's own, in these words. */
void answer_words(struct response *response, int status, const char *words);

#endif
