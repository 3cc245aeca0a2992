#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "warta/base/text.h"
#include "warta/commands/plain_text.h"

static void check_item(const json_t *item)
{
    static const char *const keys[] = {"type", "kicker", "title", "summary"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *text = json_string_value(json_object_get(item, keys[i]));
        assert(text && text_valid(text, strlen(text)) && !text_has_controls(text));
    }
    assert(*json_string_value(json_object_get(item, "title")));
    const json_t *date = json_object_get(item, "date");
    assert(!date || text_date_valid(json_string_value(date)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[PLAIN_TEXT_ERROR_CAP];
    json_t *guesses = json_array();
    json_t *items = plain_text_parse((const char *)data, size, guesses, error);
    assert(items ? json_array_size(items) > 0 && !*error : !strncmp(error, "line ", 5));
    size_t index;
    const json_t *item;
    json_array_foreach(items, index, item)
    {
        check_item(item);
    }
    json_decref(items);
    json_decref(guesses);
    return 0;
}
