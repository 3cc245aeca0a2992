/* Many networks guess one account's password, in several rhythms and with a clock that the test moves: its owner gets in,
 * and the guesses of a day are bounded. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "staff_site.h"

enum { FAST_KIB = 8, DAY_S = 86400 };

static const char home[] = "203.0.113.9";

struct siege {
    struct staff_site site;
    int64_t ana, now_unix;
    const char *name; /* that is attacked */
    int guesses;
};

static enum user_outcome try(struct siege *siege, const char *name, const char *password, const char *client)
{
    int64_t id = 0;
    return login_check(siege->site.store, name, password, client, FAST_KIB, siege->now_unix, &id);
}

static int64_t delay(struct siege *siege, const char *name, const char *client)
{
    return login_delay_s(siege->site.store, name, client, siege->now_unix, NULL);
}

/* At a midnight of UTC, when the account's count begins at 0. */
static void siege_open(struct siege *siege, const char *name)
{
    *siege = (struct siege){.now_unix = (int64_t)NOW / DAY_S * DAY_S, .name = name};
    staff_site_open_in(&siege->site, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"); /* many small commits */
    assert_int_equal(user_add(siege->site.store, nobody, "Ana", "editor", good_password, FAST_KIB, siege->now_unix,
                              &siege->ana, NULL),
                     USER_OK);
    assert_int_equal(try(siege, "Ana", good_password, home), USER_OK);
}

static void guess(struct siege *siege, int network)
{
    char client[48];
    if (network % 2 == 0)
        snprintf(client, sizeof client, "10.%d.%d.%d", network / 250, network % 250, network % 200);
    else
        snprintf(client, sizeof client, "2001:db8:%x:%x00::1", network / 250, network % 250);
    int64_t delay_s = delay(siege, siege->name, client);
    assert_true(delay_s >= 0 && delay_s <= DAY_S);
    if (delay_s > 0)
        return;
    assert_int_equal(try(siege, siege->name, "not the password", client), USER_WRONG);
    siege->guesses++;
}

/* Each network guesses `rounds` times, one `every_s` after the other, and the next round begins `pause_s` later. */
static void attack(struct siege *siege, int networks, int rounds, int64_t every_s, int64_t pause_s)
{
    for (int round = 0; round < rounds; round++, siege->now_unix += pause_s) {
        for (int network = 0; network < networks; network++, siege->now_unix += every_s)
            guess(siege, network);
    }
}

/* The owner gets in at the first try: from home, and from networks where they have never been. */
static void check_owner(struct siege *siege, int journey)
{
    char client[48];
    assert_int_equal(delay(siege, "Ana", home), 0);
    assert_int_equal(try(siege, "Ana", good_password, home), USER_OK);
    snprintf(client, sizeof client, "198.51.%d.1", journey);
    assert_int_equal(delay(siege, "Ana", client), 0);
    assert_int_equal(try(siege, "Ana", good_password, client), USER_OK);
    snprintf(client, sizeof client, "2001:db8:ffff:%x00::1", journey);
    assert_int_equal(delay(siege, "Ana", client), 0);
    assert_int_equal(try(siege, "Ana", good_password, client), USER_OK);
    assert_int_equal(delay(siege, "Boris", "10.0.0.77"), 0);
}

static void test_owner(void **state)
{
    (void)state;
    static const struct {
        int networks, rounds;
        int64_t every_s, pause_s;
    } rhythms[] = {
        {60, 20, 0, 30},     /* all at once, each half minute */
        {60, 10, 30, 0},     /* one each half minute */
        {60, 24, 0, 3550},   /* each hour of a day */
        {500, 6, 0, 30},     /* */
        {500, 2, 30, 0},     /* */
        {500, 24, 0, 3550},  /* */
        {5000, 3, 0, 30},    /* */
        {5000, 1, 15, 0},    /* */
        {5000, 3, 0, 14400}, /* */
    };
    for (size_t i = 0; i < sizeof rhythms / sizeof *rhythms; i++) {
        struct siege siege;
        siege_open(&siege, "Ana");
        int64_t began_unix = siege.now_unix;
        for (int third = 0; third < 3; third++) {
            attack(&siege, rhythms[i].networks, (rhythms[i].rounds + third) / 3, rhythms[i].every_s,
                   rhythms[i].pause_s);
            check_owner(&siege, third);
        }
        int bound = LOGIN_CROWD + rhythms[i].networks;
        assert_true(siege.now_unix - began_unix <= DAY_S);
        assert_true(siege.guesses >= LOGIN_SIEGE && siege.guesses <= bound && bound <= LOGIN_DAY_MAX);
        staff_site_close(&siege.site);
    }
}

/* Somebody who comes from a new network and mistypes their password. */
static void test_typing_errors(void **state)
{
    (void)state;
    struct siege siege;
    static const char hotel[] = "198.51.100.7";
    siege_open(&siege, "Ana");
    attack(&siege, 60, 3, 1, 0);
    assert_true(siege.guesses < LOGIN_CROWD);
    for (int i = 0; i < LOGIN_SIEGE_TRIES - 1; i++)
        assert_int_equal(try(&siege, "Ana", "the tiger swims at dusk", hotel), USER_WRONG);
    assert_int_equal(delay(&siege, "Ana", hotel), 0);
    assert_int_equal(try(&siege, "Ana", "the tiger swims at dusk", hotel), USER_WRONG);
    assert_int_equal(delay(&siege, "Ana", hotel), DAY_S / LOGIN_SIEGE_TRIES);
    assert_int_equal(delay(&siege, "Ana", home), 0);
    siege.now_unix += DAY_S / LOGIN_SIEGE_TRIES;
    assert_int_equal(try(&siege, "Ana", good_password, hotel), USER_OK);
    attack(&siege, 600, 1, 0, 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(try(&siege, "Ana", "the tiger swims at dusk", hotel), USER_WRONG);
    assert_int_equal(delay(&siege, "Ana", hotel), 0);
    /* a typing error in the name is not one of the account's */
    assert_int_equal(try(&siege, "Anna", good_password, "198.51.101.1"), USER_WRONG);
    assert_int_equal(delay(&siege, "Ana", "198.51.101.1"), 0);
    assert_int_equal(try(&siege, "Ana", "the tiger swims at dusk", "198.51.101.1"), USER_WRONG);
    assert_int_equal(delay(&siege, "Ana", "198.51.101.1"), DAY_S);
    staff_site_close(&siege.site);
}

/* However many networks there are, a day has so many guesses; home is let in all the same. */
static void test_day(void **state)
{
    (void)state;
    struct siege siege;
    siege_open(&siege, "Ana");
    siege.now_unix += DAY_S / 2;
    attack(&siege, LOGIN_DAY_MAX + 200, 2, 0, 60);
    assert_int_equal(siege.guesses, LOGIN_DAY_MAX);
    assert_int_equal(delay(&siege, "Ana", "198.51.100.1"), DAY_S / 2 - 120);
    assert_int_equal(delay(&siege, "Boris", "198.51.100.1"), 0);
    assert_int_equal(try(&siege, "Ana", good_password, home), USER_OK);
    siege.now_unix += DAY_S / 2 - 120;
    assert_int_equal(delay(&siege, "Ana", "198.51.100.1"), 0);
    staff_site_close(&siege.site);
}

/* Failures under other names push the account's own count out of no table, nor do they give a network more tries. */
static void test_flood_of_names(void **state)
{
    (void)state;
    struct siege siege;
    char client[32], name[32];
    siege_open(&siege, "Ana");
    attack(&siege, 600, 2, 0, 0);
    int guesses = siege.guesses;
    assert_true(guesses >= LOGIN_CROWD);
    for (int network = 0; network < 600; network++) {
        snprintf(client, sizeof client, "172.%d.%d.1", 16 + network / 250, network % 250);
        for (int i = 0; i < LOGIN_FREE_ELSEWHERE + 1; i++) {
            snprintf(name, sizeof name, "name %d of %d", i, network);
            assert_int_equal(try(&siege, name, "x", client), USER_WRONG);
        }
        assert_true(delay(&siege, "Ana", client) > 0);
    }
    attack(&siege, 600, 2, 0, 0);
    assert_int_equal(siege.guesses, guesses);
    check_owner(&siege, 0);
    staff_site_close(&siege.site);
}

/* Failures in a known network take no tries away from other networks. */
static void test_failures_at_home(void **state)
{
    (void)state;
    struct siege siege;
    siege_open(&siege, "Ana");
    for (int i = 0; i < LOGIN_SIEGE + 10; i++)
        assert_int_equal(try(&siege, "Ana", "not the password", home), USER_WRONG);
    assert_int_equal(delay(&siege, "Ana", home), 900);
    for (int i = 0; i < LOGIN_SIEGE_TRIES + 1; i++)
        assert_int_equal(try(&siege, "Ana", "not the password", "198.51.100.7"), USER_WRONG);
    assert_int_equal(delay(&siege, "Ana", "198.51.100.7"), 0);
    staff_site_close(&siege.site);
}

/* What strangers are told of an account is the same whether there is one. */
static void test_unknown_name(void **state)
{
    (void)state;
    struct siege real, made_up;
    siege_open(&real, "Ana");
    siege_open(&made_up, "Eva");
    for (int i = 0; i < 12; i++) {
        attack(&real, 10 + 90 * i, 1, 0, 20);
        attack(&made_up, 10 + 90 * i, 1, 0, 20);
        assert_int_equal(real.guesses, made_up.guesses);
        for (int stranger = 0; stranger < 10; stranger++) {
            char client[32];
            snprintf(client, sizeof client, "10.0.%d.1", 120 * stranger);
            assert_int_equal(delay(&real, "Ana", client), delay(&made_up, "Eva", client));
        }
    }
    staff_site_close(&real.site);
    staff_site_close(&made_up.site);
}

/* Somebody beside the owner, in the same network, tries other names. */
static void test_neighbour(void **state)
{
    (void)state;
    struct siege siege;
    char name[32];
    int64_t network_s = 0;
    siege_open(&siege, "Ana");
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "name %d", i);
        assert_int_equal(try(&siege, name, "x", "203.0.113.66"), USER_WRONG);
    }
    assert_true(login_delay_s(siege.site.store, "name 1", "203.0.113.66", siege.now_unix, &network_s) > 0);
    assert_int_equal(network_s, 0); /* as Ana may come from there */
    assert_int_equal(delay(&siege, "Ana", home), 0);
    for (int i = 0; i < 40; i++)
        assert_int_equal(try(&siege, name, "x", "198.51.100.66"), USER_WRONG);
    assert_int_equal(login_delay_s(siege.site.store, "Ana", "198.51.100.67", siege.now_unix, &network_s), 900);
    assert_int_equal(network_s, 900);
    /* a link for a new password that was used there makes it one of hers */
    assert_true(login_know_network(siege.site.store, siege.ana, "ana", "198.51.100.67", siege.now_unix));
    assert_int_equal(login_delay_s(siege.site.store, "Ana", "198.51.100.67", siege.now_unix, &network_s), 0);
    assert_int_equal(network_s, 0);
    staff_site_close(&siege.site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failures_at_home), cmocka_unit_test(test_owner),
        cmocka_unit_test(test_typing_errors),    cmocka_unit_test(test_day),
        cmocka_unit_test(test_flood_of_names),   cmocka_unit_test(test_unknown_name),
        cmocka_unit_test(test_neighbour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
