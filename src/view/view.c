#include "warta/view/view.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/asset.h"
#include "warta/base/mem.h"
#include "warta/view/template.h"

struct view {
    struct templates *templates;
    json_t *globals;
};

static struct templates *load_templates(char error[static TEMPLATE_ERROR_CAP])
{
    static const char prefix[] = "templates/";
    const struct asset *assets;
    size_t len = asset_range(prefix, &assets);
    struct template_source *sources = mem_alloc((len + 1) * sizeof *sources);
    for (size_t i = 0; i < len; i++)
        sources[i] = (struct template_source){assets[i].name + strlen(prefix), assets[i].bytes, assets[i].len};
    struct templates *templates = templates_create(sources, len, error);
    free(sources);
    return templates;
}

/* "icons/menu-open.svg" is icons_menu_open_svg: whatever cannot stand in a template's key is '_'. */
static void append_key(struct buf *out, const char *name)
{
    static const char key_chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    for (; *name != '\0'; name++)
        buf_append(out, strchr(key_chars, *name) != NULL ? name : "_", 1);
}

static void append_path(struct buf *out, const char *name, const char *hash)
{
    const char *folder_end = strrchr(name, '/');
    const char *extension = strrchr(folder_end == NULL ? name : folder_end, '.');
    size_t stem_len = extension == NULL ? strlen(name) : (size_t)(extension - name);
    buf_format(out, "/static/%.*s.%s%s", (int)stem_len, name, hash, name + stem_len);
}

static void set_or_die(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        mem_exhausted();
}

static json_t *static_paths(void)
{
    static const char prefix[] = "static/";
    const struct asset *assets;
    size_t len = asset_range(prefix, &assets);
    json_t *paths = json_object();
    struct buf key = BUF_EMPTY;
    struct buf path = BUF_EMPTY;
    for (size_t i = 0; i < len; i++) {
        const char *name = assets[i].name + strlen(prefix);
        buf_truncate(&key, 0);
        buf_truncate(&path, 0);
        append_key(&key, name);
        append_path(&path, name, assets[i].hash);
        assert(json_object_get(paths, buf_string(&key)) == NULL);
        set_or_die(paths, buf_string(&key), json_string(buf_string(&path)));
    }
    buf_release(&key);
    buf_release(&path);
    return paths;
}

struct view *view_create(const json_t *site, char *error, size_t error_len)
{
    char reason[TEMPLATE_ERROR_CAP] = "";
    struct templates *templates = load_templates(reason);
    if (templates == NULL) {
        snprintf(error, error_len, "%s", reason);
        return NULL;
    }
    struct view *view = mem_alloc(sizeof *view);
    view->templates = templates;
    view->globals = json_deep_copy(site);
    set_or_die(view->globals, "static", static_paths());
    return view;
}

void view_destroy(struct view *view)
{
    if (view == NULL)
        return;
    templates_destroy(view->templates);
    json_decref(view->globals);
    free(view);
}

bool view_render(const struct view *view, const char *name, const json_t *model, struct buf *out, char *error,
                 size_t error_len)
{
    char reason[TEMPLATE_ERROR_CAP] = "";
    if (template_render(view->templates, name, model, view->globals, out, reason))
        return true;
    snprintf(error, error_len, "%s", reason);
    return false;
}
