#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "warta/pages/page.h"

const struct param done_params[] = {PARAMS_DONE, {.name = "cleaned", .kind = PARAM_TEXT, .max = 400}, {0}};

/* How what was done can be taken back: by the item's revision from before, or that of each item, by what undo.h keeps, or
 * by ending the link that was made. */
enum undoes { UNDOES_NOTHING, UNDOES_ITEM, UNDOES_ITEMS, UNDOES_KEPT, UNDOES_PREVIEW, UNDOES_RESET };

/* What the message says of what was done. */
static const struct {
    const char *code, *words;
    enum undoes undoes;
} messages[] = {
    {"created", "The item is made.", UNDOES_ITEM},
    {"saved", "Saved.", UNDOES_ITEM},
    {"published", "Published.", UNDOES_ITEM},
    {"scheduled", "Scheduled.", UNDOES_ITEM},
    {"unpublished", "Taken off the site; it is a draft now.", UNDOES_ITEM},
    {"trashed", "Put into the trash.", UNDOES_ITEM},
    {"restored", "Taken out of the trash; it is a draft now.", UNDOES_ITEM},
    {"reverted", "The earlier version is back.", UNDOES_ITEM},
    {"bulk", "Done for all that were chosen.", UNDOES_ITEMS},
    {"bulk-undone", "They are as they were before.", UNDOES_ITEMS},
    {"emptied", "The trash is emptied of what was older than 30 days.", UNDOES_NOTHING},
    {"uploaded", "Uploaded.", UNDOES_KEPT},
    {"uploaded-rest", "What else was chosen is uploaded.", UNDOES_KEPT},
    {"replaced", "Replaced; its address is the same.", UNDOES_KEPT},
    {"deleted", "Deleted.", UNDOES_KEPT},
    {"merged", "Merged.", UNDOES_KEPT},
    {"added", "Added.", UNDOES_KEPT},
    {"changed", "Changed.", UNDOES_KEPT},
    {"accepted", "The form was taken for one of this site's own, as it should be.", UNDOES_NOTHING},
    {"shared", "The preview link is made.", UNDOES_PREVIEW},
    {"unshared", "No preview link that was ended works any more.", UNDOES_NOTHING},
    {"linked", "The link for a new password is made.", UNDOES_RESET},
    {"unlinked", "That link does not work any more.", UNDOES_NOTHING},
    {"password", "The password is changed.", UNDOES_NOTHING},
    {"sessions", "Those sessions are ended.", UNDOES_NOTHING},
    {"carried", "That was not done, as you have logged in anew since then. Please do it once more.", UNDOES_NOTHING},
    {"undone", "It is as it was before.", UNDOES_KEPT},
    {"undone-rest", "Otherwise it is as it was before.", UNDOES_KEPT},
};

/* --- forms --- */

const char *form_text(const struct exchange *x, const char *name)
{
    const json_t *value = json_object_get(x->form, name);
    const char *text = json_string_value(json_is_array(value) ? json_array_get(value, 0) : value);
    return text == NULL ? "" : text;
}

static int64_t number(const char *text)
{
    enum { DIGITS_MAX = 15 };
    size_t len = text == NULL ? 0 : strspn(text, "0123456789");
    return len == 0 || len > DIGITS_MAX || text[len] != '\0' ? -1 : strtoll(text, NULL, 10);
}

int64_t form_number(const struct exchange *x, const char *name)
{
    return number(form_text(x, name));
}

int64_t param_number(const struct exchange *x, const char *name)
{
    const json_t *value = json_object_get(x->params, name);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : number(json_string_value(value));
}

/* --- the cookie --- */

static bool is_secure(const struct site *site)
{
    return strncmp(site->base.origin, "https:", strlen("https:")) == 0;
}

const char *page_cookie_name(const struct site *site)
{
    if (!is_secure(site))
        return "warta";
    return *site->base.prefix == '\0' ? "__Host-warta" : "__Secure-warta";
}

