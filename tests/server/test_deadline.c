#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "warta/base/clock.h"
#include "warta/server/deadline.h"

enum { FILES = 1024, MANY = 8, SOON_MS = 10, PATIENCE_MS = 60000 };

struct scene {
    struct deadlines deadlines;
    atomic_int looks;
    int ours[MANY], theirs[MANY];
    struct deadline *of[MANY];
};

static void tick(void *context)
{
    atomic_int *looks = context;
    atomic_fetch_add(looks, 1);
}

static void await_looks(struct scene *scene, int looks)
{
    for (int until = atomic_load(&scene->looks) + looks; atomic_load(&scene->looks) < until;)
        usleep(1000);
}

static void begin(struct scene *scene, size_t connections_max, unsigned within_ms)
{
    atomic_init(&scene->looks, 0);
    assert_true(deadlines_init(&scene->deadlines, FILES, connections_max, tick, &scene->looks));
    for (size_t i = 0; i < MANY; i++) {
        int sockets[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
        scene->ours[i] = sockets[0];
        scene->theirs[i] = sockets[1];
        scene->of[i] = deadline_add(&scene->deadlines, sockets[0], within_ms);
    }
}

static bool has_ended(const struct scene *scene, size_t i, int within_ms)
{
    struct pollfd waiting = {.fd = scene->theirs[i], .events = POLLIN};
    return poll(&waiting, 1, within_ms) == 1;
}

static void end(struct scene *scene)
{
    for (size_t i = 0; i < MANY; i++) {
        deadline_remove(&scene->deadlines, scene->of[i]);
        close(scene->ours[i]);
        close(scene->theirs[i]);
    }
    deadlines_release(&scene->deadlines);
}

/* What is owed is owed in time; while the server is at work, nothing is. */
static void what_is_owed_has_an_end(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, MANY, PATIENCE_MS);
    int64_t soon = clock_ms() + SOON_MS;
    deadline_set(scene.of[0], DEADLINE_OWED, soon);
    deadline_set(scene.of[1], DEADLINE_IDLE, soon);
    deadline_set(scene.of[2], DEADLINE_FRESH, soon);
    deadline_set(scene.of[3], DEADLINE_IDLE, soon);
    deadline_begin(scene.of[3]);
    assert_int_equal(deadline_at_ms(scene.of[3]), soon);
    deadline_set(scene.of[4], DEADLINE_WORKING, 0);
    deadline_set(scene.of[5], DEADLINE_SENDING, clock_ms());
    deadline_set(scene.of[6], DEADLINE_OWED, clock_ms() + PATIENCE_MS);
    for (size_t i = 0; i < 4; i++)
        assert_true(has_ended(&scene, i, PATIENCE_MS));
    await_looks(&scene, 1);
    for (size_t i = 4; i < MANY; i++)
        assert_false(has_ended(&scene, i, 0));
    end(&scene);
}

/* A client that ended its side while it owes something is gone; one that did so and waits for its answer is not. */
static void who_has_gone_is_let_go(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, MANY, PATIENCE_MS);
    deadline_set(scene.of[0], DEADLINE_OWED, clock_ms() + PATIENCE_MS);
    deadline_set(scene.of[1], DEADLINE_WORKING, 0);
    deadline_set(scene.of[2], DEADLINE_SENDING, clock_ms());
    for (size_t i = 0; i < 3; i++)
        shutdown(scene.theirs[i], SHUT_WR);
    assert_true(has_ended(&scene, 0, PATIENCE_MS));
    await_looks(&scene, 3);
    assert_false(has_ended(&scene, 1, 0));
    assert_false(has_ended(&scene, 2, 0));
    end(&scene);
}

/* Where too many are open, idle ones go first, the longest idle of them before others; who is being worked for stays. */
static void there_is_room_for_who_comes_next(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, MANY - 3, PATIENCE_MS);
    int64_t now = clock_ms();
    deadline_set(scene.of[0], DEADLINE_IDLE, now + PATIENCE_MS);
    deadline_set(scene.of[1], DEADLINE_IDLE, now + PATIENCE_MS - 10000);
    deadline_set(scene.of[2], DEADLINE_SENDING, now - 20000);
    deadline_set(scene.of[3], DEADLINE_SENDING, now - 10000);
    for (size_t i = 4; i < MANY; i++)
        deadline_set(scene.of[i], DEADLINE_WORKING, 0);
    for (size_t i = 0; i < 3; i++)
        assert_true(has_ended(&scene, i, PATIENCE_MS));
    for (size_t i = 3; i < MANY; i++)
        assert_false(has_ended(&scene, i, 0));
    end(&scene);
}

/* The slot of a connection that has ended is as good as new. */
static void a_slot_is_used_again(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, MANY, PATIENCE_MS);
    deadline_set(scene.of[0], DEADLINE_OWED, clock_ms() + SOON_MS);
    assert_true(has_ended(&scene, 0, PATIENCE_MS));
    deadline_remove(&scene.deadlines, scene.of[0]);
    close(scene.ours[0]);
    close(scene.theirs[0]);
    int sockets[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    scene.ours[0] = sockets[0];
    scene.theirs[0] = sockets[1];
    scene.of[0] = deadline_add(&scene.deadlines, sockets[0], PATIENCE_MS);
    await_looks(&scene, 2);
    assert_false(has_ended(&scene, 0, 0));
    end(&scene);
}

static void a_drain_ends_what_is_idle(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, MANY, PATIENCE_MS);
    for (size_t i = 0; i < MANY; i++)
        deadline_set(scene.of[i], i == 0 ? DEADLINE_WORKING : DEADLINE_IDLE, clock_ms() + PATIENCE_MS);
    assert_false(deadlines_drain(&scene.deadlines, 0, 500));
    assert_false(has_ended(&scene, 0, 0));
    for (size_t i = 1; i < MANY; i++)
        assert_true(has_ended(&scene, i, PATIENCE_MS));
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_owed_has_an_end),          cmocka_unit_test(who_has_gone_is_let_go),
        cmocka_unit_test(there_is_room_for_who_comes_next), cmocka_unit_test(a_slot_is_used_again),
        cmocka_unit_test(a_drain_ends_what_is_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
