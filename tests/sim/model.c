/* model.c - the state of a simulated DigitalOcean account, and what time does to it */
#include "sim/model.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/names.h"
#include "sim/catalog.h"

#define FIRST_DROPLET_ID 400000001u
#define FIRST_ACTION_ID UINT64_C(2400000001)

struct type_row {
	const char *type;
	int64_t takes_ms;
	enum droplet_status needs; /* the droplet must have this status */
	enum droplet_status gives; /* and has this one afterwards */
};

static const struct type_row types[] = {
	{"reboot", 20000, DROPLET_ACTIVE, DROPLET_ACTIVE},
	{"power_on", 8000, DROPLET_OFF, DROPLET_ACTIVE},
	{"shutdown", 6000, DROPLET_ACTIVE, DROPLET_OFF},
	{"power_off", 5000, DROPLET_ACTIVE, DROPLET_OFF},
	{"power_cycle", 15000, DROPLET_ACTIVE, DROPLET_ACTIVE},
};

static const struct name statuses[] = {
	{DROPLET_NEW, "new"},
	{DROPLET_ACTIVE, "active"},
	{DROPLET_OFF, "off"},
	{DROPLET_ARCHIVE, "archive"},
};

#define READ_SCOPES \
	(SIM_ACCOUNT_READ | SIM_ACTIONS_READ | SIM_DROPLET_READ | SIM_PROJECT_READ | SIM_TAG_READ)

static const struct name scope_words[] = {
	{READ_SCOPES, "read"},
	{READ_SCOPES | SIM_DROPLET_UPDATE, "change"},
	{READ_SCOPES | SIM_DROPLET_UPDATE | SIM_DROPLET_DELETE, "destroy"},
	{SIM_ACCOUNT_READ, "account:read"},
	{SIM_ACTIONS_READ, "actions:read"},
	{SIM_DROPLET_READ, "droplet:read"},
	{SIM_DROPLET_UPDATE, "droplet:update"},
	{SIM_DROPLET_DELETE, "droplet:delete"},
	{SIM_PROJECT_READ, "project:read"},
	{SIM_TAG_READ, "tag:read"},
};

const char *sim_status_word(enum droplet_status status)
{
	const char *word = names_word(statuses, ARRAY_LEN(statuses), (int)status);

	return word != NULL ? word : "archive";
}

struct sim *sim_new(int64_t now_ms)
{
	struct sim *sim = mem_alloc(sizeof(*sim));

	sim->now_ms = now_ms;
	sim->next_droplet_id = FIRST_DROPLET_ID;
	sim->droplet_limit = 25;
	sim->rate_hour = 5000;
	sim->rate_minute = 250;
	sim->speed = 1;
	sim->team = mem_strdup("Acme");
	sim->email = mem_strdup("ops@acme.example");
	(void)sim_project(sim, "default");
	sim->projects[0].is_default = true;
	return sim;
}

static void free_tags(struct sim_droplet *droplet)
{
	for (size_t i = 0; i < droplet->n_tags; i++) {
		free(droplet->tags[i]);
	}
	free(droplet->tags);
	droplet->tags = NULL;
	droplet->n_tags = 0;
}

static void free_droplet(struct sim_droplet *droplet)
{
	free_tags(droplet);
	free(droplet->name);
	free(droplet->actions);
	free(droplet);
}

void sim_free(struct sim *sim)
{
	if (sim == NULL) {
		return;
	}
	for (size_t i = 0; i < sim->n_droplets; i++) {
		free_droplet(sim->droplets[i]);
	}
	for (size_t i = 0; i < sim->n_actions; i++) {
		free(sim->actions[i]);
	}
	for (size_t i = 0; i < sim->n_projects; i++) {
		free(sim->projects[i].name);
	}
	for (size_t i = 0; i < sim->n_tokens; i++) {
		free(sim->tokens[i].text);
		free(sim->tokens[i].window.times);
	}
	free(sim->droplets);
	free(sim->actions);
	free(sim->projects);
	free(sim->tokens);
	free(sim->team);
	free(sim->email);
	free(sim);
}

size_t sim_project(struct sim *sim, const char *name)
{
	struct sim_project *project;

	for (size_t i = 0; i < sim->n_projects; i++) {
		if (strcmp(sim->projects[i].name, name) == 0) {
			return i;
		}
	}
	sim->projects = mem_grow(sim->projects, sim->n_projects + 1, sizeof(*sim->projects));
	project = &sim->projects[sim->n_projects];
	memset(project, 0, sizeof(*project));
	project->name = mem_strdup(name);
	(void)snprintf(project->id, sizeof(project->id), "4e1bfbc3-dc3e-41f2-a18f-%012x",
		       0x1b4d7ba0u + (unsigned)sim->n_projects);
	return sim->n_projects++;
}