void page_set_cookie(struct exchange *x, const char *value)
{
    const struct site *site = x->site;
    int max_age = *value == '\0' ? 0 : SESSION_LIFE_S;
    response_header(x->response, "Set-Cookie",
                    arena_format(&x->arena, "%s=%s; Path=%s; Max-Age=%d; HttpOnly; SameSite=Lax%s",
                                 page_cookie_name(site), value, *site->base.prefix == '\0' ? "/" : site->base.prefix,
                                 max_age, is_secure(site) ? "; Secure" : ""));
}

/* --- pages of staff --- */

/* A form with an Undo button (*steals* `values`; *owned*). */
static json_t *undo_form(struct exchange *x, const char *path, const char *name, json_t *values)
{
    return json_pack("{s:s, s:s, s:o}", "action", page_href(x, path), "name", name, "values", values);
}

/* The item's revision from before; one that was not there before goes into the trash (*owned*). */
static json_t *undo_item(struct exchange *x)
{
    int64_t item = param_number(x, "item");
    int64_t version = param_number(x, "version");
    int64_t to = param_number(x, "to");
    if (item <= 0 || version <= 0 || (to <= 0 && version != 1))
        return json_null();
    const char *path =
        to <= 0 ? arena_format(&x->arena, "/admin/items/%lld/trash", (long long)item)
                : arena_format(&x->arena, "/admin/items/%lld/revisions/%lld/restore", (long long)item, (long long)to);
    return undo_form(x, path, "version", json_pack("[I]", (json_int_t)version));
}

/* What the parameter `undo` lists, parted by spaces: numbers, "ITEM.VERSION", or a token; null if that is none
 * (*owned*). */
static json_t *undo_values(const struct exchange *x)
{
    static const char fit[] = "0123456789.-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *rest = json_string_value(json_object_get(x->params, "undo"));
    json_t *values = json_array();
    rest = rest == NULL ? "" : rest;
    while (*rest != '\0') {
        size_t len = strspn(rest, fit);
        if (len == 0 || (rest[len] != ' ' && rest[len] != '\0'))
            break;
        json_array_append_new(values, json_stringn(rest, len));
        rest += len;
        rest += *rest == ' ' ? 1 : 0;
    }
    if (json_array_size(values) > 0 && *rest == '\0')
        return values;
    json_decref(values);
    return json_null();
}

/* How to take back what was done; null if it cannot be (*owned*). A link somebody sent may claim that anything was
 * done, so only the users' own page offers what is done with users: elsewhere `id` is another thing's. */
static json_t *undo(struct exchange *x, enum undoes undoes)
{
    const char *section = json_string_value(json_object_get(x->model, "section"));
    section = section == NULL ? "" : section;
    long long id = (long long)param_number(x, "id");
    json_t *values = undo_values(x);
    const char *path = NULL;
    const char *name = "undo";
    if (undoes == UNDOES_KEPT && *section != '\0')
        path = arena_format(&x->arena, "/admin/%s/undo", section);
    if (undoes == UNDOES_ITEMS)
        path = "/admin/bulk", name = "item";
    if (undoes == UNDOES_PREVIEW && strcmp(section, "items") == 0)
        path = arena_format(&x->arena, "/admin/items/%lld/share", id), name = "end";
    if (undoes == UNDOES_RESET && strcmp(section, "users") == 0)
        path = arena_format(&x->arena, "/admin/users/%lld", id), name = "do";
    if (path != NULL && json_is_array(values))
        return undo_form(x, path, name, values);
    json_decref(values);
    return undoes == UNDOES_ITEM ? undo_item(x) : json_null();
}

static json_t *done(struct exchange *x)
{
    const char *code = json_string_value(json_object_get(x->params, "done"));
    for (size_t i = 0; code != NULL && i < sizeof messages / sizeof *messages; i++) {
        if (strcmp(messages[i].code, code) == 0)
            return json_pack("{s:s, s:o}", "words", messages[i].words, "undo", undo(x, messages[i].undoes));
    }
    return json_null();
}

