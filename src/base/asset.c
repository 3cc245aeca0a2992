#include "warta/base/asset.h"

#include <stdlib.h>
#include <string.h>

#include "asset_table.h"

static int compare_name(const void *name, const void *asset)
{
    return strcmp(name, ((const struct asset *)asset)->name);
}

const struct asset *asset_find(const char *name)
{
    return bsearch(name, asset_table, asset_table_len, sizeof *asset_table, compare_name);
}

size_t asset_range(const char *prefix, const struct asset **first)
{
    size_t prefix_len = strlen(prefix), begin = 0, end;
    while (begin < asset_table_len && strncmp(asset_table[begin].name, prefix, prefix_len) < 0)
        begin++;
    for (end = begin; end < asset_table_len && strncmp(asset_table[end].name, prefix, prefix_len) == 0;)
        end++;
    *first = asset_table + begin;
    return end - begin;
}
