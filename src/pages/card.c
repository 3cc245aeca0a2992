#include "warta/pages/card.h"

#include <string.h>

static void set_words(struct exchange *x, json_t *object, const char *key, const char *words_key)
{
    const char *date = json_string_value(json_object_get(object, key));
    json_object_set_new(object, words_key, date == NULL ? json_null() : json_string(text_date_words(x->text, date)));
}

/* An event that ends on the day it starts says so by the time alone: "13:00 – 16:30". */
static void shorten_end(json_t *event)
{
    const char *starts = json_string_value(json_object_get(event, "starts"));
    const char *ends = json_string_value(json_object_get(event, "ends"));
    if (starts != NULL && ends != NULL && strncmp(starts, ends, strlen("2019-08-30T")) == 0)
        json_object_set_new(event, "ends_words", json_string(ends + strlen("2019-08-30T")));
}

/* An event on the very day of the item's date, with no time or end, has nothing to say of when; nor is there a word to
 * say of one that has no venue either. */
static void leave_out_date(json_t *card, json_t *event)
{
    if (!json_equal(json_object_get(event, "starts"), json_object_get(card, "date")) ||
        !json_is_null(json_object_get(event, "ends")))
        return;
    json_object_set_new(event, "starts_words", json_null());
    if (json_is_null(json_object_get(event, "venue")))
        json_object_set_new(card, "event", json_null());
}

void card_complete(struct exchange *x, json_t *card)
{
    const char *slug = json_string_value(json_object_get(card, "slug"));
    const char *lang = json_string_value(json_object_get(card, "lang"));
    json_t *event = json_object_get(card, "event");
    bool kicker_is_type = json_string_length(json_object_get(card, "kicker")) == 0;
    if (kicker_is_type)
        json_object_set(card, "kicker", json_object_get(card, "type_name"));
    json_object_set_new(card, "kicker_is_type", json_boolean(kicker_is_type));
    json_object_set_new(card, "href", json_string(page_href(x, arena_format(&x->arena, "/items/%s", slug))));
    json_object_set_new(card, "dir", json_string(text_lang_dir(x->text, lang)));
    json_object_set_new(card, "lang_differs", json_boolean(strcmp(lang, x->site->lang) != 0));
    set_words(x, card, "date", "date_words");
    if (json_is_object(event)) {
        set_words(x, event, "starts", "starts_words");
        set_words(x, event, "ends", "ends_words");
        shorten_end(event);
        leave_out_date(card, event);
    }
}

void cards_complete(struct exchange *x, json_t *cards)
{
    size_t i;
    json_t *card;
    json_array_foreach(cards, i, card) card_complete(x, card);
}
