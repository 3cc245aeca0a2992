#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "warta/http/client.h"
#include "warta/newsroom/login_gate.h"

enum { NOW = 1795435200 };

static void test_gate(void **state)
{
    (void)state;
    struct login_gate *gate = login_gate_create();
    assert_int_equal(login_gate_wait_s(gate, "203.0.113.9", NOW), 0);
    assert_int_equal(login_gate_wait_s(gate, "", NOW), 0);
    login_gate_close(gate, "203.0.113.9", NOW + 30);
    login_gate_close(gate, "2001:db8:0:100::1", NOW + 900);
    assert_int_equal(login_gate_wait_s(gate, "203.0.113.200", NOW), 30);
    assert_int_equal(login_gate_wait_s(gate, "203.0.113.9", NOW + 29), 1);
    assert_int_equal(login_gate_wait_s(gate, "203.0.113.9", NOW + 30), 0);
    assert_int_equal(login_gate_wait_s(gate, "203.0.114.9", NOW), 0);
    assert_int_equal(login_gate_wait_s(gate, "2001:db8:0:1ff:9::9", NOW), 900);
    assert_int_equal(login_gate_wait_s(gate, "2001:db8:0:200::1", NOW), 0);
    /* the clock is set back by a day */
    assert_int_equal(login_gate_wait_s(gate, "2001:db8:0:100::1", NOW - 86400), 0);
    login_gate_destroy(gate);
    login_gate_destroy(NULL);
}

/* A network is a number between 0 and 65535. */
static const char *address(int network, char out[static CLIENT_CAP])
{
    snprintf(out, CLIENT_CAP, "10.%d.%d.1", network / 256, network % 256);
    return out;
}

struct closer {
    struct login_gate *gate;
    int first;
};

static void *close_many(void *context)
{
    const struct closer *closer = context;
    char text[CLIENT_CAP];
    for (int i = 0; i < 10000; i++)
        login_gate_close(closer->gate, address(closer->first + i, text), NOW + 60);
    return NULL;
}

/* However many are closed, by several threads at once: never one that was not. */
static void test_others(void **state)
{
    (void)state;
    pthread_t threads[2];
    char text[CLIENT_CAP];
    struct login_gate *gate = login_gate_create();
    struct closer closers[2] = {{gate, 0}, {gate, 10000}};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, close_many, &closers[i]), 0);
    for (int i = 20000; i < 40000; i++)
        assert_int_equal(login_gate_wait_s(gate, address(i, text), NOW), 0);
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    int closed = 0;
    for (int i = 0; i < 20000; i++)
        closed += login_gate_wait_s(gate, address(i, text), NOW) > 0;
    assert_true(closed > 0 && closed <= 1024);
    login_gate_close(gate, address(0, text), NOW + 60);
    assert_int_equal(login_gate_wait_s(gate, address(0, text), NOW), 60);
    login_gate_destroy(gate);
}

/* What one customer may have is one client; under another key it is another number. */
static void test_network_hash(void **state)
{
    (void)state;
    static const unsigned char key[16] = {1}, other[16] = {2};
    uint64_t four = client_network_hash("203.0.113.9", key), six = client_network_hash("2001:db8:0:100::1", key);
    assert_true(four == client_network_hash("203.0.113.255", key));
    assert_true(four == client_network_hash("::ffff:203.0.113.1", key));
    assert_true(four != client_network_hash("203.0.112.9", key));
    assert_true(four != client_network_hash("203.0.113.9", other));
    assert_true(six == client_network_hash("2001:db8:0:1ff:ffff::1", key));
    assert_true(six != client_network_hash("2001:db8:0:200::1", key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gate),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_network_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
