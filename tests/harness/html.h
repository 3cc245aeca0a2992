/* What a browser makes of a page: whether it is well-formed, and what its forms would send.
 *
 * It reads the HTML that templates write, not HTML at large: every attribute quoted, every element closed (but
 * `option`), and every character that means something escaped. So what breaks out of its place is found wherever it
 * stands. */
#ifndef HARNESS_HTML_H
#define HARNESS_HTML_H

#include <stddef.h>

#include "warta/http/message.h"

/* Fails the test, naming `what`, unless the body is well-formed: tags and attributes are those that pages of ours
 * have, no script but a file of ours, no address but http(s) and our own. Of a body that is no HTML only the text is
 * looked at. */
void html_check(const struct response *response, const char *what);

/* What a browser would send of the page's first form with `mark` in its tag or behind it, urlencoded, without the
 * buttons, files and the token (*owned*, free()). Fails the test if there is no such form. */
char *html_form(const struct response *response, const char *mark);

/* The same form with `name` set to `value`, which must be in it (*owned*; `form` is freed). */
char *html_form_set(char *form, const char *name, const char *value);

/* What the form holds under that name, decoded (*owned*, free()); NULL if nothing. */
char *html_form_get(const char *form, const char *name);

/* Undoes the escapes of templates, in place. */
void html_unescape(char *text);

#endif
