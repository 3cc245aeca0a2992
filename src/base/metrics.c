#include "warta/base/metrics.h"

#include <inttypes.h>

void metrics_family(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void begin_sample(struct buf *out, const char *name, const char *labels)
{
    if (*labels == '\0')
        buf_format(out, "%s ", name);
    else
        buf_format(out, "%s{%s} ", name, labels);
}

void metrics_count(struct buf *out, const char *name, const char *labels, uint64_t value)
{
    begin_sample(out, name, labels);
    buf_format(out, "%" PRIu64 "\n", value);
}

void metrics_seconds(struct buf *out, const char *name, const char *labels, uint64_t ns)
{
    begin_sample(out, name, labels);
    buf_format(out, "%" PRIu64 ".%09" PRIu64 "\n", ns / 1000000000, ns % 1000000000);
}
