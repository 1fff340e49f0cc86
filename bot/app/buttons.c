/* buttons.c - what a press means: an opaque id stands for a sentence that the presser then says
 *
 * The id is random and carries nothing, so a forged press can at most say what its presser could have typed. One that
 * confirms what somebody said is theirs alone. The table is a ring: an old button is answered "expired, nothing ran".
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "app/internal.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define BUTTONS_MAX 512

struct buttons {
	size_t next;
	struct {
		char id[20];
		char *text;
		char *whose; /* NULL: anybody's */
	} ring[BUTTONS_MAX];
};

struct buttons *buttons_new(void)
{
	return mem_table(sizeof(struct buttons));
}

void buttons_free(struct buttons *buttons)
{
	if (buttons == NULL) {
		return;
	}
	for (size_t i = 0; i < BUTTONS_MAX; i++) {
		free(buttons->ring[i].text);
		free(buttons->ring[i].whose);
	}
	mem_table_free(buttons, sizeof(*buttons));
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
	free(buttons->ring[at].whose);
	buttons->ring[at].whose = NULL;
	buttons->ring[at].text = mem_strdup(text);
	return id;
}

/* Ids of networks have no line's end. */
static char *whose(const struct gate_who *who)
{
	struct strbuf out;
	char *text;

	strbuf_init(&out, 1024);
	(void)strbuf_addf(&out, "%s\n%s\n%s", who->network, who->user_workspace, who->user);
	text = strbuf_detach(&out);
	strbuf_done(&out);
	return text;
}

const char *buttons_add_for(struct buttons *buttons, const struct gate_who *who, const char *text)
{
	const char *id = buttons_add(buttons, text);

	buttons->ring[(buttons->next - 1) % BUTTONS_MAX].whose = whose(who);
	return id;
}

static size_t find(const struct buttons *buttons, const char *id)
{
	size_t i = 0;

	while (i < BUTTONS_MAX && strcmp(buttons->ring[i].id, id) != 0) {
		i++;
	}
	return i;
}

const char *buttons_text(const struct buttons *buttons, const char *id)
{
	size_t i = id != NULL && *id != '\0' ? find(buttons, id) : BUTTONS_MAX;

	return i < BUTTONS_MAX ? buttons->ring[i].text : NULL;
}

bool buttons_may(const struct buttons *buttons, const char *id, const struct gate_who *who)
{
	size_t i = find(buttons, id);
	char *presser = whose(who);
	bool may = i < BUTTONS_MAX &&
		   (buttons->ring[i].whose == NULL || strcmp(buttons->ring[i].whose, presser) == 0);

	free(presser);
	return may;
}
