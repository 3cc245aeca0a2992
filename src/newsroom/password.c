#include "password.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "warta/base/mem.h"
#include "warta/base/text.h"
#include "warta/newsroom/user.h"

enum { PASSES = 3 };

static_assert(crypto_pwhash_STRBYTES <= PASSWORD_HASH_CAP, "a hash fits");

/* The fastest code for this processor is chosen here, once for the process. */
static void prepare(void)
{
    if (sodium_init() < 0)
        abort();
}

/* A password as it is hashed (*owned*, forget()); NULL for one that is too long to have been set. */
static char *normal_of(const char *password)
{
    enum { CHARACTER_BYTES_MAX = 4 }; /* of UTF-8 */
    return text_nfc(password, CHARACTER_BYTES_MAX * PASSWORD_MAX);
}

static void forget(char *password)
{
    sodium_memzero(password, strlen(password));
    free(password);
}

bool password_hash(const char *password, size_t memory_kib, char hash[static PASSWORD_HASH_CAP])
{
    prepare();
    char *normal = normal_of(password);
    assert(normal != NULL);
    int result =
        crypto_pwhash_str_alg(hash, normal, strlen(normal), PASSES, memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13);
    forget(normal);
    return result == 0;
}

/* A hash taken apart. libsodium's own check cannot tell a wrong password from too little memory. */
struct parts {
    size_t memory_kib;
    unsigned long long passes;
    unsigned char salt[crypto_pwhash_SALTBYTES];
    unsigned char bytes[32];
};

static bool decode(const char *text, unsigned char *bytes, size_t len)
{
    size_t got = 0;
    return sodium_base642bin(bytes, len, text, strlen(text), NULL, &got, NULL,
                             sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
           got == len;
}

/* "$argon2id$v=19$m=65536,t=3,p=1$salt$hash" */
static bool parts_parse(const char *hash, struct parts *parts)
{
    char salt[23];
    char bytes[44];
    int end = 0;
    /* A number out of range makes a hash that libsodium refuses. NOLINTNEXTLINE(cert-err34-c) */
    int found = sscanf(hash, "$argon2id$v=19$m=%zu,t=%llu,p=1$%22[^$]$%43[^$]%n", &parts->memory_kib, &parts->passes,
                       salt, bytes, &end);
    return found == 4 && hash[end] == '\0' && decode(salt, parts->salt, sizeof parts->salt) &&
           decode(bytes, parts->bytes, sizeof parts->bytes);
}

int password_check(const char *hash, const char *password, size_t memory_kib)
{
    struct parts parts = {.memory_kib = memory_kib, .passes = PASSES};
    unsigned char bytes[sizeof parts.bytes];
    bool is_nobodys = hash == NULL || *hash == '\0';
    prepare();
    if (!is_nobodys && !parts_parse(hash, &parts))
        return -1;
    char *normal = normal_of(password);
    if (normal == NULL) {
        normal = mem_copy("", 0);
        is_nobodys = true;
    }
    int result = crypto_pwhash(bytes, sizeof bytes, normal, strlen(normal), parts.salt, parts.passes,
                               parts.memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13);
    forget(normal);
    if (result != 0)
        return -1;
    return sodium_memcmp(bytes, parts.bytes, sizeof bytes) == 0 && !is_nobodys;
}

bool password_is_outdated(const char *hash, size_t memory_kib)
{
    return crypto_pwhash_str_needs_rehash(hash, PASSES, memory_kib * 1024) != 0;
}
