#include "warta/http/accept.h"
#include "warta/pages/page.h"
#include "warta/store/migrate.h"
#include "warta/store/ready.h"

enum { WORDS_CAP = 256 };

/* In words as text, or as JSON where that is preferred. */
static int say(struct exchange *x, int status, const char *state, const char *words)
{
    response_header(x->response, "Cache-Control", "no-store");
    if (request_prefers_json(x->request))
        return page_json(x, status, "application/json", json_pack("{s:s, s:s*}", "status", state, "detail", words));
    response_header(x->response, "Content-Type", "text/plain; charset=utf-8");
    buf_format(&x->response->body, "%s%s%s\n", state, words == NULL ? "" : ": ", words == NULL ? "" : words);
    return status;
}

int page_healthz(struct exchange *x)
{
    return say(x, 200, "alive", NULL);
}

static bool is_readable(struct exchange *x)
{
    json_t *row = store_rows(x->store, SQL_HEALTH, NULL);
    json_decref(row);
    return row != NULL;
}

/* The path of the database is for the log: whoever asks need not be an operator. */
static bool is_current(struct exchange *x)
{
    char reason[WORDS_CAP];
    if (migrate_is_current(store_path(x->store), reason, sizeof reason))
        return true;
    log_write(x->site->log, LOG_ERROR, x->id, "not ready: %s", reason);
    return false;
}

int page_readyz(struct exchange *x)
{
    char reason[WORDS_CAP];
    if (!is_readable(x))
        return say(x, 503, "not ready", "the database cannot be read");
    if (!is_current(x))
        return say(x, 503, "not ready", "the database is not of this program's version");
    if (!ready_to_write(store_path(x->store), reason, sizeof reason))
        return say(x, 503, "not ready", reason);
    return say(x, 200, "ready", NULL);
}
