/* Who sent a request: the client's address, seen through the proxies that are trusted to tell it.
 *
 * A proxy adds the address it was asked from at the end of X-Forwarded-For; whatever stands before what a trusted proxy
 * added may be made up by the client. So the header is read from the right, and only as far as each address that was
 * passed is trusted itself.
 *
 * Threads: any. */
#ifndef WARTA_HTTP_CLIENT_H
#define WARTA_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/base/log.h"
#include "warta/base/mem.h"
#include "warta/http/message.h"

enum { CLIENT_CAP = 52 };

/* Whether `networks` is a list of networks, parted by commas: "10.0.0.0/8, ::1, 2001:db8::/32"; "" is an empty one.
 * Otherwise a reason that names the entry is in `error`. */
bool client_networks_valid(const char *networks, char *error, size_t error_len);

/* Whether an address lies in one of a valid list of networks; false for what is no address. */
bool client_is_within(const char *address, const char *networks);

/* The client's address as inet_ntop writes it; an IPv4 address in IPv6's form (RFC 4291, 2.5.5.2) is written as IPv4.
 * `trusted` is a valid list of networks. A peer without an address, on a unix socket, is a trusted 127.0.0.1; one whose
 * address cannot be read gives "". */
void client_address(const struct request *request, const char *trusted, char out[static CLIENT_CAP]);
const char *client_address_text(struct arena *arena, const struct request *request, const char *trusted); /* *arena* */

/* Whether an address as proxies write it is in one of the networks. */
bool client_is_trusted(const char *address, const char *trusted);

/* The network that an address is counted by, as one client may have all of it: "203.0.113.0/24", "2001:db8::/64"; ""
 * for what is no address. */
void client_network(const char *address, char out[static CLIENT_CAP]);

/* The widest network that one customer may have: "203.0.113.0/24", "2001:db8::/56". */
void client_network_wide(const char *address, char out[static CLIENT_CAP]);

/* A number for the network of an address, by which what one client may have is counted: under a key (SipHash), so that
 * nobody can choose an address to be counted with another's. */
uint64_t client_network_hash(const char *address, const unsigned char key[static 16]);

/* The address as the log shows it: whole, its network only, or "-", which it also is for what is no address. */
void client_shown(const char *address, enum log_clients clients, char out[static CLIENT_CAP]);

#endif
