#include "secret.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum { BYTES = 32 };

static_assert(sodium_base64_ENCODED_LEN(BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == SECRET_CAP, "fits exactly");
static_assert(2 * crypto_hash_sha256_BYTES + 1 == SECRET_HASH_CAP, "fits exactly");

void secret_make(char secret[static SECRET_CAP])
{
    unsigned char bytes[BYTES];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(secret, SECRET_CAP, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool secret_valid(const char *text)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return strlen(text) == SECRET_CAP - 1 && strspn(text, alphabet) == SECRET_CAP - 1;
}

void secret_hash(const char *secret, char hash[static SECRET_HASH_CAP])
{
    unsigned char bytes[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(bytes, (const unsigned char *)secret, strlen(secret));
    sodium_bin2hex(hash, SECRET_HASH_CAP, bytes, sizeof bytes);
}
