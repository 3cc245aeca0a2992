/* Numbers in the text format of Prometheus (exposition format 0.0.4).
 *
 * Threads: those of the buffer. */
#ifndef WARTA_BASE_METRICS_H
#define WARTA_BASE_METRICS_H

#include <stdint.h>

#include "warta/base/buf.h"

/* Begins a family: "counter", "gauge", "histogram" or "summary"; `help` is one line without a backslash. Its samples
 * follow. */
void metrics_family(struct buf *out, const char *name, const char *type, const char *help);

/* One sample. `labels` are as they stand between the braces (`lane="slow"`), with nothing in them to be escaped; ""
 * for none. */
void metrics_count(struct buf *out, const char *name, const char *labels, uint64_t value);
void metrics_seconds(struct buf *out, const char *name, const char *labels, uint64_t ns);

#endif
