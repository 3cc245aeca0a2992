/* The guard against any head. Input: lines of method, target, version, then "name:value" for each header. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "warta/server/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_framing(const struct guard_request *request)
{
    size_t hosts = 0;
    for (size_t i = 0; i < request->headers_len; i++) {
        const char *name = request->headers[i].name;
        hosts += strcasecmp(name, "Host") == 0;
    }
    assert(hosts == 1 || (hosts == 0 && strcmp(request->version, "HTTP/1.0") == 0));
    assert(guard_body_len(request) <= request->body_max);
}

/* What the pipeline would make of it: decoded once, no segment may lead upwards or hide a separator. */
static void assert_path(const char *target)
{
    char *path = strndup(target, strcspn(target, "?"));
    size_t len = 0;
    for (const char *p = path; *p != '\0'; p++) {
        char byte = *p;
        if (byte == '%') {
            char digits[3] = {p[1], p[2], '\0'};
            byte = (char)strtoul(digits, NULL, 16);
            assert(byte != '\0' && byte != '/' && byte != '\\');
            p += 2;
        }
        path[len++] = byte;
    }
    path[len] = '\0';
    assert(path[0] == '/' && strstr(path, "/../") == NULL && strstr(path, "/./") == NULL);
    assert(len < 3 || strcmp(path + len - 3, "/..") != 0);
    free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEADERS_CAP = GUARD_HEADERS_MAX };
    char *text = strndup((const char *)data, size);
    char *rest = text;
    const char *method = strsep(&rest, "\n");
    const char *target = strsep(&rest, "\n");
    const char *version = strsep(&rest, "\n");
    struct header headers[HEADERS_CAP];
    size_t len = 0;
    for (char *line = strsep(&rest, "\n"); line != NULL && len < HEADERS_CAP; line = strsep(&rest, "\n")) {
        char *name = strsep(&line, ":");
        headers[len++] = (struct header){.name = name, .value = line == NULL ? "" : line};
    }
    const struct guard_request request = {.method = method,
                                          .target = target == NULL ? "" : target,
                                          .version = version == NULL ? "" : version,
                                          .headers = headers,
                                          .headers_len = len,
                                          .body_max = 1000000};
    struct guard_verdict verdict = guard_check(&request);
    assert((verdict.status == 0) == (verdict.reason == NULL));
    if (verdict.status == 0) {
        assert_framing(&request);
        assert_path(request.target);
    }
    free(text);
    return 0;
}
