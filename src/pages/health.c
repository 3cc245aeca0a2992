#include "warta/pages/page.h"

static int say(struct exchange *x, int status, const char *word)
{
    buf_text(&x->response->body, word);
    response_header(x->response, "Content-Type", "text/plain; charset=utf-8");
    response_header(x->response, "Cache-Control", "no-store");
    return status;
}

int page_healthz(struct exchange *x)
{
    return say(x, 200, "alive\n");
}

int page_readyz(struct exchange *x)
{
    json_t *row = store_rows(x->store, SQL_HEALTH, NULL);
    bool readable = row != NULL;
    json_decref(row);
    return readable ? say(x, 200, "ready\n") : say(x, 503, "the database cannot be read\n");
}