struct sim_droplet *sim_droplet_by_id(const struct sim *sim, uint64_t id)
{
	for (size_t i = 0; i < sim->n_droplets; i++) {
		if (sim->droplets[i]->id == id) {
			return sim->droplets[i];
		}
	}
	return NULL;
}

struct sim_droplet *sim_droplet_by_name(const struct sim *sim, const char *name)
{
	for (size_t i = 0; i < sim->n_droplets; i++) {
		if (strcasecmp(sim->droplets[i]->name, name) == 0) {
			return sim->droplets[i];
		}
	}
	return NULL;
}

const struct sim_action *sim_action_by_id(const struct sim *sim, uint64_t id)
{
	if (id < FIRST_ACTION_ID || id - FIRST_ACTION_ID >= sim->n_actions) {
		return NULL;
	}
	return sim->actions[id - FIRST_ACTION_ID];
}

static struct sim_action *new_action(struct sim *sim, struct sim_droplet *droplet, const char *type,
				     int64_t started_ms)
{
	struct sim_action *action = mem_alloc(sizeof(*action));

	action->id = FIRST_ACTION_ID + sim->n_actions;
	action->droplet_id = droplet->id;
	action->type = type;
	action->region = droplet->region->slug;
	action->started_ms = started_ms;
	sim->actions = mem_grow(sim->actions, sim->n_actions + 1, sizeof(struct sim_action *));
	sim->actions[sim->n_actions++] = action;
	droplet->actions =
		mem_grow(droplet->actions, droplet->n_actions + 1, sizeof(struct sim_action *));
	droplet->actions[droplet->n_actions++] = action;
	return action;
}

static const struct type_row *type_by_word(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strcmp(types[i].type, word) == 0) {
			return &types[i];
		}
	}
	return NULL;
}

static int64_t scaled(const struct sim *sim, int64_t ms)
{
	return sim->speed > 0 ? (int64_t)((double)ms / sim->speed) : ms;
}

struct sim_action *sim_start_action(struct sim *sim, struct sim_droplet *droplet, const char *type,
				    const char **ret_reason)
{
	const struct type_row *row = type_by_word(type);
	struct sim_action *action;

	if (row == NULL) {
		*ret_reason = "The action type is not known or not available for this Droplet.";
		return NULL;
	}
	if (droplet->event != NULL || droplet->held) {
		*ret_reason = "Droplet already has a pending event.";
		return NULL;
	}
	if (droplet->status != row->needs) {
		*ret_reason =
			row->needs == DROPLET_OFF
				? "Droplet is currently on. Please power it off to run this event."
				: "Droplet is currently off. Please power it on to run this event.";
		return NULL;
	}
	action = new_action(sim, droplet, row->type, sim->now_ms);
	action->fate = sim->fate;
	memset(&sim->fate, 0, sizeof(sim->fate));
	action->due_ms = action->fate.never_ends
				 ? INT64_MAX
				 : sim->now_ms + scaled(sim, action->fate.takes_ms > 0
								     ? action->fate.takes_ms
								     : row->takes_ms);
	droplet->event = action;
	return action;
}

/* The running event of a droplet is over. */
static void finish(struct sim *sim, struct sim_droplet *droplet)
{
	struct sim_action *action = droplet->event;
	const struct type_row *row = type_by_word(action->type);

	droplet->event = NULL;
	action->completed_ms = action->due_ms;
	action->status = action->fate.errors ? SIM_ERRORED : SIM_COMPLETED;
	if (row == NULL || action->fate.errors || action->fate.unchanged) {
		return;
	}
	if (action->fate.lag_ms > 0) {
		droplet->later = row->gives;
		droplet->later_ms = action->due_ms + scaled(sim, action->fate.lag_ms);
	} else {
		droplet->status = row->gives;
		droplet->later = DROPLET_UNKNOWN;
	}
}

void sim_settle(struct sim *sim, int64_t now_ms)
{
	if (now_ms < sim->now_ms) {
		return;
	}
	sim->now_ms = now_ms;
	for (size_t i = 0; i < sim->n_droplets; i++) {
		struct sim_droplet *droplet = sim->droplets[i];

		if (droplet->event != NULL && droplet->event->due_ms <= now_ms) {
			finish(sim, droplet);
		}
		if (droplet->later != DROPLET_UNKNOWN && droplet->later_ms <= now_ms) {
			droplet->status = droplet->later;
			droplet->later = DROPLET_UNKNOWN;
		}
	}
}

