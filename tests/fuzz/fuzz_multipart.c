/* A multipart form. Input: a byte that says whether the body was cut, then the body, whose boundary is "b". Files must be slices
 * of it, and what is bounded must be within its bounds. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "warta/base/text.h"
#include "warta/http/form.h"
#include "warta/http/form_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_text(const json_t *value)
{
    const char *text = json_string_value(value);
    assert(text != NULL && text_valid(text, strlen(text)));
}

static void assert_fields(const json_t *fields)
{
    const char *name;
    json_t *value, *one;
    size_t i, count = 0;
    json_object_foreach((json_t *)(uintptr_t)fields, name, value)
    {
        assert(strlen(name) <= FORM_DATA_NAME_MAX);
        if (json_is_string(value))
            assert_text(value);
        json_array_foreach(value, i, one) assert_text(one);
        count += json_is_array(value) ? json_array_size(value) : 1;
    }
    assert(count <= FORM_FIELDS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct arena arena;
    const char *body = (const char *)data + 1;
    arena_init(&arena);
    struct form_data form = {.arena = &arena, .fields = json_object()};
    int status = form_data_read(&form, "multipart/form-data; boundary=b", body, size - 1, (data[0] & 1) != 0);
    assert(status == 200 || status == 400 || status == 413);
    assert((form.problem != NULL) == (status == 400));
    assert_fields(form.fields);
    assert(form.uploads_len <= FORM_DATA_UPLOADS_MAX);
    for (size_t i = 0; i < form.uploads_len; i++)
        assert(form.uploads[i].bytes >= body && form.uploads[i].bytes + form.uploads[i].len <= body + size - 1);
    json_decref(form.fields);
    arena_release(&arena);
    return 0;
}
