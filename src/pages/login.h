/* What the pages that let somebody in share.
 *
 * Threads: those of the exchange. */
#ifndef WARTA_PAGES_LOGIN_H
#define WARTA_PAGES_LOGIN_H

#include "warta/pages/page.h"

/* Makes the rest of this exchange that user's: a new session instead of the one there was, and its cookie. False on a
 * fault. */
bool page_log_in(struct exchange *x, int64_t user_id);

/* Adds to `errors` what is wrong with the form's fields `password` and `password2` for a user of that name. */
void password_check_form(struct exchange *x, const char *name, json_t *errors);

/* 500 for what went wrong: the store has logged what failed there, this logs the rest. */
int user_fault(struct exchange *x, enum user_outcome outcome);

/* How long to wait, in words, and in the header Retry-After (RFC 9110, 10.2.3) (*arena*). */
const char *login_wait_words(struct exchange *x, int64_t delay_s);

#endif
