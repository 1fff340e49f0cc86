/* chain.c - the rule of the audit chain: SHA-256 over the hash before and the body */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "store/store.h"

void store_chain_hash(const char *prev, const char *body, char ret_hash[STORE_HASH_SIZE])
{
	size_t n_prev = strlen(prev);
	size_t n_body = strlen(body);
	char *both = mem_alloc(n_prev + 1 + n_body);

	memcpy(both, prev, n_prev);
	both[n_prev] = '\n';
	memcpy(both + n_prev + 1, body, n_body);
	digest_hex(both, n_prev + 1 + n_body, ret_hash);
	free(both);
}
