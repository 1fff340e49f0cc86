/* recent.c - what was taken in of late: delivery keys (a repeat starts nothing), and strangers (a few answers a minute)
 *
 * Both are bounded. For changes the store holds the keys too, and the newest of them are known again after a restart: what the
 * network repeats then starts nothing and is told nothing new, also where the world has moved on since.
 */
#include <stdlib.h>
#include <string.h>

#include "app/internal.h"
#include "base/clock.h"
#include "base/mem.h"

#define KEYS_MAX 8192
#define STRANGERS_MAX 256
#define ANSWERS_A_MINUTE 4

struct recent {
	struct map keys;
	size_t next;
	struct map strangers; /* who -> count in this minute */
	int64_t minute;
	char *ring[KEYS_MAX];
};

struct recent *recent_new(void)
{
	struct recent *recent = mem_table(sizeof(*recent));

	map_init(&recent->keys);
	map_init(&recent->strangers);
	return recent;
}

void recent_free(struct recent *recent)
{
	if (recent == NULL) {
		return;
	}
	for (size_t i = 0; i < KEYS_MAX; i++) {
		free(recent->ring[i]);
	}
	map_done(&recent->keys, NULL);
	map_done(&recent->strangers, NULL);
	mem_table_free(recent, sizeof(*recent));
}

bool recent_repeated(struct recent *recent, const char *event_key)
{
	size_t at = recent->next % KEYS_MAX;

	if (map_has(&recent->keys, event_key)) {
		return true;
	}
	if (recent->ring[at] != NULL) {
		(void)map_remove(&recent->keys, recent->ring[at]);
		free(recent->ring[at]);
	}
	recent->ring[at] = mem_strdup(event_key);
	(void)map_put(&recent->keys, event_key, recent);
	recent->next++;
	return false;
}

struct load {
	char *keys[KEYS_MAX];
	size_t n;
};

static int take_key(const char *key, void *data)
{
	struct load *load = data;

	load->keys[load->n++] = mem_strdup(key);
	return 0;
}

int recent_load(struct recent *recent, struct store *store, struct err *err)
{
	struct load *load = mem_alloc(sizeof(*load));
	int rc = store_each_seen(store, KEYS_MAX, take_key, load, err);

	while (load->n > 0) { /* the oldest first: it is the first to be forgotten */
		load->n--;
		(void)recent_repeated(recent, load->keys[load->n]);
		free(load->keys[load->n]);
	}
	free(load);
	return rc;
}

bool recent_may_answer(struct recent *recent, const char *who)
{
	int64_t minute = clock_mono_ms() / 60000;
	uintptr_t count;

	if (minute != recent->minute) {
		recent->minute = minute;
		map_done(&recent->strangers, NULL);
	}
	count = (uintptr_t)map_get(&recent->strangers, who);
	if (count >= ANSWERS_A_MINUTE ||
	    (count == 0 && map_size(&recent->strangers) >= STRANGERS_MAX)) {
		return false;
	}
	(void)map_put(&recent->strangers, who, (void *)(count + 1));
	return true;
}
