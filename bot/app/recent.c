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

/*
 * Of a key its hash is kept: seeded, 64 bits wide, so nobody can make two alike, and by chance a new one of 10^15 is like one of
 * those 8,192. Whole keys took a fifth of the program's memory after a busy hour.
 */
struct recent {
	uint64_t ring[KEYS_MAX];
	uint16_t chain
		[KEYS_MAX]; /* the next of those whose hash is in the same place; place in the ring + 1, 0: none */
	uint16_t chains[KEYS_MAX]; /* the first of each */
	size_t n;                  /* so many there ever were */
	struct map strangers;      /* who -> count in this minute */
	int64_t minute;
};

struct recent *recent_new(void)
{
	struct recent *recent = mem_table(sizeof(*recent));

	map_init(&recent->strangers);
	return recent;
}

void recent_free(struct recent *recent)
{
	if (recent != NULL) {
		map_done(&recent->strangers, NULL);
		mem_table_free(recent, sizeof(*recent));
	}
}

static bool is_kept(const struct recent *recent, uint64_t hash)
{
	unsigned at = recent->chains[hash % KEYS_MAX];

	while (at != 0 && recent->ring[at - 1] != hash) {
		at = recent->chain[at - 1];
	}
	return at != 0;
}

static void forget(struct recent *recent, size_t i)
{
	uint16_t *at = &recent->chains[recent->ring[i] % KEYS_MAX];

	while (*at != i + 1) {
		at = &recent->chain[*at - 1];
	}
	*at = recent->chain[i];
}

bool recent_repeated(struct recent *recent, const char *event_key)
{
	uint64_t hash = map_hash(event_key, strlen(event_key));
	uint16_t *chain = &recent->chains[hash % KEYS_MAX];
	size_t i = recent->n % KEYS_MAX;

	if (is_kept(recent, hash)) {
		return true;
	}
	if (recent->n >= KEYS_MAX) {
		forget(recent, i);
	}
	recent->ring[i] = hash;
	recent->chain[i] = *chain;
	*chain = (uint16_t)(i + 1);
	recent->n++;
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
