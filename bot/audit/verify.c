/* verify.c - the walk along the chain, from the first closed file to the newest row, and the heads that are kept elsewhere */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/folder.h"

struct check {
	struct audit_head at; /* the row that the next one must follow */
	const struct audit_head *head;
	struct audit_head cut;
	bool broken;
	struct err *err;
};

static int break_off(struct check *check, int64_t seq, const struct audit_place *place,
		     const char *why)
{
	check->broken = true;
	if (place != NULL && place->file != NULL) {
		(void)err_set(check->err, ERR_STORE,
			      "the audit log breaks at row %lld (%s, line %zu): %s", (long long)seq,
			      place->file, place->line, why);
	} else {
		(void)err_set(check->err, ERR_STORE, "the audit log breaks at row %lld: %s",
			      (long long)seq, why);
	}
	return 1;
}

/* All files are behind: they must end where the database says that it goes on. */
static int check_seam(struct check *check)
{
	if (check->at.seq < check->cut.seq) {
		return break_off(check, check->at.seq + 1, NULL,
				 "it is missing, and so is the file that held it");
	}
	if (check->at.seq == check->cut.seq && strcmp(check->at.hash, check->cut.hash) != 0) {
		return break_off(check, check->cut.seq + 1, NULL,
				 "the database does not go on where the closed files end");
	}
	return 0;
}

static int check_row(const struct store_log *log, const struct audit_place *place, void *data)
{
	struct check *check = data;
	char hash[STORE_HASH_SIZE];

	if (log == NULL) {
		return check_seam(check);
	}
	if (log->seq != check->at.seq + 1) {
		return break_off(check, check->at.seq + 1, place, "it is missing");
	}
	if (place->file == NULL && strcmp(log->prev, check->at.hash) != 0) {
		return break_off(check, log->seq, place, "it does not follow the row before it");
	}
	store_chain_hash(check->at.hash, log->body, hash);
	if (strcmp(log->hash, hash) != 0) {
		return break_off(check, log->seq, place, "its text is not what was written");
	}
	if (check->head->seq == log->seq && strcmp(check->head->hash, hash) != 0) {
		return break_off(check, log->seq, place,
				 "it is not the one whose head was kept: the log was rewritten");
	}
	check->at.seq = log->seq;
	memcpy(check->at.hash, hash, sizeof(hash));
	return 0;
}

int audit_verify_from(struct store *store, const struct audit_head *after,
		      const struct audit_head *head, int64_t *ret_rows, struct err *err)
{
	static const struct audit_head none = {0};
	struct check check = {.head = head != NULL ? head : &none, .err = err};
	struct store_usage usage;

	memset(check.at.hash, '0', STORE_HASH_SIZE - 1);
	if (after != NULL && after->seq > 0) {
		check.at = *after;
	}
	if (check.head->seq > 0 && check.head->seq <= check.at.seq) {
		return err_set(err, ERR_USAGE, "row %lld is before the first one that is looked at",
			       (long long)check.head->seq);
	}
	if (store_get_usage(store, NULL, &usage, err) < 0) {
		return -1;
	}
	check.cut.seq = usage.cut_seq;
	memcpy(check.cut.hash, usage.cut_hash, STORE_HASH_SIZE);
	if (audit_walk(store, check.at.seq, check_row, &check, err) < 0 || check.broken) {
		return -1;
	}
	if (check.head->seq > check.at.seq) {
		return err_set(err, ERR_STORE,
			       "the audit log ends at row %lld, but the head of row %lld was kept: "
			       "its end was cut off",
			       (long long)check.at.seq, (long long)check.head->seq);
	}
	*ret_rows = check.at.seq;
	return 0;
}

int audit_verify(struct store *store, int64_t *ret_rows, struct err *err)
{
	return audit_verify_from(store, NULL, NULL, ret_rows, err);
}

struct tail {
	size_t left;
	int64_t seq;
	char prev[STORE_HASH_SIZE]; /* of the row above */
	struct err *err;
	bool broken;
};

static int check_tail(const struct store_log *log, void *data)
{
	struct tail *tail = data;
	char hash[STORE_HASH_SIZE];

	store_chain_hash(log->prev, log->body, hash);
	if (strcmp(hash, log->hash) != 0 ||
	    (tail->seq != 0 && (log->seq != tail->seq - 1 || strcmp(tail->prev, log->hash) != 0))) {
		tail->broken = true;
		(void)err_set(tail->err, ERR_STORE, "the audit log breaks at row %lld",
			      (long long)log->seq);
		return 1;
	}
	tail->seq = log->seq;
	(void)snprintf(tail->prev, sizeof(tail->prev), "%s", log->prev);
	return --tail->left == 0;
}

int audit_verify_tail(struct store *store, size_t rows, struct err *err)
{
	struct tail tail = {.left = rows, .err = err};

	return store_each_log_back(store, 0, check_tail, &tail, err) < 0 || tail.broken ? -1 : 0;
}

int audit_head_parse(const char *text, struct audit_head *ret_head, struct err *err)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 18 || text[digits] != ':' ||
	    strspn(text + digits + 1, "0123456789abcdef") != STORE_HASH_SIZE - 1 ||
	    strlen(text + digits + 1) != STORE_HASH_SIZE - 1) {
		return err_set(
			err, ERR_USAGE,
			"\"%.80s\" is no head; it is ROW:HASH as \"sluice audit head\" prints it",
			text);
	}
	ret_head->seq = strtoll(text, NULL, 10);
	(void)snprintf(ret_head->hash, sizeof(ret_head->hash), "%s", text + digits + 1);
	return 0;
}

int audit_head_now(struct store *store, struct audit_head *ret_head, struct err *err)
{
	struct store_usage usage;

	if (store_get_usage(store, NULL, &usage, err) < 0) {
		return -1;
	}
	ret_head->seq = usage.last_seq;
	memcpy(ret_head->hash, usage.last_hash, STORE_HASH_SIZE);
	return 0;
}
