#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "warta/http/agent.h"

#define WEBKIT "AppleWebKit/537.36 (KHTML, like Gecko)"

/* As the browsers' makers document them. */
static const struct {
    const char *agent, *words;
} agents[] = {
    {"Mozilla/5.0 (X11; Linux x86_64) " WEBKIT " Chrome/120.0.0.0 Safari/537.36", "Chrome on Linux"},
    {"Mozilla/5.0 (X11; Linux x86_64) " WEBKIT " Ubuntu Chromium/80.0 Chrome/80.0 Safari/537.36", "Chromium on Linux"},
    {"Mozilla/5.0 (X11; Linux x86_64) " WEBKIT " HeadlessChrome/120.0.0.0 Safari/537.36", "Chrome on Linux"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " WEBKIT " Chrome/120.0.0.0 Safari/537.36 Edg/120.0",
     "Edge on Windows"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " WEBKIT " Chrome/120.0 Safari/537.36 OPR/106.0", "Opera on Windows"},
    {"Mozilla/5.0 (Linux; Android 10; K) " WEBKIT " Chrome/120.0.0.0 Mobile Safari/537.36", "Chrome on Android"},
    {"Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-A536B) " WEBKIT
     " SamsungBrowser/23.0 Chrome/115.0 Mobile Safari/537.36",
     "Samsung Internet on Android"},
    {"Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0", "Firefox on Linux"},
    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 "
     "Safari/605.1.15",
     "Safari on a Mac"},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 "
     "Mobile/15E148 Safari/604.1",
     "Safari on an iPhone"},
    {"Mozilla/5.0 (iPad; CPU OS 17_2 like Mac OS X) AppleWebKit/605.1.15 CriOS/120.0 Mobile/15E148 Safari/604.1",
     "Chrome on an iPad"},
    {"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " WEBKIT " Chrome/120.0.0.0 Safari/537.36", "Chrome on a Chromebook"},
    {"Mozilla/5.0 (PlayStation 4)", "An unknown browser"},
    {"Mozilla/5.0 <script>alert(1)</script>", "An unknown browser"},
    {"curl/7.88.1", "A program"},
    {"python-requests/2.31 Linux", "A program on Linux"},
    {"", "A program"},
};

static void test_agents(void **state)
{
    char words[AGENT_WORDS_CAP];
    (void)state;
    for (size_t i = 0; i < sizeof agents / sizeof *agents; i++) {
        agent_words(agents[i].agent, words);
        assert_string_equal(words, agents[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
