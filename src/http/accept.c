#include "warta/http/accept.h"

#include <string.h>
#include <strings.h>

struct span {
    const char *text;
    size_t len;
};

static struct span span_trim(struct span span)
{
    for (; span.len > 0 && strchr(" \t", span.text[0]) != NULL; span.len--)
        span.text++;
    while (span.len > 0 && strchr(" \t", span.text[span.len - 1]) != NULL)
        span.len--;
    return span;
}

static bool span_is(struct span span, const char *text)
{
    return span.len == strlen(text) && strncasecmp(span.text, text, span.len) == 0;
}

/* Takes what stands before the next separator; one in a quoted string separates nothing (RFC 9110, 5.6.4). */
static struct span span_next(struct span *rest, char separator)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < rest->len && (quoted || rest->text[i] != separator); i++) {
        if (rest->text[i] == '"')
            quoted = !quoted;
        else if (quoted && rest->text[i] == '\\' && i + 1 < rest->len)
            i++;
    }
    struct span element = {rest->text, i};
    size_t taken = i < rest->len ? i + 1 : i;
    *rest = (struct span){rest->text + taken, rest->len - taken};
    return span_trim(element);
}

/* A weight in thousandths (RFC 9110, 12.4.2); 0 if it is not one. */
static int weight_parse(struct span weight)
{
    int value = 0, digit_worth = 1000;
    for (size_t i = 0; i < weight.len; i++) {
        if (i == 1 && weight.text[i] == '.')
            continue;
        if (weight.text[i] < '0' || weight.text[i] > '9' || i == 5)
            return 0;
        value += (weight.text[i] - '0') * digit_worth;
        digit_worth /= 10;
    }
    return value <= 1000 ? value : 0;
}

static int weight_of(struct span parameters)
{
    while (parameters.len > 0) {
        struct span parameter = span_next(&parameters, ';');
        if (parameter.len >= 2 && strncasecmp(parameter.text, "q=", 2) == 0)
            return weight_parse((struct span){parameter.text + 2, parameter.len - 2});
    }
    return 1000;
}

static bool is_json(struct span type)
{
    static const char prefix[] = "application/", suffix[] = "+json";
    size_t prefix_len = strlen(prefix), suffix_len = strlen(suffix);
    if (span_is(type, "application/json"))
        return true;
    return type.len > prefix_len + suffix_len && strncasecmp(type.text, prefix, prefix_len) == 0 &&
           strncasecmp(type.text + type.len - suffix_len, suffix, suffix_len) == 0;
}

/* How well a type is liked: the most specific range that covers it decides. */
struct liking {
    int weight;
    int specificity; /* 0: any type at all, 1: any of its kind, 2: the type itself */
};

static void liking_update(struct liking *liking, int specificity, int weight)
{
    if (specificity > liking->specificity || (specificity == liking->specificity && weight > liking->weight))
        *liking = (struct liking){weight, specificity};
}

static void accept_read(const char *accept, struct liking *json, struct liking *html)
{
    struct span ranges = {accept, strlen(accept)};
    while (ranges.len > 0) {
        struct span parameters = span_next(&ranges, ',');
        struct span type = span_next(&parameters, ';');
        int weight = weight_of(parameters);
        if (is_json(type))
            liking_update(json, 2, weight);
        if (span_is(type, "text/html"))
            liking_update(html, 2, weight);
        if (span_is(type, "application/*"))
            liking_update(json, 1, weight);
        if (span_is(type, "text/*"))
            liking_update(html, 1, weight);
        if (span_is(type, "*/*")) {
            liking_update(json, 0, weight);
            liking_update(html, 0, weight);
        }
    }
}

bool request_prefers_json(const struct request *request)
{
    struct liking json = {0, 0}, html = {0, 0};
    for (size_t i = 0; i < request->headers_len; i++)
        if (header_is(&request->headers[i], "Accept"))
            accept_read(request->headers[i].value, &json, &html);
    if (json.weight != html.weight)
        return json.weight > html.weight;
    return json.weight > 0 && json.specificity > html.specificity;
}

/* --- Accept-Encoding ------------------------------------------------------------------------------ */

static const char *const encoding_names[ENCODINGS] = {
    [ENCODING_IDENTITY] = "identity",
    [ENCODING_GZIP] = "gzip",
    [ENCODING_BROTLI] = "br",
};

const char *encoding_name(enum encoding encoding)
{
    return encoding_names[encoding];
}

enum { UNSAID = -1 };

/* What the headers say of each coding, and of all others (`*`). */
struct encoding_weights {
    int of[ENCODINGS], rest;
};

static enum encoding encoding_find(struct span coding)
{
    enum encoding found = ENCODING_IDENTITY;
    while (found < ENCODINGS && !span_is(coding, encoding_names[found]))
        found++;
    return found < ENCODINGS || !span_is(coding, "x-gzip") ? found : ENCODING_GZIP; /* RFC 9110, 8.4.1.3 */
}

static void encodings_read(const char *accept, struct encoding_weights *weights)
{
    struct span codings = {accept, strlen(accept)};
    while (codings.len > 0) {
        struct span parameters = span_next(&codings, ',');
        struct span coding = span_next(&parameters, ';');
        enum encoding encoding = encoding_find(coding);
        if (encoding < ENCODINGS)
            weights->of[encoding] = weight_of(parameters);
        else if (span_is(coding, "*"))
            weights->rest = weight_of(parameters);
    }
}

/* Identity is welcome, if less than anything that is named, unless it is ruled out. */
static int encoding_weight(const struct encoding_weights *weights, enum encoding encoding)
{
    int weight = weights->of[encoding] != UNSAID ? weights->of[encoding] : weights->rest;
    if (weight != UNSAID)
        return weight;
    return encoding == ENCODING_IDENTITY ? 1 : 0;
}

enum encoding request_encoding(const struct request *request)
{
    struct encoding_weights weights = {{UNSAID, UNSAID, UNSAID}, UNSAID};
    for (size_t i = 0; i < request->headers_len; i++)
        if (header_is(&request->headers[i], "Accept-Encoding"))
            encodings_read(request->headers[i].value, &weights);
    enum encoding best = ENCODING_IDENTITY;
    int best_weight = 1;
    for (enum encoding encoding = ENCODING_IDENTITY; encoding < ENCODINGS; encoding++) {
        int weight = encoding_weight(&weights, encoding);
        if (weight >= best_weight) {
            best = encoding;
            best_weight = weight;
        }
    }
    return best;
}
