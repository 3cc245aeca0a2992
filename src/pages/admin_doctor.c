/* The doctor's page: what the server sees of the very request that asks for it. */
#include "warta/newsroom/doctor.h"

#include <string.h>
#include <strings.h>

#include "warta/http/client.h"
#include "warta/pages/page.h"

enum { SHOWN_MAX = 200 /* bytes of what a client sent */ };

static const char *shown(struct exchange *x, const char *value)
{
    if (value == NULL)
        return "not sent";
    size_t len = strlen(value);
    if (len > SHOWN_MAX)
        return arena_format(&x->arena, "(%zu bytes)", len);
    return text_valid(value, len) ? value : "(not UTF-8)";
}

static const char *header(const struct exchange *x, const char *name)
{
    return request_header(x->request, name);
}

static bool same(const char *one, const char *other)
{
    return one != NULL && strcasecmp(one, other) == 0;
}

/* --- the scheme and the address --- */

static const char *base_host(const struct exchange *x)
{
    return strstr(x->site->base.origin, "://") + strlen("://");
}

/* Some proxies pass the name on without its port, as nginx's $host does. */
static bool is_base_host(const struct exchange *x, const char *host)
{
    const char *base = base_host(x);
    size_t len = host == NULL ? 0 : strlen(host);
    return len > 0 && strncasecmp(host, base, len) == 0 && (base[len] == '\0' || base[len] == ':');
}

static void look_scheme(struct exchange *x, struct doctor *doctor)
{
    const char *told = header(x, "X-Forwarded-Proto");
    bool secure = strncmp(x->site->base.origin, "https:", strlen("https:")) == 0;
    doctor_fact(doctor, "Base address", "%s%s", x->site->base.origin, x->site->base.prefix);
    doctor_fact(doctor, "Scheme by base-url", "%s", secure ? "https" : "http");
    doctor_fact(doctor, "X-Forwarded-Proto", "%s", shown(x, told));
    if (same(told, "https") && !secure)
        doctor_find(doctor, DOCTOR_WRONG, "Set base-url to the https address, and restart the server.",
                    "Readers come by https, but base-url says %s.", x->site->base.origin);
    if (same(told, "http") && secure)
        doctor_find(doctor, DOCTOR_WRONG, "Have the proxy lead http to https.",
                    "This request came by http, but base-url says %s: logins by http cannot work.",
                    x->site->base.origin);
}

static void look_host(struct exchange *x, struct doctor *doctor)
{
    const char *forwarded = header(x, "X-Forwarded-Host");
    const char *host = header(x, "Host");
    doctor_fact(doctor, "Host", "%s", shown(x, host));
    if (forwarded != NULL)
        doctor_fact(doctor, "X-Forwarded-Host", "%s", shown(x, forwarded));
    if (host == NULL || is_base_host(x, host) || is_base_host(x, forwarded))
        return;
    doctor_find(
        doctor, DOCTOR_WARNING,
        "If that is where you are, set base-url to it. If the proxy asks by a name of its own, have it pass the "
        "reader's Host on (nginx: proxy_set_header Host $host).",
        "The request is for %s, but base-url says %s.", shown(x, forwarded != NULL ? forwarded : host), base_host(x));
}

static void look_prefix(struct exchange *x, struct doctor *doctor)
{
    const char *prefix = x->site->base.prefix;
    const char *told = header(x, "X-Forwarded-Prefix");
    if (*prefix == '\0')
        doctor_fact(doctor, "Path prefix", "none");
    else
        doctor_fact(doctor, "Path prefix", "%s, %s by the proxy", prefix,
                    x->path == x->request->path ? "taken off" : "kept");
    if (told == NULL)
        return;
    doctor_fact(doctor, "X-Forwarded-Prefix", "%s", shown(x, told));
    if (strcmp(told, prefix) != 0 && strcmp(told, "/") != 0)
        doctor_find(doctor, DOCTOR_WRONG,
                    "Set base-url to the address with its path, such as https://example.org/news.",
                    "The proxy says that the site is below %s, but base-url says %s%s.", shown(x, told),
                    x->site->base.origin, *prefix == '\0' ? "/" : prefix);
}

/* --- the client --- */

static const char *trust(const struct exchange *x, const char *address)
{
    return client_is_trusted(address, x->site->trusted_proxies) ? "trusted" : "not trusted";
}

/* The hops of one header, each with what is thought of it. */
static void look_hops(struct exchange *x, struct doctor *doctor, const char *list)
{
    while (*list != '\0') {
        size_t len = strcspn(list, ",");
        const char *hop = arena_copy(&x->arena, list, len);
        hop += strspn(hop, " \t");
        doctor_fact(doctor, "X-Forwarded-For", "%s, %s", shown(x, hop), trust(x, hop));
        list += len + (list[len] == ',');
    }
}