void page_say_done(struct exchange *x, const char *done, const char *undo)
{
    json_object_set_new(x->params, "done", json_string(done));
    json_object_set_new(x->params, "undo", json_string(undo));
}

const char *page_done(struct exchange *x, const char *path, const char *done, int64_t undo_id)
{
    return undo_id == 0 ? arena_format(&x->arena, "%s?done=%s", path, done)
                        : arena_format(&x->arena, "%s?done=%s&undo=%lld", path, done, (long long)undo_id);
}

/* An id that no form had before: 128 random bits. */
static json_t *new_request_id(void)
{
    unsigned char bytes[16];
    char text[2 * sizeof bytes + 1];
    randombytes_buf(bytes, sizeof bytes);
    return json_string(sodium_bin2hex(text, sizeof text, bytes, sizeof bytes));
}

int page_admin_html(struct exchange *x, int status, const char *template_name)
{
    static const char *const sections[] = {"items", "files", "types", "users", "doctor", "activity", "account"};
    const char *section = json_string_value(json_object_get(x->model, "section"));
    const char *role = json_string_value(json_object_get(x->session, "role"));
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        json_object_set_new(x->model, arena_format(&x->arena, "section_%s", sections[i]),
                            json_boolean(section != NULL && strcmp(section, sections[i]) == 0));
    json_object_update_new(x->model, json_pack("{s:s?, s:b, s:s, s:o, s:o}", "user_name", x->actor.name, "is_admin",
                                               role != NULL && strcmp(role, "admin") == 0, "csrf", x->csrf,
                                               "request_id", new_request_id(), "done", done(x)));
    page_set_cookie(x, x->cookie);
    response_header(
        x->response, "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    return page_html(x, status, template_name);
}

/* The form of this request, urlencoded again, without its token (*owned*). */
static json_t *carried_form(json_t *form)
{
    struct buf out = BUF_EMPTY;
    const char *name;
    json_t *value;
    json_object_foreach(form, name, value)
    {
        size_t values = json_is_array(value) ? json_array_size(value) : 1;
        for (size_t i = 0; i < values && strcmp(name, "csrf") != 0; i++) {
            buf_text(&out, out.len > 0 ? "&" : "");
            url_encode(&out, name);
            buf_char(&out, '=');
            url_encode(&out, json_string_value(json_is_array(value) ? json_array_get(value, i) : value));
        }
    }
    json_t *text = json_string(buf_string(&out));
    buf_release(&out);
    return text;
}

/* The page that a form's answer would have led back to (*arena*). */
static const char *page_of_form(struct exchange *x)
{
    static const char *const numbered[] = {"/admin/items/", "/admin/files/"};
    static const char *const pages[] = {"/admin/files", "/admin/types", "/admin/users", "/admin/account",
                                        "/admin/doctor"};
    for (size_t i = 0; i < sizeof numbered / sizeof *numbered; i++) {
        size_t len = strlen(numbered[i]);
        size_t digits = strncmp(x->path, numbered[i], len) == 0 ? strspn(x->path + len, "0123456789") : 0;
        if (digits > 0)
            return arena_copy(&x->arena, x->path, len + digits);
    }
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        if (strncmp(x->path, pages[i], strlen(pages[i])) == 0)
            return pages[i];
    }
    return "/admin";
}

int page_login_carry(struct exchange *x)
{
    bool carries = page_carries(x->path);
    json_decref(x->model);
    x->model = json_pack("{s:s, s:{s:s}, s:n, s:s, s:s, s:o, s:b, s:b, s:n}", "page_title", "Log in", "values",
                         "username", "", "error", "next", carries ? "" : page_of_form(x), "carry_path",
                         carries ? x->path : "", "carry", carries ? carried_form(x->form) : json_string(""),
                         "has_carry", carries, "not_done", !carries, "retry_words");
    return page_admin_html(x, 403, "admin/login.html");
}

int page_form_again(struct exchange *x)
{
    json_t *form = carried_form(x->form);
    int status = page_carry(x, x->path, json_string_value(form));
    json_decref(form);
    return status == 200 ? 403 : status;
}
