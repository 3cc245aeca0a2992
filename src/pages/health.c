#include "warta/http/accept.h"
#include "warta/pages/page.h"
#include "warta/store/ready.h"

/* In words as text, or as JSON where that is preferred. */
static int say(struct exchange *x, int status, const char *state, const char *words)
{
    response_header(x->response, "Cache-Control", "no-store");
    if (request_prefers_json(x->request))
        return page_json(x, status, "application/json", json_pack("{s:s, s:s*}", "status", state, "detail", words));
    buf_format(&x->response->body, "%s%s%s\n", state, words == NULL ? "" : ": ", words == NULL ? "" : words);
    return page_body(x, status, "text/plain; charset=utf-8");
}

int page_healthz(struct exchange *x)
{
    return say(x, 200, "alive", NULL);
}

int page_readyz(struct exchange *x)
{
    char words[READINESS_CAP];
    return readiness_get(x->site->readiness, words) ? say(x, 200, "ready", NULL) : say(x, 503, "not ready", words);
}
