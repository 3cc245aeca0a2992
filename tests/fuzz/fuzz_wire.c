/* What a client may send. Input: a byte that says how long the pieces are, then the bytes. However they are cut, the same is
 * handed on as long as all is in order, and the same is found wrong; what is handed on can be read in no other way. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/mem.h"
#include "warta/server/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was handed on (*owned*), `*kept` bytes of it. */
static char *read_in(struct wire *wire, size_t piece, const char *bytes, size_t len, size_t *kept)
{
    char *handed_on = mem_alloc(len + 1);
    *kept = 0;
    for (size_t at = 0; at < len; at += piece) {
        size_t piece_len = len - at < piece ? len - at : piece;
        bool was_refused = wire->reason != NULL;
        char *copy = mem_copy(bytes + at, piece_len);
        size_t part = wire_read(wire, copy, piece_len);
        assert(part <= piece_len);
        assert(!was_refused || part == 0);
        assert((wire->reason == NULL) == (wire->status == 0));
        memcpy(handed_on + *kept, copy, part);
        *kept += part;
        free(copy);
    }
    return handed_on;
}

/* Read again, it is in order, counts as many requests, and stays as it is. */
static void assert_settled(const char *bytes, size_t len, uint64_t requests)
{
    struct wire wire = {0};
    size_t kept;
    char *again = read_in(&wire, len + 1, bytes, len, &kept);
    assert(wire.reason == NULL && wire.requests == requests);
    assert(kept == len && memcmp(again, bytes, len) == 0);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 1;
    struct wire whole = {0}, cut = {0};
    size_t whole_len, cut_len;
    char *at_once = read_in(&whole, size, bytes, size - 1, &whole_len);
    char *in_pieces = read_in(&cut, (size_t)data[0] % 31 + 1, bytes, size - 1, &cut_len);
    assert(whole.status == cut.status);
    assert(whole.requests == cut.requests);
    assert(whole.reason != NULL || (whole_len == cut_len && memcmp(at_once, in_pieces, whole_len) == 0));
    assert(whole_len <= cut_len && memcmp(at_once, in_pieces, whole_len) == 0);
    assert_settled(at_once, whole_len, whole.requests);
    free(at_once);
    free(in_pieces);
    return 0;
}
