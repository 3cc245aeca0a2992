/* Parses and renders one template: the input's first line, where '~' stands for a line end, with the JSON behind it as
 * the model. The template is its own partial "main"; "lines" is a partial of two lines. */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/mem.h"
#include "warta/view/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Arrays in nested sections multiply: that is the template's author's will, and only keeps the fuzzer waiting. */
static bool is_quick(const char *text, size_t text_len, size_t data_len)
{
    size_t sections = 0;
    for (size_t i = 0; i < text_len; i++)
        sections += text[i] == '#';
    return text_len <= 2048 && data_len <= 2048 && sections <= 4;
}

/* Without raw tags the output has no special character that the templates do not have. */
static void require_escaped(const char *text, size_t len, const struct buf *out)
{
    if (out->len == 0 || memmem(text, len, "_html", 5) != NULL)
        return;
    for (const char *special = "<>\"'"; *special != '\0'; special++)
        require(memchr(text, *special, len) != NULL || memchr(out->data, *special, out->len) == NULL);
}

static void render_twice(const struct templates *templates, const char *text, size_t len, const json_t *model)
{
    char error[TEMPLATE_ERROR_CAP] = "";
    struct buf out = BUF_EMPTY;
    struct buf again = BUF_EMPTY;
    buf_text(&again, "before");
    bool done = template_render(templates, "main", model, NULL, &out, error);
    require(template_render(templates, "main", model, model, &again, error) == done);
    require(again.len == 6 + out.len && memcmp(again.data, "before", 6) == 0);
    require(out.len == 0 || memcmp(again.data + 6, out.data, out.len) == 0);
    require(done || (out.len == 0 && error[0] != '\0'));
    require_escaped(text, len, &out);
    buf_release(&out);
    buf_release(&again);
}

static void try_template(const char *text, size_t len, const json_t *model)
{
    static const char lines[] = "one\ntwo";
    char error[TEMPLATE_ERROR_CAP] = "";
    struct template_source sources[] = {{"main", text, len}, {"lines", lines, sizeof lines - 1}};
    struct templates *templates = templates_create(sources, 2, error);
    require((templates == NULL) == (error[0] != '\0'));
    if (templates != NULL && model != NULL)
        render_twice(templates, text, len, model);
    templates_destroy(templates);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *input = (const char *)data;
    const char *newline = len == 0 ? NULL : memchr(input, '\n', len);
    size_t text_len = newline == NULL ? len : (size_t)(newline - input);
    size_t json_len = newline == NULL ? 0 : len - text_len - 1;
    if (!is_quick(input, text_len, json_len))
        return -1;
    char *text = mem_copy(input, text_len);
    for (size_t i = 0; i < text_len; i++)
        if (text[i] == '~')
            text[i] = '\n';
    json_t *model = newline == NULL ? NULL : json_loadb(newline + 1, json_len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    try_template(text, text_len, model);
    json_decref(model);
    free(text);
    return 0;
}
