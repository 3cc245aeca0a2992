#include "warta/base/metrics.h"

#include <stdio.h>

#include "warta/http/client.h"
#include "warta/pages/page.h"

static void write_items(struct exchange *x, struct buf *out)
{
    static const char *const keys[] = {"draft", "scheduled", "published", "trashed"};
    json_t *params = json_pack("{s:I}", "now_unix", (json_int_t)x->now_unix);
    json_t *counts = store_row(x->store, SQL_ITEM_STATUS_COUNTS, params);
    json_decref(params);
    if (counts == NULL)
        return;
    metrics_family(out, "warta_items", "gauge", "Items of the newsroom, by their state.");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char labels[32];
        snprintf(labels, sizeof labels, "status=\"%s\"", keys[i]);
        metrics_count(out, "warta_items", labels, (uint64_t)json_integer_value(json_object_get(counts, keys[i])));
    }
    json_decref(counts);
}

static void write_sessions(struct exchange *x, struct buf *out)
{
    int64_t sessions = session_count(x->store, x->now_unix);
    if (sessions < 0)
        return;
    metrics_family(out, "warta_sessions", "gauge", "Sessions of staff that are live.");
    metrics_count(out, "warta_sessions", "", (uint64_t)sessions);
}

static void write_database(struct exchange *x, struct buf *out)
{
    struct store_size size = store_size(x->store);
    metrics_family(out, "warta_database_bytes", "gauge", "Size of the database's file.");
    metrics_count(out, "warta_database_bytes", "", size.database);
    metrics_family(out, "warta_database_wal_bytes", "gauge", "Size of the file of what was written last (WAL).");
    metrics_count(out, "warta_database_wal_bytes", "", size.wal);
}

/* What the database cannot tell is left out: the rest is wanted most when it fails. */
int page_metrics(struct exchange *x)
{
    const struct site *site = x->site;
    struct buf *out = &x->response->body;
    if (!client_is_within(x->client, site->metrics_from))
        return 404;
    response_header(x->response, "Cache-Control", "no-store");
    write_items(x, out);
    write_sessions(x, out);
    write_database(x, out);
    if (site->metrics != NULL)
        site->metrics->write(site->metrics->context, out);
    return page_body(x, 200, "text/plain; version=0.0.4; charset=utf-8");
}
