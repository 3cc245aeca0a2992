/* What tools/embed.c generates: all assets, sorted by name as strcmp() sorts. */
#ifndef ASSET_TABLE_H
#define ASSET_TABLE_H

#include "warta/base/asset.h"

extern const struct asset asset_table[];
extern const size_t asset_table_len;

#endif
