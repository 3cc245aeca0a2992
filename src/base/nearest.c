#include "warta/base/nearest.h"

#include <string.h>

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* One row of the table at a time. */
static size_t edit_distance(const char *a, const char *b, size_t b_len)
{
    size_t row[NEAREST_CAP];
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b_len; j++) {
            size_t replaced = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = smallest(replaced, diagonal + 1, row[j] + 1);
        }
    }
    return row[b_len];
}

void nearest_init(struct nearest *nearest, const char *wanted)
{
    *nearest = (struct nearest){.wanted = wanted, .distance = NEAREST_EDITS + 1};
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    size_t len = strlen(name);
    if (len >= NEAREST_CAP || strlen(nearest->wanted) >= 2 * NEAREST_CAP)
        return;
    size_t distance = edit_distance(nearest->wanted, name, len);
    if (distance >= nearest->distance || 2 * distance > len)
        return;
    nearest->distance = distance;
    memcpy(nearest->name, name, len + 1);
}
