/* What a client would rather be sent (RFC 9110, 12).
 *
 * Threads: any. */
#ifndef WARTA_HTTP_ACCEPT_H
#define WARTA_HTTP_ACCEPT_H

#include <stdbool.h>

#include "warta/http/message.h"

/* Whether the client prefers JSON (`application/json`, `application/…+json`) to `text/html` by its Accept headers
 * (RFC 9110, 12.5.1). Of two equal weights the more specific range wins, so JSON named beside a wildcard is preferred;
 * no header, or a tie, is not a preference. */
bool request_prefers_json(const struct request *request);

/* Content codings, the most welcome last: of equal weights the smaller form is sent. */
enum encoding { ENCODING_IDENTITY, ENCODING_GZIP, ENCODING_BROTLI, ENCODINGS };

/* As Content-Encoding names it: "br". */
const char *encoding_name(enum encoding encoding);

/* The coding that the client's Accept-Encoding headers prefer (RFC 9110, 12.5.3): identity where they say nothing, or rule
 * out all that there is. */
enum encoding request_encoding(const struct request *request);

#endif