/* Bits of one comma-separated list of scope words. */
static int parse_scopes(const char *text, unsigned *ret_scopes, struct err *err)
{
	unsigned scopes = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, ",");
		bool take_away = *text == '-';
		char word[64];
		int bits;

		(void)snprintf(word, sizeof(word), "%.*s", (int)len - take_away, text + take_away);
		if (names_value(scope_words, ARRAY_LEN(scope_words), word, &bits) < 0) {
			return err_set(err, ERR_USAGE, "no such scope: '%s'", word);
		}
		scopes = take_away ? scopes & ~(unsigned)bits : scopes | (unsigned)bits;
		text += len + (text[len] == ',');
	}
	*ret_scopes = scopes;
	return 0;
}

int sim_add_token(struct sim *sim, const char *token, const char *scopes, struct err *err)
{
	struct sim_token *row;
	unsigned bits;

	if (parse_scopes(scopes, &bits, err) < 0) {
		return -1;
	}
	sim_remove_token(sim, token);
	sim->tokens = mem_grow(sim->tokens, sim->n_tokens + 1, sizeof(*sim->tokens));
	row = &sim->tokens[sim->n_tokens++];
	memset(row, 0, sizeof(*row));
	row->text = mem_strdup(token);
	row->scopes = bits;
	return 0;
}

void sim_remove_token(struct sim *sim, const char *token)
{
	for (size_t i = 0; i < sim->n_tokens; i++) {
		if (strcmp(sim->tokens[i].text, token) == 0) {
			free(sim->tokens[i].text);
			free(sim->tokens[i].window.times);
			sim->tokens[i] = sim->tokens[--sim->n_tokens];
			return;
		}
	}
}

void sim_remove_droplet(struct sim *sim, uint64_t id)
{
	for (size_t i = 0; i < sim->n_droplets; i++) {
		if (sim->droplets[i]->id == id) {
			free_droplet(sim->droplets[i]);
			sim->n_droplets--;
			memmove(&sim->droplets[i], &sim->droplets[i + 1],
				(sim->n_droplets - i) * sizeof(struct sim_droplet *));
			return;
		}
	}
}

/* Reading droplet lines */

int sim_next_word(const char **at, char key[SIM_WORD_SIZE], char value[SIM_WORD_SIZE])
{
	const char *word = *at + strspn(*at, " \t\r\n");
	size_t len = strcspn(word, " \t\r\n");
	size_t key_len = strcspn(word, "= \t\r\n");
	size_t value_len = key_len < len ? len - key_len - 1 : 0;

	*at = word + len;
	if (len == 0) {
		return 0;
	}
	if (key_len >= SIM_WORD_SIZE || value_len >= SIM_WORD_SIZE) {
		return -1;
	}
	memcpy(key, word, key_len);
	key[key_len] = '\0';
	memcpy(value, word + len - value_len, value_len);
	value[value_len] = '\0';
	return 1;
}

static void set_tags(struct sim_droplet *droplet, const char *list)
{
	free_tags(droplet);
	while (*list != '\0') {
		size_t len = strcspn(list, ",");

		if (len > 0) {
			droplet->tags =
				mem_grow(droplet->tags, droplet->n_tags + 1, sizeof(char *));
			droplet->tags[droplet->n_tags++] = mem_strndup(list, len);
		}
		list += len + (list[len] == ',');
	}
}

static int read_number(const char *text, uint64_t most, uint64_t *ret)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || n > most) {
		return -1;
	}
	*ret = n;
	return 0;
}

