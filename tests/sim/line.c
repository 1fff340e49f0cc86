/* line.c - droplets from lines of text: for scenario files, the command line and the demo's account */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "sim/catalog.h"
#include "sim/inside.h"

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

void sim_tag(struct sim_droplet *droplet, const char *tag)
{
	for (size_t i = 0; i < droplet->n_tags; i++) {
		if (strcasecmp(droplet->tags[i], tag) == 0) {
			return;
		}
	}
	droplet->tags = mem_grow(droplet->tags, droplet->n_tags + 1, sizeof(char *));
	droplet->tags[droplet->n_tags++] = mem_strdup(tag);
}

static void set_tags(struct sim_droplet *droplet, const char *list)
{
	sim_free_tags(droplet);
	while (*list != '\0') {
		size_t len = strcspn(list, ",");

		if (len > 0) {
			char *tag = mem_strndup(list, len);

			sim_tag(droplet, tag);
			free(tag);
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

static int set_bool(const char *value, bool *ret)
{
	*ret = strcmp(value, "yes") == 0;
	return *ret || strcmp(value, "no") == 0 ? 0 : -1;
}

static int set_field(struct sim *sim, struct sim_droplet *droplet, const char *key,
		     const char *value)
{
	uint64_t n;

	if (strcmp(key, "id") == 0) {
		return read_number(value, INT64_MAX, &n);
	}
	if (strcmp(key, "tags") == 0) {
		set_tags(droplet, value);
		return 0;
	}
	if (strcmp(key, "status") == 0) {
		droplet->later = DROPLET_UNKNOWN;
		return sim_status_value(value, &droplet->status);
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
		droplet->disk_gb = droplet->size->disk_gb;
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
		return set_bool(value, &droplet->held);
	}
	if (strcmp(key, "ipv6") == 0) {
		return set_bool(value, &droplet->ipv6);
	}
	if (strcmp(key, "snapshot") == 0 || strcmp(key, "backup") == 0) {
		(void)sim_add_image(sim, droplet,
				    strcmp(key, "backup") == 0 ? "backup" : "snapshot", value);
		return 0;
	}
	if (strcmp(key, "volume") == 0) {
		sim_add_volume(sim, value, droplet);
		return 0;
	}
	if (strcmp(key, "firewall") == 0) {
		sim_add_firewall(sim, value, droplet);
		return 0;
	}
	if (strcmp(key, "ip") == 0) {
		return sim_add_ip(sim, value, droplet);
	}
	if (strcmp(key, "agent") == 0) {
		return set_bool(value, &droplet->agent);
	}
	if (strcmp(key, "lives") == 0) {
		return set_bool(value, &droplet->lives);
	}
	if (strcmp(key, "cpu") == 0 && read_number(value, 100, &n) == 0) {
		droplet->cpu = (unsigned)n;
		return 0;
	}
	if (strcmp(key, "memory") == 0 && read_number(value, 100, &n) == 0) {
		droplet->memory = (unsigned)n;
		return 0;
	}
	if (strcmp(key, "backups") == 0) {
		droplet->policy = (struct sim_backup_policy){.weekly = true};
		return set_bool(value, &droplet->backups);
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

struct sim_droplet *sim_new_droplet(struct sim *sim, const char *name)
{
	struct sim_droplet *droplet = mem_alloc(sizeof(*droplet));

	droplet->name = mem_strdup(name);
	droplet->status = DROPLET_ACTIVE;
	droplet->region = sim_region("ams3");
	droplet->size = sim_size("s-1vcpu-1gb");
	droplet->disk_gb = droplet->size->disk_gb;
	droplet->ipv6 = true;
	droplet->agent = true;
	droplet->cpu = 20;
	droplet->memory = 51;
	droplet->image = sim_image("debian-12-x64");
	droplet->created_ms = sim->now_ms - INT64_C(90) * 86400000;
	return droplet;
}

void sim_admit(struct sim *sim, struct sim_droplet *droplet)
{
	struct sim_action *action;

	if (droplet->id >= sim->next_droplet_id) {
		sim->next_droplet_id = droplet->id + 1;
	}
	set_addresses(droplet);
	sim->droplets = mem_grow(sim->droplets, sim->n_droplets + 1, sizeof(struct sim_droplet *));
	sim->droplets[sim->n_droplets++] = droplet;
	action = sim_new_action(sim, droplet, "create", droplet->created_ms);
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
		droplet = sim_new_droplet(sim, key);
		droplet->id = id != 0 ? id : sim->next_droplet_id;
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
			sim_free_droplet(droplet);
		}
		return -1;
	}
	if (old == NULL) {
		sim_admit(sim, droplet);
	}
	return 0;
}
