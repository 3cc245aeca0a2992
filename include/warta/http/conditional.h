/* Conditional requests (RFC 9110, 13): whether a client has already what it would be sent.
 *
 * Threads: any. */
#ifndef WARTA_HTTP_CONDITIONAL_H
#define WARTA_HTTP_CONDITIONAL_H

#include <stdbool.h>
#include <stdint.h>

#include "warta/http/message.h"

enum { HTTP_DATE_CAP = 30 };

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7). */
void http_date_format(int64_t unix, char date[static HTTP_DATE_CAP]);

/* The same read back; false for anything else, the obsolete forms among it. */
bool http_date_parse(const char *date, int64_t *unix);

/* Whether a 304 is due for a GET or HEAD: by If-None-Match where that is sent, compared weakly, else by
 * If-Modified-Since. `etag` stands in its quotes; `modified_unix` 0 is unknown. */
bool request_has(const struct request *request, const char *etag, int64_t modified_unix);

#endif
