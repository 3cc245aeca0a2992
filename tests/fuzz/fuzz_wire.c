/* What a client may send. Input: a byte that says how long the pieces are, then the bytes. However they are cut, the same is
 * found in order, and what was handed on is never part of what is refused. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "warta/server/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wire read_in(size_t piece, const char *bytes, size_t len)
{
    struct wire wire = {0};
    for (size_t at = 0; at < len; at += piece) {
        size_t piece_len = len - at < piece ? len - at : piece;
        bool was_refused = wire.reason != NULL;
        size_t handed_on = wire_read(&wire, bytes + at, piece_len);
        assert(handed_on <= piece_len);
        assert(wire.reason != NULL || handed_on == piece_len);
        assert(!was_refused || handed_on == 0);
        assert((wire.reason == NULL) == (wire.status == 0));
    }
    return wire;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 1;
    struct wire whole = read_in(size, bytes, size - 1), cut = read_in((size_t)data[0] % 31 + 1, bytes, size - 1);
    assert(whole.status == cut.status);
    assert((whole.reason == NULL) == (cut.reason == NULL));
    assert(whole.reason != NULL || (whole.state == cut.state && whole.left == cut.left && whole.len == cut.len));
    return 0;
}
