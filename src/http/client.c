#include "warta/http/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

static const char BLANKS[] = " \t";

enum { IPV4_BITS = 32, IPV6_BITS = 128, MAPPED_BITS = IPV6_BITS - IPV4_BITS, MAPPED_BYTES = MAPPED_BITS / 8 };

/* Networks and addresses alike; IPv4 in IPv6's form. */
struct network {
    struct in6_addr address;
    unsigned bits; /* of the address that count */
};

/* --- reading --- */

/* What stands between blanks, as a string of its own; false if it does not fit. */
static bool copy_entry(const char *text, size_t len, char out[static CLIENT_CAP])
{
    while (len > 0 && strchr(BLANKS, *text) != NULL) {
        text++;
        len--;
    }
    while (len > 0 && strchr(BLANKS, text[len - 1]) != NULL)
        len--;
    if (len >= CLIENT_CAP)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

static bool address_parse(const char *text, struct in6_addr *address)
{
    static const unsigned char mapped[MAPPED_BYTES] = {[10] = 0xff, [11] = 0xff};
    if (inet_pton(AF_INET6, text, address) == 1)
        return true;
    memcpy(address->s6_addr, mapped, sizeof mapped);
    return inet_pton(AF_INET, text, address->s6_addr + sizeof mapped) == 1;
}

/* A number of at most `max`, alone in the text. */
static bool number_parse(const char *text, unsigned long max, unsigned *number)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long value = strtoul(text, NULL, 10);
    *number = (unsigned)value;
    return digits > 0 && digits < 6 && text[digits] == '\0' && value <= max;
}

/* "10.0.0.0/8", "2001:db8::/32", or an address alone. */
static bool network_parse(const char *text, size_t len, struct network *network)
{
    char entry[CLIENT_CAP];
    if (!copy_entry(text, len, entry))
        return false;
    char *slash = strchr(entry, '/');
    if (slash != NULL)
        *slash = '\0';
    bool is_ipv4 = strchr(entry, ':') == NULL;
    network->bits = is_ipv4 ? IPV4_BITS : IPV6_BITS;
    bool ok = address_parse(entry, &network->address) &&
              (slash == NULL || number_parse(slash + 1, network->bits, &network->bits));
    network->bits += is_ipv4 ? MAPPED_BITS : 0;
    return ok;
}

/* What proxies write: an address, with IPv6 in brackets or not, with a port or not. */
static bool forwarded_parse(const char *text, size_t len, struct in6_addr *address)
{
    char entry[CLIENT_CAP];
    unsigned port;
    if (!copy_entry(text, len, entry))
        return false;
    char *begin = entry;
    char *end = strchr(entry, ':');
    if (*entry == '[') {
        begin = entry + 1;
        end = strchr(begin, ']');
        if (end == NULL)
            return false;
        *end++ = '\0';
        if (*end != '\0' && *end != ':')
            return false;
    } else if (end != NULL && strchr(end + 1, ':') != NULL) {
        end = NULL;
    }
    if (end != NULL && *end == ':') {
        *end = '\0';
        if (!number_parse(end + 1, 65535, &port))
            return false;
    }
    return address_parse(begin, address);
}

/* --- comparing --- */

static bool network_holds(const struct network *network, const struct in6_addr *address)
{
    size_t bytes = network->bits / 8;
    unsigned rest = network->bits % 8;
    if (memcmp(network->address.s6_addr, address->s6_addr, bytes) != 0)
        return false;
    unsigned mask = 0xffu << (8 - rest) & 0xffu;
    return rest == 0 || ((network->address.s6_addr[bytes] ^ address->s6_addr[bytes]) & mask) == 0;
}

static bool is_within(const char *networks, const struct in6_addr *address)
{
    bool found = false;
    while (*networks != '\0' && !found) {
        size_t len = strcspn(networks, ",");
        struct network network;
        found = network_parse(networks, len, &network) && network_holds(&network, address);
        networks += len;
        networks += *networks == ',';
    }
    return found;
}

