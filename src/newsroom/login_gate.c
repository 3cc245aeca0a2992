#include "warta/newsroom/login_gate.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "warta/base/mem.h"
#include "warta/http/client.h"

enum { NETWORKS = 1024 };

/* A network's slot is that of its hash, and belongs to the one that came last. */
struct login_gate {
    unsigned char key[16];
    struct {
        _Atomic uint64_t network;
        _Atomic int64_t until_unix;
    } slots[NETWORKS];
};

struct login_gate *login_gate_create(void)
{
    struct login_gate *gate = mem_alloc(sizeof *gate);
    randombytes_buf(gate->key, sizeof gate->key);
    return gate;
}

void login_gate_destroy(struct login_gate *gate)
{
    free(gate);
}

/* Between the two stores another thread may see this network with the end of the one before it, which is no later than
 * LOGIN_GATE_MAX_S. */
void login_gate_close(struct login_gate *gate, const char *address, int64_t until_unix)
{
    uint64_t network = client_network_hash(address, gate->key);
    size_t slot = network % NETWORKS;
    atomic_store(&gate->slots[slot].network, network);
    atomic_store(&gate->slots[slot].until_unix, until_unix);
}

unsigned login_gate_wait_s(const struct login_gate *gate, const char *address, int64_t now_unix)
{
    uint64_t network = client_network_hash(address, gate->key);
    size_t slot = network % NETWORKS;
    int64_t wait_s = atomic_load(&gate->slots[slot].until_unix) - now_unix;
    bool closed = atomic_load(&gate->slots[slot].network) == network && wait_s > 0 && wait_s <= LOGIN_GATE_MAX_S;
    return closed ? (unsigned)wait_s : 0;
}
