/* What a client calls itself (User-Agent; RFC 9110, 10.1.5), in words that its owner would use.
 *
 * Threads: any. */
#ifndef WARTA_HTTP_AGENT_H
#define WARTA_HTTP_AGENT_H

enum { AGENT_WORDS_CAP = 48 };

/* "Chromium on Linux", "Safari on an iPhone"; "A program" or "An unknown browser" where it is none that is known. It
 * is a help to recognise one's own session, and proves nothing: a client may call itself what it likes. */
void agent_words(const char *agent, char words[static AGENT_WORDS_CAP]);

#endif