static void look_client(struct exchange *x, struct doctor *doctor)
{
    const char *peer = x->request->client;
    bool on_socket = *peer == '\0';
    bool is_trusted = on_socket || client_is_trusted(peer, x->site->trusted_proxies);
    const char *forwarded = header(x, "X-Forwarded-For");
    for (size_t i = 0; i < x->request->headers_len; i++) {
        if (same(x->request->headers[i].name, "X-Forwarded-For") && strlen(x->request->headers[i].value) <= SHOWN_MAX)
            look_hops(x, doctor, x->request->headers[i].value);
    }
    doctor_fact(doctor, "Asked by", "%s, %s", on_socket ? "a unix socket" : peer,
                is_trusted ? "trusted" : "not trusted");
    doctor_fact(doctor, "You are", "%s", x->client);
    if (forwarded != NULL && !is_trusted)
        doctor_find(
            doctor, DOCTOR_WRONG, "If that is your proxy, add its network to trusted-proxy.",
            "%s passes readers on, but is not trusted: all of them count as one, and one who mistypes a password slows "
            "down everybody's login.",
            peer);
    if (forwarded == NULL && header(x, "X-Forwarded-Proto") != NULL)
        doctor_find(doctor, DOCTOR_WARNING, "Have the proxy add the reader's address to X-Forwarded-For.",
                    "The proxy does not tell who asks: all readers count as one.");
}

/* --- the session --- */

static void look_cookie(struct exchange *x, struct doctor *doctor)
{
    const char *name = page_cookie_name(x->site);
    const char *set = response_header_get(x->response, "Set-Cookie");
    const char *attributes = set == NULL ? NULL : strchr(set, ';');
    size_t seen = 0, name_len = strlen(name);
    for (size_t i = 0; i < x->request->headers_len; i++) {
        const char *at = x->request->headers[i].value;
        if (!same(x->request->headers[i].name, "Cookie"))
            continue;
        for (; *at != '\0'; at += strcspn(at, ";"), at += strspn(at, "; "))
            seen += strncmp(at, name, name_len) == 0 && at[name_len] == '=';
    }
    doctor_fact(doctor, "Cookie", "%s%s", name, attributes == NULL ? "" : attributes);
    doctor_fact(doctor, "Cookies of that name", "%zu came back", seen);
    if (seen > 1)
        doctor_find(doctor, DOCTOR_WARNING, "Delete this site's cookies in the browser, and log in again.",
                    "The browser sends %zu cookies of one name, as for an address with and one without a path.", seen);
}

/* A page is asked for without an Origin; where the browser says that it came from is as good. */
static void look_origin(struct exchange *x, struct doctor *doctor)
{
    const char *origin = header(x, "Origin");
    const char *referrer = header(x, "Referer");
    const char *ours = x->site->base.origin;
    size_t len = strlen(ours);
    doctor_fact(doctor, "Origin", "%s", shown(x, origin));
    doctor_fact(doctor, "Sec-Fetch-Site", "%s", shown(x, header(x, "Sec-Fetch-Site")));
    doctor_fact(doctor, "Referer", "%s", shown(x, referrer));
    bool is_ours = referrer != NULL && strncmp(referrer, ours, len) == 0 && strchr("/?", referrer[len]) != NULL;
    bool is_own_click = same(header(x, "Sec-Fetch-Site"), "same-origin");
    if ((origin != NULL && strcmp(origin, ours) != 0) || (is_own_click && referrer != NULL && !is_ours))
        doctor_find(doctor, DOCTOR_WRONG, "Set base-url to the address that the browser shows.",
                    "The browser is at another address than %s, so forms will be refused.", ours);
}

/* --- the page --- */

static void look_request(struct exchange *x, struct doctor *doctor)
{
    doctor_group(doctor, "This request");
    look_scheme(x, doctor);
    look_host(x, doctor);
    look_prefix(x, doctor);
    look_client(x, doctor);
    look_cookie(x, doctor);
    look_origin(x, doctor);
}

static void name_levels(json_t *findings)
{
    size_t i;
    json_t *finding;
    json_array_foreach(findings, i, finding)
    {
        const char *level = json_string_value(json_object_get(finding, "level"));
        const char *words = *level == 'n' ? "Note" : strcmp(level, "warning") == 0 ? "Warning" : "Wrong";
        json_object_set_new(finding, "is_note", json_boolean(*level == 'n'));
        json_object_set_new(finding, "level_words", json_string(words));
    }
}

int page_doctor(struct exchange *x)
{
    struct doctor doctor = {
        .database = x->site->database,
        .settings = x->site->settings,
        .origin = x->site->base.origin,
        .now_unix = x->now_unix,
        .in_server = true,
    };
    doctor_init(&doctor);
    page_set_cookie(x, x->cookie);
    look_request(x, &doctor);
    bool ok = doctor_look(&doctor, x->store);
    name_levels(doctor.findings);
    x->model = json_pack("{s:s, s:s, s:b, s:O, s:O}", "page_title", "Doctor", "section", "doctor", "well",
                         json_array_size(doctor.findings) == 0, "findings", doctor.findings, "groups", doctor.groups);
    doctor_release(&doctor);
    return ok ? page_admin_html(x, 200, "admin/doctor.html") : 500;
}

/* That it came so far says all: the guards have let the form through. */
int page_doctor_post(struct exchange *x)
{
    return page_redirect(x, 303, "/admin/doctor?done=accepted");
}
