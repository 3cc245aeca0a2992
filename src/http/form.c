#include "warta/http/form.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/buf.h"
#include "warta/base/mem.h"
#include "warta/base/text.h"
#include "warta/http/params.h"
#include "warta/http/url.h"

/* One object at hand: nested ones add their key and a full stop to `prefix`. */
struct form {
    const char *prefix;
    bool whole;
    json_t *errors;
};

/* --- mistakes --- */

/* Takes `reason` over. */
static void mistake(const struct form *form, const char *key, struct buf *reason)
{
    struct buf path = BUF_EMPTY;
    buf_text(&path, form->prefix);
    param_quote(&path, key);
    json_t *error = json_pack("{s:s, s:s}", "key", buf_string(&path), "reason", buf_string(reason));
    if (json_array_append_new(form->errors, error) != 0)
        mem_exhausted();
    buf_release(&path);
    buf_release(reason);
}

/* Always NULL, as the value of a key with a mistake. */
__attribute__((format(printf, 3, 4))) static json_t *refuse(const struct form *form, const char *key,
                                                            const char *format, ...)
{
    va_list arguments;
    char text[512];
    struct buf reason = BUF_EMPTY;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    buf_text(&reason, text);
    mistake(form, key, &reason);
    return NULL;
}
