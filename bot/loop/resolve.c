/* resolve.c - names to addresses by getaddrinfo on threads that nobody waits for
 *
 * Happy path: resolve_start puts a lookup on a detached thread; the thread calls getaddrinfo, puts
 * the lookup into the mailbox and rings the loop; the loop copies the addresses and calls done.
 *
 * Failure modes: the name is none (NETWORK); the resolver hangs (the deadline ends the wait, the
 * lookup is orphaned, its thread still counts among LOOKUPS_MAX until it returns); all threads are
 * taken (the wait is in line, with the same deadline); the loop is freed while threads run (the mailbox
 * outlives it, the last one out frees it).
 */
#include "loop/resolve.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "loop/internal.h"

#define LOOKUPS_MAX 4
#define TIMEOUT_DEFAULT_MS 5000
#define HOST_MAX 253
#define STACK_BYTES (512U * 1024U)

/* Shared with the threads. */
struct mailbox {
	pthread_mutex_t lock;
	unsigned refs;        /* the loop and every thread */
	struct loop *loop;    /* NULL once it is gone */
	struct list answered; /* struct lookup */
};

/* On the loop's side. */
struct lookups {
	struct mailbox *mailbox;
	struct list waiting; /* struct waiter without a thread */
	unsigned n_threads;
	unsigned n_open; /* waiters in all */
};

struct lookup {
	struct list link;
	struct mailbox *mailbox;
	struct waiter *waiter; /* the loop's side only; NULL: nobody waits any more */
	char host[HOST_MAX + 1];
	int rc; /* of getaddrinfo */
	char addresses[RESOLVE_MAX][46];
	unsigned n_addresses;
};

struct waiter {
	struct list link;
	struct resolve *resolve;
	struct loop *loop;
	struct lookup *lookup; /* NULL: in line, or no lookup is needed */
	struct timer deadline;
	struct task end; /* posted when the outcome stands */
	bool failed;
	struct err err;
};

static void mailbox_unref(struct mailbox *mailbox)
{
	unsigned left;

	pthread_mutex_lock(&mailbox->lock);
	left = --mailbox->refs;
	pthread_mutex_unlock(&mailbox->lock);
	if (left > 0) {
		return;
	}
	LIST_FOREACH_SAFE(it, next, &mailbox->answered)
	{
		free(LIST_ENTRY(it, struct lookup, link));
	}
	pthread_mutex_destroy(&mailbox->lock);
	free(mailbox);
}

static void keep_addresses(struct lookup *lookup, const struct addrinfo *info)
{
	for (; info != NULL && lookup->n_addresses < RESOLVE_MAX; info = info->ai_next) {
		if ((info->ai_family == AF_INET || info->ai_family == AF_INET6) &&
		    getnameinfo(info->ai_addr, info->ai_addrlen,
				lookup->addresses[lookup->n_addresses],
				sizeof(lookup->addresses[0]), NULL, 0, NI_NUMERICHOST) == 0) {
			lookup->n_addresses++;
		}
	}
}

static void *thread_main(void *arg)
{
	struct lookup *lookup = arg;
	struct mailbox *mailbox = lookup->mailbox;
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *info = NULL;

	lookup->rc = getaddrinfo(lookup->host, NULL, &hints, &info);
	if (lookup->rc == 0) {
		keep_addresses(lookup, info);
		freeaddrinfo(info);
	}
	pthread_mutex_lock(&mailbox->lock);
	list_append(&mailbox->answered, &lookup->link);
	if (mailbox->loop != NULL) {
		(void)uv_async_send(&mailbox->loop->wake);
	}
	pthread_mutex_unlock(&mailbox->lock);
	mailbox_unref(mailbox);
	return NULL;
}

/* Starts a detached thread that takes no signals. */
static int spawn(struct lookup *lookup)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all;
	sigset_t old;
	int rc;

	if (pthread_attr_init(&attr) != 0) {
		return -1;
	}
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attr, STACK_BYTES);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&thread, &attr, thread_main, lookup);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return rc == 0 ? 0 : -1;
}

static void fail(struct waiter *waiter, enum err_kind kind, const char *why)
{
	waiter->failed = true;
	err_set(&waiter->err, kind, "cannot find '%.100s': %s", waiter->resolve->host, why);
	timer_stop(&waiter->deadline);
	task_post(&waiter->end);
}

static void launch(struct lookups *lookups, struct waiter *waiter)
{
	struct mailbox *mailbox = lookups->mailbox;
	struct lookup *lookup = mem_alloc(sizeof(*lookup));

	list_init(&lookup->link);
	lookup->mailbox = mailbox;
	lookup->waiter = waiter;
	memcpy(lookup->host, waiter->resolve->host, strlen(waiter->resolve->host) + 1);
	pthread_mutex_lock(&mailbox->lock);
	mailbox->refs++;
	pthread_mutex_unlock(&mailbox->lock);
	waiter->lookup = lookup;
	lookups->n_threads++;
	if (spawn(lookup) < 0) {
		lookups->n_threads--;
		waiter->lookup = NULL;
		free(lookup);
		mailbox_unref(mailbox);
		fail(waiter, ERR_LIMIT, "no thread is left");
	}
}

static void launch_waiting(struct lookups *lookups)
{
	while (lookups->n_threads < LOOKUPS_MAX && !list_empty(&lookups->waiting)) {
		struct waiter *waiter = LIST_ENTRY(lookups->waiting.next, struct waiter, link);

		list_remove(&waiter->link);
		launch(lookups, waiter);
	}
}

