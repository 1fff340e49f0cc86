/* buttons.c - what a press means: an opaque id stands for a sentence that the presser then says
 *
 * The id is random and carries nothing, so a forged press can at most say what its presser could have typed. The table
 * is a ring: an old button is answered "expired, nothing ran".
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "app/internal.h"
#include "base/mem.h"

#define BUTTONS_MAX 512

struct buttons {
	struct {
		char id[20];
		char *text;
	} ring[BUTTONS_MAX];
	size_t next;
};

struct buttons *buttons_new(void)
{
	return mem_alloc(sizeof(struct buttons));
}

void buttons_free(struct buttons *buttons)
{
	if (buttons == NULL) {
		return;
	}
	for (size_t i = 0; i < BUTTONS_MAX; i++) {
		free(buttons->ring[i].text);
	}
	free(buttons);
}

const char *buttons_add(struct buttons *buttons, const char *text)
{
	static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
	size_t at = buttons->next++ % BUTTONS_MAX;
	char *id = buttons->ring[at].id;
	unsigned char bytes[16];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		abort(); /* an id that can be guessed would be pressed by strangers */
	}
	for (size_t i = 0; i < sizeof(bytes); i++) {
		id[i] = letters[bytes[i] % 32];
	}
	id[sizeof(bytes)] = '\0';
	free(buttons->ring[at].text);
	buttons->ring[at].text = mem_strdup(text);
	return id;
}

const char *buttons_text(const struct buttons *buttons, const char *id)
{
	if (id == NULL || *id == '\0') {
		return NULL;
	}
	for (size_t i = 0; i < BUTTONS_MAX; i++) {
		if (strcmp(buttons->ring[i].id, id) == 0) {
			return buttons->ring[i].text;
		}
	}
	return NULL;
}
