#include "warta/commands/stamp.h"

#include "warta/base/text.h"

void stamp_format(int64_t unix_time, char out[static STAMP_CAP])
{
    char utc[TEXT_UTC_CAP];
    text_utc_format(unix_time, utc);
    for (const char *c = utc; *c != '\0'; c++) {
        if (*c != '-' && *c != ':')
            *out++ = *c;
    }
    *out = '\0';
}

bool stamp_valid(const char *text)
{
    static const char form[] = "00000000T000000Z";
    for (const char *f = form; *f != '\0'; f++, text++) {
        bool fits = *f == '0' ? *text >= '0' && *text <= '9' : *text == *f;
        if (!fits)
            return false;
    }
    return true;
}