bool client_networks_valid(const char *networks, char *error, size_t error_len)
{
    if (networks[strspn(networks, BLANKS)] == '\0')
        return true;
    for (const char *entry = networks;; entry++) {
        size_t len = strcspn(entry, ",");
        struct network network;
        if (!network_parse(entry, len, &network)) {
            snprintf(error, error_len, "\"%.*s\" is no network such as 10.0.0.0/8 or 2001:db8::/32",
                     (int)(len < CLIENT_CAP ? len : CLIENT_CAP), entry);
            return false;
        }
        entry += len;
        if (*entry == '\0')
            return true;
    }
}

bool client_is_within(const char *address, const char *networks)
{
    struct in6_addr parsed;
    return address_parse(address, &parsed) && is_within(networks, &parsed);
}

/* --- the client --- */

/* The address that is known so far, and whether it may tell the next. */
struct walk {
    const char *trusted;
    struct in6_addr client;
    bool is_trusted;
};

/* Goes on along one header's list, from its end, as long as addresses are trusted; another is the last. Empty entries
 * are nothing (RFC 9110, 5.6.1). */
static void walk_list(struct walk *walk, const char *list)
{
    size_t end = strlen(list);
    for (bool more = true; more && walk->is_trusted;) {
        const char *comma = memrchr(list, ',', end);
        size_t begin = comma == NULL ? 0 : (size_t)(comma - list) + 1;
        if (begin + strspn(list + begin, BLANKS) < end) {
            struct in6_addr address;
            bool good = forwarded_parse(list + begin, end - begin, &address);
            walk->client = good ? address : walk->client;
            walk->is_trusted = good && is_within(walk->trusted, &address);
        }
        more = comma != NULL;
        end = more ? begin - 1 : 0;
    }
}

bool client_is_trusted(const char *address, const char *trusted)
{
    struct in6_addr parsed;
    return forwarded_parse(address, strlen(address), &parsed) && is_within(trusted, &parsed);
}

static void address_format(const struct in6_addr *address, char *out)
{
    bool mapped = IN6_IS_ADDR_V4MAPPED(address);
    inet_ntop(mapped ? AF_INET : AF_INET6, address->s6_addr + (mapped ? MAPPED_BYTES : 0), out, INET6_ADDRSTRLEN);
}

void client_address(const struct request *request, const char *trusted, char out[static CLIENT_CAP])
{
    struct walk walk = {.trusted = trusted};
    bool on_unix_socket = *request->client == '\0';
    *out = '\0';
    if (!address_parse(on_unix_socket ? "127.0.0.1" : request->client, &walk.client))
        return;
    walk.is_trusted = on_unix_socket || is_within(trusted, &walk.client);
    for (size_t i = request->headers_len; i-- > 0;) {
        const struct header *header = &request->headers[i];
        if (header_is(header, "X-Forwarded-For"))
            walk_list(&walk, header->value);
    }
    address_format(&walk.client, out);
}

const char *client_address_text(struct arena *arena, const struct request *request, const char *trusted)
{
    char *out = arena_alloc(arena, CLIENT_CAP);
    client_address(request, trusted, out);
    return out;
}

static void write_network(const char *address, unsigned bits_6, char out[static CLIENT_CAP])
{
    struct in6_addr network;
    *out = '\0';
    if (!address_parse(address, &network))
        return;
    bool mapped = IN6_IS_ADDR_V4MAPPED(&network);
    size_t kept = mapped ? 15 : bits_6 / 8;
    memset(network.s6_addr + kept, 0, sizeof network.s6_addr - kept);
    address_format(&network, out);
    size_t len = strlen(out);
    snprintf(out + len, CLIENT_CAP - len, "/%u", mapped ? 24 : bits_6);
}

void client_network(const char *address, char out[static CLIENT_CAP])
{
    write_network(address, 64, out);
}

void client_network_wide(const char *address, char out[static CLIENT_CAP])
{
    write_network(address, 56, out);
}

uint64_t client_network_hash(const char *address, const unsigned char key[static 16])
{
    char network[CLIENT_CAP];
    uint64_t hash;
    client_network_wide(address, network);
    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)network, strlen(network), key);
    return hash;
}

void client_shown(const char *address, enum log_clients clients, char out[static CLIENT_CAP])
{
    *out = '\0';
    if (clients == LOG_CLIENTS_MASKED)
        client_network(address, out);
    else if (clients == LOG_CLIENTS_FULL)
        snprintf(out, CLIENT_CAP, "%s", address);
    if (*out == '\0')
        snprintf(out, CLIENT_CAP, "-");
}
