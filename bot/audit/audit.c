/* audit.c - a row as one JSON object, and the walk along the chain */
#include "audit/audit.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"

/* A row holds ids and names only; what is longer than this is cut off by its field's own limits before. */
#define BODY_MAX 65536

static void key(struct strbuf *out, const char *name)
{
	strbuf_adds(out, out->len > 1 ? "," : "");
	json_add_string(out, name);
	strbuf_addch(out, ':');
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

static void list_rules(struct strbuf *out, const struct audit_row *row)
{
	if (row->n_rules == 0) {
		return;
	}
	key(out, "rules");
	for (size_t i = 0; i < row->n_rules; i++) {
		strbuf_addch(out, i == 0 ? '[' : ',');
		json_add_string(out, row->rules[i]);
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
	text(out, "verdict", row->verdict);
	list_rules(out, row);
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
		few.n_rules = 0;
		few.outcome = "too long to be written whole";
		strbuf_reset(&body);
		body.full = false;
		write_body(&body, &few);
	}
	store_txn_log(txn, body.buf);
	strbuf_done(&body);
}

/* ---- verify -------------------------------------------------------------------------------- */

struct walk {
	int64_t rows;
	char prev[STORE_HASH_SIZE];
	bool broken;
	struct err *err;
};

static int break_off(struct walk *walk, int64_t seq, const char *why)
{
	walk->broken = true;
	(void)err_set(walk->err, ERR_STORE, "the audit log breaks at row %lld: %s", (long long)seq,
		      why);
	return 1;
}

static int check_row(const struct store_log *log, void *data)
{
	struct walk *walk = data;
	char hash[STORE_HASH_SIZE];

	if (log->seq != walk->rows + 1) {
		return break_off(walk, walk->rows + 1, "it is missing");
	}
	if (strcmp(log->prev, walk->prev) != 0) {
		return break_off(walk, log->seq, "it does not follow the row before it");
	}
	store_chain_hash(log->prev, log->body, hash);
	if (strcmp(log->hash, hash) != 0) {
		return break_off(walk, log->seq, "its text is not what was written");
	}
	memcpy(walk->prev, hash, sizeof(hash));
	walk->rows++;
	return 0;
}

int audit_verify(struct store *store, int64_t *ret_rows, struct err *err)
{
	struct walk walk = {.err = err};

	memset(walk.prev, '0', STORE_HASH_SIZE - 1);
	/* from the smallest number: a row smuggled in before the first is a break too */
	if (store_each_log(store, INT64_MIN, check_row, &walk, err) < 0 || walk.broken) {
		return -1;
	}
	*ret_rows = walk.rows;
	return 0;
}

/* ---- export -------------------------------------------------------------------------------- */

static int find_last(const struct store_log *log, void *data)
{
	*(int64_t *)data = log->seq;
	return 0;
}

static int print_row(const struct store_log *log, void *data)
{
	struct strbuf *out = data;

	strbuf_addf(out, "{\"seq\":%lld,\"hash\":\"%s\"", (long long)log->seq, log->hash);
	if (log->body[0] == '{' && log->body[1] != '}' && log->body[1] != '\0') {
		strbuf_addch(out, ',');
		strbuf_adds(out, log->body + 1);
	} else {
		strbuf_addch(out, '}');
	}
	strbuf_addch(out, '\n');
	return out->full ? 1 : 0;
}

int audit_export(struct store *store, size_t most, struct strbuf *out, struct err *err)
{
	int64_t last = 0;
	int64_t from = 0;

	if (most > 0) {
		if (store_each_log(store, 0, find_last, &last, err) < 0) {
			return -1;
		}
		from = (uint64_t)last > most ? last - (int64_t)most + 1 : 0;
	}
	if (store_each_log(store, from, print_row, out, err) < 0) {
		return -1;
	}
	return out->full
		       ? err_set(err, ERR_LIMIT, "the audit log is longer than %zu bytes", out->max)
		       : 0;
}