static int set_field(struct sim *sim, struct sim_droplet *droplet, const char *key,
		     const char *value)
{
	uint64_t n;
	int status;

	if (strcmp(key, "id") == 0) {
		return read_number(value, INT64_MAX, &n);
	}
	if (strcmp(key, "tags") == 0) {
		set_tags(droplet, value);
		return 0;
	}
	if (strcmp(key, "status") == 0) {
		if (names_value(statuses, ARRAY_LEN(statuses), value, &status) < 0) {
			return -1;
		}
		droplet->status = (enum droplet_status)status;
		droplet->later = DROPLET_UNKNOWN;
		return 0;
	}
	if (strcmp(key, "region") == 0) {
		if (sim_region(value) == NULL) {
			return -1;
		}
		droplet->region = sim_region(value);
		return 0;
	}
	if (strcmp(key, "size") == 0) {
		if (sim_size(value) == NULL) {
			return -1;
		}
		droplet->size = sim_size(value);
		droplet->gpu = droplet->size->gpu;
		return 0;
	}
	if (strcmp(key, "image") == 0) {
		if (sim_image(value) == NULL) {
			return -1;
		}
		droplet->image = sim_image(value);
		return 0;
	}
	if (strcmp(key, "project") == 0) {
		droplet->project = sim_project(sim, value);
		return 0;
	}
	if (strcmp(key, "locked") == 0) {
		droplet->held = strcmp(value, "yes") == 0;
		return droplet->held || strcmp(value, "no") == 0 ? 0 : -1;
	}
	if (strcmp(key, "days") == 0 && read_number(value, 20000, &n) == 0) {
		droplet->created_ms = sim->now_ms - (int64_t)n * 86400000;
		return 0;
	}
	return -1;
}

/* Addresses that follow from the id, so that an account looks the same in every run. */
static void set_addresses(struct sim_droplet *droplet)
{
	unsigned n = (unsigned)(droplet->id % 60000);

	(void)snprintf(droplet->ip, sizeof(droplet->ip), "%s.%u.%u", droplet->region->ip_prefix,
		       n / 240 % 256, n % 240 + 10);
	(void)snprintf(droplet->ip_private, sizeof(droplet->ip_private), "10.110.%u.%u",
		       n / 240 % 256, n % 240 + 10);
	(void)snprintf(droplet->ip6, sizeof(droplet->ip6), "%s::%x:%x001",
		       droplet->region->ip6_prefix, n / 16 % 0xfff + 1, n % 16);
}

static struct sim_droplet *new_droplet(struct sim *sim, const char *name)
{
	struct sim_droplet *droplet = mem_alloc(sizeof(*droplet));

	droplet->name = mem_strdup(name);
	droplet->status = DROPLET_ACTIVE;
	droplet->region = sim_region("ams3");
	droplet->size = sim_size("s-1vcpu-1gb");
	droplet->image = sim_image("debian-12-x64");
	droplet->created_ms = sim->now_ms - INT64_C(90) * 86400000;
	return droplet;
}

static void admit(struct sim *sim, struct sim_droplet *droplet, uint64_t id)
{
	struct sim_action *action;

	droplet->id = id != 0 ? id : sim->next_droplet_id;
	if (droplet->id >= sim->next_droplet_id) {
		sim->next_droplet_id = droplet->id + 1;
	}
	set_addresses(droplet);
	sim->droplets = mem_grow(sim->droplets, sim->n_droplets + 1, sizeof(struct sim_droplet *));
	sim->droplets[sim->n_droplets++] = droplet;
	action = new_action(sim, droplet, "create", droplet->created_ms);
	action->status = SIM_COMPLETED;
	action->completed_ms = droplet->created_ms + 31000;
}

/* The id of a line, 0 when it names none. */
static uint64_t line_id(const char *line)
{
	char key[SIM_WORD_SIZE], value[SIM_WORD_SIZE];
	uint64_t id = 0;

	while (sim_next_word(&line, key, value) > 0) {
		if (strcmp(key, "id") == 0 && read_number(value, INT64_MAX, &id) < 0) {
			return 0;
		}
	}
	return id;
}

int sim_droplet_line(struct sim *sim, const char *line, struct err *err)
{
	char key[SIM_WORD_SIZE], value[SIM_WORD_SIZE];
	uint64_t id = line_id(line);
	struct sim_droplet *old = id != 0 ? sim_droplet_by_id(sim, id) : NULL;
	struct sim_droplet *droplet = old;
	int got = sim_next_word(&line, key, value);

	if (got <= 0 || value[0] != '\0') {
		return err_set(err, ERR_USAGE, "a droplet line begins with the droplet's name");
	}
	if (droplet == NULL) {
		droplet = new_droplet(sim, key);
	} else {
		free(droplet->name);
		droplet->name = mem_strdup(key);
	}
	while ((got = sim_next_word(&line, key, value)) > 0) {
		if (set_field(sim, droplet, key, value) < 0) {
			got = -1;
			break;
		}
	}
	if (got < 0) {
		(void)err_set(err, ERR_USAGE, "droplet '%s': cannot use '%s=%.80s'", droplet->name,
			      key, value);
		if (old == NULL) {
			free_droplet(droplet);
		}
		return -1;
	}
	if (old == NULL) {
		admit(sim, droplet, id);
	}
	return 0;
}
