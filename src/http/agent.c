#include "warta/http/agent.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct sign {
    const char *has, *name;
};

/* Most browsers also name those that came before them, so the first sign that is there counts. */
static const struct sign browsers[] = {
    {"Edg", "Edge"},
    {"OPR/", "Opera"},
    {"SamsungBrowser/", "Samsung Internet"},
    {"UCBrowser/", "UC Browser"},
    {"Firefox/", "Firefox"},
    {"FxiOS/", "Firefox"},
    {"CriOS/", "Chrome"},
    {"Chromium/", "Chromium"},
    {"HeadlessChrome/", "Chrome"},
    {"Chrome/", "Chrome"},
    {"Safari/", "Safari"},
    {NULL, NULL},
};

static const struct sign systems[] = {
    {"Windows", "Windows"},   {"iPhone", "an iPhone"}, {"iPad", "an iPad"}, {"Android", "Android"},
    {"CrOS", "a Chromebook"}, {"Mac OS X", "a Mac"},   {"Linux", "Linux"},  {NULL, NULL},
};

static const char *find(const struct sign *sign, const char *agent)
{
    while (sign->has != NULL && strstr(agent, sign->has) == NULL)
        sign++;
    return sign->name;
}

void agent_words(const char *agent, char words[static AGENT_WORDS_CAP])
{
    const char *browser = find(browsers, agent);
    const char *system = find(systems, agent);
    if (browser == NULL && strncmp(agent, "Mozilla/", strlen("Mozilla/")) != 0)
        browser = "A program";
    else if (browser == NULL)
        browser = "An unknown browser";
    snprintf(words, AGENT_WORDS_CAP, "%s%s%s", browser, system == NULL ? "" : " on ", system == NULL ? "" : system);
}
