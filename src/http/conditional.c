#include "warta/http/conditional.h"

#include <string.h>
#include <time.h>

static const char date_format[] = "%a, %d %b %Y %H:%M:%S GMT";

void http_date_format(int64_t unix, char date[static HTTP_DATE_CAP])
{
    time_t seconds = unix;
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(date, HTTP_DATE_CAP, date_format, &utc);
}

bool http_date_parse(const char *date, int64_t *unix)
{
    struct tm utc = {0};
    const char *end = strptime(date, date_format, &utc);
    *unix = timegm(&utc);
    return end != NULL && *end == '\0';
}

/* An entity tag in its quotes can stand nowhere in the list but as itself: tags hold no quotes. */
static bool names_tag(const char *list, const char *etag)
{
    return strstr(list, etag) != NULL || strcmp(list, "*") == 0;
}

bool request_has(const struct request *request, const char *etag, int64_t modified_unix)
{
    bool by_tag = false;
    const char *since = NULL;
    for (size_t i = 0; i < request->headers_len; i++) {
        const struct header *header = &request->headers[i];
        if (header_is(header, "If-None-Match")) {
            by_tag = true;
            if (names_tag(header->value, etag))
                return true;
        } else if (header_is(header, "If-Modified-Since")) {
            since = header->value;
        }
    }
    int64_t since_unix;
    return !by_tag && modified_unix > 0 && since != NULL && http_date_parse(since, &since_unix) &&
           modified_unix <= since_unix;
}
