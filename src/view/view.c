#include "warta/view/view.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/mem.h"
#include "warta/view/template.h"
#include "warta/view/theme.h"
#include "words.h"

struct view {
    struct theme *theme;         /* NULL: none */
    struct templates *templates; /* of the executable */
    struct templates *themed;    /* those with the theme's in the place of some; NULL: none */
    json_t *globals;
};

static const char templates_prefix[] = "templates/";
static const char static_prefix[] = "static/";
static const char words_name[] = "templates/words.txt";

/* The executable's templates, with the theme's in their place. */
static struct templates *load_templates(const struct theme *theme, char error[static TEMPLATE_ERROR_CAP])
{
    const struct asset *assets;
    size_t assets_len = asset_range(templates_prefix, &assets), len = 0;
    struct template_source *sources = mem_alloc((assets_len + 1) * sizeof *sources);
    for (size_t i = 0; i < assets_len; i++) {
        const struct asset *themed = theme_find(theme, assets[i].name);
        const struct asset *asset = themed == NULL ? &assets[i] : themed;
        if (strcmp(asset->name, words_name) != 0)
            sources[len++] = (struct template_source){asset->name + strlen(templates_prefix), asset->bytes, asset->len};
    }
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

/* False if another file has the same key. */
static bool add_path(json_t *paths, const struct asset *asset, bool replaces)
{
    struct buf key = BUF_EMPTY;
    struct buf path = BUF_EMPTY;
    const char *name = asset->name + strlen(static_prefix);
    append_key(&key, name);
    append_path(&path, name, asset->hash);
    bool ok = replaces || json_object_get(paths, buf_string(&key)) == NULL;
    if (ok)
        set_or_die(paths, buf_string(&key), json_string(buf_string(&path)));
    buf_release(&key);
    buf_release(&path);
    return ok;
}

static json_t *static_paths(void)
{
    const struct asset *assets;
    size_t len = asset_range(static_prefix, &assets);
    json_t *paths = json_object();
    for (size_t i = 0; i < len; i++) {
        bool unique = add_path(paths, &assets[i], false);
        assert(unique);
        (void)unique;
    }
    return paths;
}

static bool is_static(const char *name)
{
    return strncmp(name, static_prefix, strlen(static_prefix)) == 0;
}

/* --- the theme --- */

static bool theme_paths(const struct view *view, char *error, size_t error_len)
{
    size_t len;
    const struct asset *files = theme_files(view->theme, &len);
    json_t *paths = json_object_get(view->globals, "static");
    for (size_t i = 0; i < len; i++) {
        if (!is_static(files[i].name) || add_path(paths, &files[i], asset_find(files[i].name) != NULL))
            continue;
        snprintf(error, error_len,
                 "%s: templates could not tell it from a file of nearly the same name: give it another", files[i].name);
        return false;
    }
    return true;
}

static bool theme_words(const struct view *view, char *error, size_t error_len)
{
    const struct asset *asset = theme_find(view->theme, words_name);
    json_t *words = asset == NULL ? NULL : words_read(asset, json_object_get(view->globals, "word"), error, error_len);
    if (words != NULL)
        set_or_die(view->globals, "word", words);
    return asset == NULL || words != NULL;
}

static bool theme_templates(struct view *view, char *error, size_t error_len)
{
    char reason[TEMPLATE_ERROR_CAP] = "";
    view->themed = load_templates(view->theme, reason);
    bool ok = view->themed != NULL && template_keys_known(view->themed, view->templates, view->globals, reason);
    if (!ok)
        snprintf(error, error_len, "%s%s", templates_prefix, reason);
    return ok;
}

static bool use_theme(struct view *view, const char *folder, char *error, size_t error_len)
{
    char reason[TEMPLATE_ERROR_CAP + 32] = "";
    view->theme = theme_load(folder, error, error_len);
    if (view->theme == NULL)
        return false;
    if (theme_paths(view, reason, sizeof reason) && theme_words(view, reason, sizeof reason) &&
        theme_templates(view, reason, sizeof reason))
        return true;
    snprintf(error, error_len, "%s/%s", folder, reason);
    return false;
}

/* --- lifecycle --- */

static json_t *own_words(char *error, size_t error_len)
{
    const struct asset *asset = asset_find(words_name);
    return asset == NULL ? json_object() : words_read(asset, NULL, error, error_len);
}

struct view *view_create(const json_t *site, const char *theme, char *error, size_t error_len)
{
    char reason[TEMPLATE_ERROR_CAP] = "";
    struct view *view = mem_alloc(sizeof *view);
    view->globals = json_deep_copy(site);
    view->templates = load_templates(NULL, reason);
    json_t *words = own_words(reason, sizeof reason);
    if (words != NULL)
        set_or_die(view->globals, "word", words);
    set_or_die(view->globals, "static", static_paths());
    snprintf(error, error_len, "%s", reason);
    if (view->templates != NULL && words != NULL &&
        (theme == NULL || *theme == '\0' || use_theme(view, theme, error, error_len)))
        return view;
    view_destroy(view);
    return NULL;
}

void view_destroy(struct view *view)
{
    if (view == NULL)
        return;
    templates_destroy(view->templates);
    templates_destroy(view->themed);
    theme_destroy(view->theme);
    json_decref(view->globals);
    free(view);
}

/* --- use --- */

bool view_render(const struct view *view, const char *name, const json_t *model, struct buf *out, char *error,
                 size_t error_len)
{
    char reason[TEMPLATE_ERROR_CAP] = "";
    bool ok = view->themed != NULL && template_render(view->themed, name, model, view->globals, out, reason);
    if (!ok)
        ok = template_render(view->templates, name, model, view->globals, out, reason);
    snprintf(error, error_len, "%s", reason);
    return ok;
}

static const char *static_name(const char *name, struct buf *full)
{
    buf_format(full, "%s%s", static_prefix, name);
    return buf_string(full);
}

const struct asset *view_theme_static(const struct view *view, const char *name)
{
    struct buf full = BUF_EMPTY;
    const struct asset *asset = theme_find(view->theme, static_name(name, &full));
    buf_release(&full);
    return asset;
}

const struct asset *view_static(const struct view *view, const char *name)
{
    struct buf full = BUF_EMPTY;
    const struct asset *themed = view_theme_static(view, name);
    const struct asset *asset = themed != NULL ? themed : asset_find(static_name(name, &full));
    buf_release(&full);
    return asset;
}

const char *view_words(const struct view *view, const char *name)
{
    return json_string_value(json_object_get(json_object_get(view->globals, "word"), name));
}
