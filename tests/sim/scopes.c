/* scopes.c - what a token of the simulated DigitalOcean may do, from words */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/names.h"
#include "sim/inside.h"

static const struct name words[] = {
	{SIM_ACCOUNT_READ, "account:read"},
	{SIM_ACTIONS_READ, "actions:read"},
	{SIM_BILLING_READ, "billing:read"},
	{SIM_BLOCK_STORAGE_READ, "block_storage:read"},
	{SIM_BLOCK_STORAGE_DELETE, "block_storage:delete"},
	{SIM_BLOCK_STORAGE_ACTION_READ, "block_storage_action:read"},
	{SIM_BLOCK_STORAGE_ACTION_CREATE, "block_storage_action:create"},
	{SIM_BLOCK_STORAGE_SNAPSHOT_READ, "block_storage_snapshot:read"},
	{SIM_BLOCK_STORAGE_SNAPSHOT_DELETE, "block_storage_snapshot:delete"},
	{SIM_DOMAIN_READ, "domain:read"},
	{SIM_DROPLET_READ, "droplet:read"},
	{SIM_DROPLET_UPDATE, "droplet:update"},
	{SIM_DROPLET_CREATE, "droplet:create"},
	{SIM_DROPLET_ADMIN, "droplet:admin"},
	{SIM_DROPLET_DELETE, "droplet:delete"},
	{SIM_FIREWALL_READ, "firewall:read"},
	{SIM_FIREWALL_UPDATE, "firewall:update"},
	{SIM_IMAGE_READ, "image:read"},
	{SIM_IMAGE_CREATE, "image:create"},
	{SIM_IMAGE_DELETE, "image:delete"},
	{SIM_LOAD_BALANCER_READ, "load_balancer:read"},
	{SIM_MONITORING_READ, "monitoring:read"},
	{SIM_PROJECT_READ, "project:read"},
	{SIM_PROJECT_ASSIGN, "project:assign_resource"},
	{SIM_REGIONS_READ, "regions:read"},
	{SIM_RESERVED_IP_READ, "reserved_ip:read"},
	{SIM_RESERVED_IP_UPDATE, "reserved_ip:update"},
	{SIM_RESERVED_IP_DELETE, "reserved_ip:delete"},
	{SIM_SIZES_READ, "sizes:read"},
	{SIM_SNAPSHOT_READ, "snapshot:read"},
	{SIM_SNAPSHOT_DELETE, "snapshot:delete"},
	{SIM_SSH_KEY_READ, "ssh_key:read"},
	{SIM_TAG_READ, "tag:read"},
	{SIM_TAG_CREATE, "tag:create"},
	{SIM_TAG_DELETE, "tag:delete"},
	{SIM_VPC_READ, "vpc:read"},
};

/* Everything that only reads. */
static uint64_t read_scopes(void)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(strchr(words[i].word, ':'), ":read") == 0) {
			bits |= sim_scope_bit((enum sim_scope)words[i].value);
		}
	}
	return bits;
}

/* Those that the verbs of the tier need (policy.md, "accounts"). */
static uint64_t change_scopes(void)
{
	return read_scopes() | sim_scope_bit(SIM_DROPLET_UPDATE) | sim_scope_bit(SIM_IMAGE_CREATE) |
	       sim_scope_bit(SIM_TAG_CREATE) | sim_scope_bit(SIM_TAG_DELETE) |
	       sim_scope_bit(SIM_BLOCK_STORAGE_ACTION_CREATE) |
	       sim_scope_bit(SIM_RESERVED_IP_UPDATE) | sim_scope_bit(SIM_FIREWALL_UPDATE) |
	       sim_scope_bit(SIM_PROJECT_ASSIGN);
}

static int bits_of(const char *word, uint64_t *ret)
{
	int scope;

	if (strcmp(word, "read") == 0) {
		*ret = read_scopes();
	} else if (strcmp(word, "change") == 0) {
		*ret = change_scopes();
	} else if (strcmp(word, "destroy") == 0) {
		*ret = sim_scope_bit(SIM_SCOPE_COUNT) - 1;
	} else if (names_value(words, ARRAY_LEN(words), word, &scope) == 0) {
		*ret = sim_scope_bit((enum sim_scope)scope);
	} else {
		return -1;
	}
	return 0;
}

int sim_parse_scopes(const char *text, uint64_t *ret_scopes, struct err *err)
{
	uint64_t scopes = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, ",");
		bool take_away = *text == '-';
		char word[64];
		uint64_t bits;

		(void)snprintf(word, sizeof(word), "%.*s", (int)len - take_away, text + take_away);
		if (bits_of(word, &bits) < 0) {
			return err_set(err, ERR_USAGE, "no such scope: '%s'", word);
		}
		scopes = take_away ? scopes & ~bits : scopes | bits;
		text += len + (text[len] == ',');
	}
	*ret_scopes = scopes;
	return 0;
}

void sim_print_scopes(uint64_t scopes, struct strbuf *out)
{
	bool first = true;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if ((scopes & sim_scope_bit((enum sim_scope)words[i].value)) != 0) {
			(void)strbuf_addf(out, "%s\"%s\"", first ? "" : ",", words[i].word);
			first = false;
		}
	}
}
