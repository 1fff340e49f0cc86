/* audit.c - a row as one JSON object */
#include "audit/audit.h"

#include "base/clock.h"
#include "base/json.h"

/* A row holds ids and names only; what is longer than this is cut off by its field's own limits before. */
#define BODY_MAX 65536

static void key(struct strbuf *out, const char *name)
{
	strbuf_adds(out, out->len > 1 ? ",\"" : "\""); /* the names are ours: nothing to escape */
	strbuf_adds(out, name);
	strbuf_adds(out, "\":");
}

static void text(struct strbuf *out, const char *name, const char *value)
{
	if (value != NULL && *value != '\0') {
		key(out, name);
		json_add_string(out, value);
	}
}

static void id(struct strbuf *out, const char *name, uint64_t value)
{
	if (value != 0) {
		key(out, name);
		strbuf_addf(out, "%llu", (unsigned long long)value);
	}
}

static void list_droplets(struct strbuf *out, const struct audit_row *row)
{
	if (row->n_droplets == 0) {
		return;
	}
	key(out, "droplets");
	for (size_t i = 0; i < row->n_droplets; i++) {
		strbuf_addf(out, "%s%llu", i == 0 ? "[" : ",",
			    (unsigned long long)row->droplets[i]);
	}
	strbuf_addch(out, ']');
}

static void list(struct strbuf *out, const char *name, const char *const *texts, size_t n)
{
	if (n == 0) {
		return;
	}
	key(out, name);
	for (size_t i = 0; i < n; i++) {
		strbuf_addch(out, i == 0 ? '[' : ',');
		json_add_string(out, texts[i]);
	}
	strbuf_addch(out, ']');
}

static void write_body(struct strbuf *out, const struct audit_row *row)
{
	char at[CLOCK_TEXT_SIZE];

	strbuf_addch(out, '{');
	text(out, "at", clock_format(row->at_ms, at, sizeof(at)));
	text(out, "kind", row->kind);
	text(out, "id", row->id);
	text(out, "person", row->person);
	text(out, "network", row->network);
	text(out, "user_workspace", row->user_workspace);
	text(out, "user", row->user);
	text(out, "workspace", row->workspace);
	text(out, "channel", row->channel);
	text(out, "channel_name", row->channel_name);
	text(out, "verb", row->verb);
	list_droplets(out, row);
	list(out, "new", row->names, row->n_names);
	text(out, "verdict", row->verdict);
	list(out, "rules", row->rules, row->n_rules);
	list(out, "duties", row->duties, row->n_duties);
	list(out, "approvers", row->approvers, row->n_approvers);
	id(out, "count", (uint64_t)row->count);
	text(out, "policy", row->policy_id);
	text(out, "state", row->state);
	id(out, "action", row->action_id);
	text(out, "outcome", row->outcome);
	strbuf_addch(out, '}');
}

void audit_add(struct store_txn *txn, const struct audit_row *row)
{
	struct audit_row few = *row;
	struct strbuf body;

	strbuf_init(&body, BODY_MAX);
	write_body(&body, &few);
	if (body.full) {
		/* only a list of thousands can be that long: the row says that much and stays whole JSON */
		few.n_droplets = 0;
		few.n_names = 0;
		few.n_rules = 0;
		few.n_duties = 0;
		few.n_approvers = 0;
		few.outcome = "too long to be written whole";
		strbuf_reset(&body);
		body.full = false;
		write_body(&body, &few);
	}
	store_txn_log(txn, body.buf);
	strbuf_done(&body);
}
