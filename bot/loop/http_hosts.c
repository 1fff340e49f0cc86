/* http_hosts.c - the addresses of the few hosts that a pool talks to
 *
 * curl's resolver would wait for its thread when a lookup hangs, so names are looked up by
 * loop/resolve and handed to curl. They are kept for a minute; when the resolver fails then, the old
 * addresses go on serving, because a bot must work on the day on which DNS does not.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "loop/http_internal.h"

#define FRESH_MS 60000
#define LOOKUP_MAX_MS 5000
#define HOSTS_MAX 64

static void tell_all(struct host *host, const struct err *err)
{
	struct list calls;

	list_init(&calls);
	while (!list_empty(&host->calls)) {
		struct list *first = host->calls.next;

		list_remove(first);
		list_append(&calls, first);
	}
	while (!list_empty(&calls)) {
		struct call *call = LIST_ENTRY(calls.next, struct call, waiting);

		list_remove(&call->waiting);
		if (host->known) {
			call_connect(call, host->addresses);
		} else {
			/* nothing was sent, so a timeout here is NETWORK too */
			call_fail(call, err->kind == ERR_USAGE ? ERR_USAGE : ERR_NETWORK, err->msg);
		}
	}
}

static void on_resolved(struct resolve *resolve, const struct err *err)
{
	struct host *host = resolve->data;
	size_t len = 0;

	host->asking = false;
	if (err == NULL) {
		for (unsigned i = 0; i < resolve->n_addresses; i++) {
			const char *address = resolve->addresses[i];
			bool v6 = strchr(address, ':') != NULL;

			len += (size_t)snprintf(
				host->addresses + len, sizeof(host->addresses) - len, "%s%s%s%s",
				i > 0 ? "," : "", v6 ? "[" : "", address, v6 ? "]" : "");
		}
		host->known = true;
		host->fresh_until_ms = clock_mono_ms() + FRESH_MS;
	} else if (host->known) {
		host->fresh_until_ms = clock_mono_ms() + LOOKUP_MAX_MS;
	}
	if (host->pool != NULL) {
		tell_all(host, err);
	} else {
		free(host); /* the pool is gone */
	}
}

static struct host *find(struct http_pool *pool, const char *name)
{
	struct host *host;

	LIST_FOREACH(it, &pool->hosts)
	{
		host = LIST_ENTRY(it, struct host, link);
		if (strcmp(host->name, name) == 0) {
			return host;
		}
	}
	LIST_FOREACH(it, &pool->hosts)
	{
		host = LIST_ENTRY(it, struct host, link);
		if (pool->n_hosts >= HOSTS_MAX && !host->asking) {
			list_remove(&host->link);
			free(host);
			pool->n_hosts--;
			break;
		}
	}
	host = mem_alloc(sizeof(*host));
	host->pool = pool;
	memcpy(host->name, name, strlen(name) + 1);
	list_init(&host->calls);
	list_append(&pool->hosts, &host->link);
	pool->n_hosts++;
	return host;
}

void hosts_ask(struct call *call)
{
	struct host *host;

	if (call->host[0] == '\0') { /* an address */
		call_connect(call, NULL);
		return;
	}
	host = find(call->pool, call->host);
	if (host->known && clock_mono_ms() < host->fresh_until_ms) {
		call_connect(call, host->addresses);
		return;
	}
	list_append(&host->calls, &call->waiting);
	if (!host->asking) {
		host->asking = true;
		host->resolve = (struct resolve){
			.host = host->name,
			.timeout_ms =
				call->connect_ms < LOOKUP_MAX_MS ? call->connect_ms : LOOKUP_MAX_MS,
			.done = on_resolved,
			.data = host,
		};
		resolve_start(call->pool->loop, &host->resolve);
	}
}

void hosts_free(struct http_pool *pool)
{
	LIST_FOREACH_SAFE(it, next, &pool->hosts)
	{
		struct host *host = LIST_ENTRY(it, struct host, link);

		assert(list_empty(&host->calls));
		list_remove(&host->link);
		host->pool = NULL;
		if (host->asking) {
			resolve_cancel(&host->resolve); /* frees it at the next turn */
		} else {
			free(host);
		}
	}
}