static const char *reason(int rc)
{
	switch (rc) {
	case EAI_NONAME:
	case EAI_NODATA:
		return "no such name";
	case EAI_AGAIN:
		return "the resolver did not answer";
	default:
		return gai_strerror(rc);
	}
}

static void take_answer(struct lookup *lookup)
{
	struct waiter *waiter = lookup->waiter;
	struct resolve *resolve;

	if (waiter == NULL) {
		return;
	}
	waiter->lookup = NULL;
	if (waiter->end.posted) { /* canceled or too late, in this very turn */
		return;
	}
	resolve = waiter->resolve;
	if (lookup->rc != 0 || lookup->n_addresses == 0) {
		fail(waiter, ERR_NETWORK,
		     lookup->rc != 0 ? reason(lookup->rc) : "it has no address");
		return;
	}
	memcpy(resolve->addresses, lookup->addresses, sizeof(resolve->addresses));
	resolve->n_addresses = lookup->n_addresses;
	timer_stop(&waiter->deadline);
	task_post(&waiter->end);
}

static void on_answers(struct loop *loop)
{
	struct lookups *lookups = loop->lookups;
	struct mailbox *mailbox = lookups->mailbox;

	for (;;) {
		struct lookup *lookup = NULL;

		pthread_mutex_lock(&mailbox->lock);
		if (!list_empty(&mailbox->answered)) {
			lookup = LIST_ENTRY(mailbox->answered.next, struct lookup, link);
			list_remove(&lookup->link);
		}
		pthread_mutex_unlock(&mailbox->lock);
		if (lookup == NULL) {
			break;
		}
		lookups->n_threads--;
		take_answer(lookup);
		free(lookup);
	}
	launch_waiting(lookups);
}

static void lookups_free(struct loop *loop)
{
	struct lookups *lookups = loop->lookups;

	assert(lookups->n_open == 0);
	if (lookups->mailbox != NULL) {
		pthread_mutex_lock(&lookups->mailbox->lock);
		lookups->mailbox->loop = NULL;
		pthread_mutex_unlock(&lookups->mailbox->lock);
		mailbox_unref(lookups->mailbox);
	}
	free(lookups);
	loop->lookups = NULL;
}

static struct lookups *lookups_of(struct loop *loop)
{
	struct lookups *lookups = loop->lookups;

	if (lookups != NULL) {
		return lookups;
	}
	lookups = mem_alloc(sizeof(*lookups));
	list_init(&lookups->waiting);
	if (!loop->is_virtual) {
		lookups->mailbox = mem_alloc(sizeof(*lookups->mailbox));
		(void)pthread_mutex_init(&lookups->mailbox->lock, NULL);
		lookups->mailbox->refs = 1;
		lookups->mailbox->loop = loop;
		list_init(&lookups->mailbox->answered);
	}
	loop->lookups = lookups;
	loop->lookups_free = lookups_free;
	loop->on_wake = on_answers;
	return lookups;
}

static void end(struct task *task)
{
	struct waiter *waiter = task->data;
	struct resolve *resolve = waiter->resolve;

	timer_stop(&waiter->deadline);
	list_remove(&waiter->link);
	if (waiter->lookup != NULL) {
		waiter->lookup->waiter = NULL; /* its thread goes on alone */
	}
	waiter->loop->lookups->n_open--;
	resolve->internal = NULL;
	resolve->done(resolve, waiter->failed ? &waiter->err : NULL); /* may free it */
	free(waiter);
}

static void on_deadline(struct timer *timer)
{
	fail(timer->data, ERR_TIMEOUT, "the resolver did not answer in time");
}

/* An address is its own answer. */
static bool is_address(const char *host)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static bool is_name(const char *host)
{
	size_t len = strnlen(host, HOST_MAX + 1);

	if (len == 0 || len > HOST_MAX) {
		return false;
	}
	for (const char *c = host; *c != '\0'; c++) {
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
		      (*c >= '0' && *c <= '9') || *c == '.' || *c == '-' || *c == '_')) {
			return false;
		}
	}
	return true;
}

void resolve_start(struct loop *loop, struct resolve *resolve)
{
	struct lookups *lookups = lookups_of(loop);
	struct waiter *waiter = mem_alloc(sizeof(*waiter));

	waiter->resolve = resolve;
	waiter->loop = loop;
	list_init(&waiter->link);
	timer_init(&waiter->deadline, loop, on_deadline, waiter);
	task_init(&waiter->end, loop, end, waiter);
	resolve->internal = waiter;
	resolve->n_addresses = 0;
	lookups->n_open++;
	if (is_address(resolve->host)) {
		memcpy(resolve->addresses[0], resolve->host, strlen(resolve->host) + 1);
		resolve->n_addresses = 1;
		task_post(&waiter->end);
	} else if (!is_name(resolve->host)) {
		fail(waiter, ERR_USAGE, "not a host name");
	} else if (loop->is_virtual) {
		fail(waiter, ERR_NETWORK, "no network here");
	} else {
		timer_start(&waiter->deadline,
			    resolve->timeout_ms > 0 ? resolve->timeout_ms : TIMEOUT_DEFAULT_MS);
		list_append(&lookups->waiting, &waiter->link);
		launch_waiting(lookups);
	}
}

void resolve_cancel(struct resolve *resolve)
{
	struct waiter *waiter = resolve->internal;

	if (waiter != NULL) {
		fail(waiter, ERR_CANCELED, "canceled");
	}
}
