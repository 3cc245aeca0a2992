/* Items from a page saved as plain text, for import.
 *
 *     ILO's work on cooperatives in Asia and the Pacific      the page's title, read past (may be missing)
 *
 *     1. News                                                 a numbered block: its kicker,
 *
 *       A first title on cooperatives                         its title,
 *
 *       30 August 2019                                        a date (may be missing),
 *
 *       One or more sentences.                                a summary of any number of paragraphs (may be missing)
 *
 * Paragraphs stand apart by one blank line or more; a paragraph's lines are joined by a space. A line "2. words" or
 * "2) words" begins the next block if it is indented no more than the first such line and carries the next number;
 * numbers may start anywhere. A paragraph there that carries another number is a mistake, as a block may be lost;
 * deeper ones are text. CRLF and a byte order mark are read past.
 * A date is the whole paragraph next to the title: "30 August 2019", "August 30, 2019" (months in any case, whole
 * or from three letters on) or "2019-08-30". Behind a date, a second paragraph that is one is a mistake.
 * A kicker that is a type's name, singular or plural, in any case, sets the type and leaves the item's kicker empty;
 * any other is kept, and the type guessed from its words.
 *
 * Works in linear time; the caller bounds the input. Threads: any. */
#ifndef WARTA_COMMANDS_PLAIN_TEXT_H
#define WARTA_COMMANDS_PLAIN_TEXT_H

#include <jansson.h>
#include <stddef.h>

enum { PLAIN_TEXT_ERROR_CAP = 160 };

/* A new array of items {type, kicker, title, date, summary}: all strings, kicker and summary may be "", date is
 * absent where there is none, and the summary's paragraphs are parted by a blank line. To `guesses`, an array, is
 * appended {"block": 3, "kicker": "…", "type": "publication"} for each type that was guessed, and {"block": 3,
 * "text": "2 août 2019"} for each short first paragraph that may be a date but is in no form above. NULL with "line
 * 14: block 3 has no title" in `error` when any part of the text does not fit; `guesses` is then not to be used. */
json_t *plain_text_parse(const char *text, size_t len, json_t *guesses, char error[static PLAIN_TEXT_ERROR_CAP]);

#endif
