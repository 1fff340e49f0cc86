/* can.c - `sluice can`: asks a policy file one question, or many, and says which lines decided
 *
 * Happy path: load the policy, read the question, print allow or deny and the lines. With --batch each line of a JSONL file is
 * one question and gets one line of answer. A bad policy or question ends it with a sentence and exit code 2; what
 * was answered before a bad line has been printed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/input.h"

#define LINE_MAX_BYTES 65536

static int help(FILE *to)
{
	fputs("usage: sluice can [--policy FILE] --as WHO --in WHERE ACTION [--droplet D] [--at "
	      "TIME]\n"
	      "       sluice can [--policy FILE] --batch QUESTIONS.jsonl\n\n"
	      "  WHO     ana | stranger | NETWORK/WORKSPACE/USER\n"
	      "  WHERE   ops | NETWORK/WORKSPACE/CHANNEL | NETWORK/WORKSPACE/direct\n"
	      "  ACTION  droplet.power.reboot\n"
	      "  D       name=web-1,tags=prod+web,region=ams3,size=..,project=..,account=..\n"
	      "          What is left out is not known, and what is not known is the worst case.\n"
	      "  TIME    2026-01-13T03:00:00Z (now)\n\n"
	      "FILE is policy.yaml unless told; \"-\" is the standard input, of either file.\n"
	      "A question in a file, one a line:\n"
	      "  {\"id\":1,\"as\":WHO,\"in\":WHERE,\"action\":ACTION,\"droplet\":{\"name\":..,"
	      "\"tags\":[..]},\"at\":TIME}\n\n"
	      "exit: 0 allow, 1 deny, 2 wrong use or a bad policy; of a batch: 0 all answered\n",
	      to);
	return to == stdout ? 0 : 2;
}

static int complain(const char *text)
{
	fprintf(stderr, "sluice can: %s\n", text);
	return 2;
}

static const char *why(const struct policy_rule *rule)
{
	return strcmp(rule->name, "no-rule") == 0 ? "no line allows it"
						  : "this channel is not listed";
}

static size_t kept(const struct decision *decision)
{
	return decision->n_rules < DECISION_RULES_MAX ? decision->n_rules : DECISION_RULES_MAX;
}

static int answer_one(const struct policy_question *question, const char *path)
{
	struct decision decision;

	policy_decide(question, &decision);
	puts(decision.verdict == ALLOW ? "allow" : "deny");
	for (size_t i = 0; i < kept(&decision); i++) {
		const struct policy_rule *rule = decision.rules[i];

		if (rule->line > 0) {
			printf("  %s  %s:%u\n", rule->name, path, rule->line);
		} else {
			printf("  %s  %s\n", rule->name, why(rule));
		}
	}
	return decision.verdict == ALLOW ? 0 : 1;
}

static int ask_one(const struct ask *ask)
{
	struct policy *policy = ask_load(ask->policy);
	struct policy_question question;
	struct arena arena = {0};
	struct droplet droplet;
	struct err err = {0};
	int rc;

	if (policy == NULL) {
		return 2;
	}
	rc = ask_question(ask, policy, &arena, &droplet, &question, &err) < 0
		     ? complain(err.msg)
		     : answer_one(&question, ask->policy);
	arena_done(&arena);
	policy_unref(policy);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	const struct policy_rule *const *x = a;
	const struct policy_rule *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static const char *duty_word(enum duty_kind kind)
{
	switch (kind) {
	case DUTY_NONE:
		return "none";
	case DUTY_CONFIRM:
		return "confirm";
	case DUTY_CODE:
		return "code";
	case DUTY_REASON:
		return "reason";
	case DUTY_APPROVALS:
		return "approvals";
	}
	return "none";
}

/* Rules sorted by name, so that an answer stays the same when lines of the policy change places. */
static void answer_json(const struct question *q, struct strbuf *out)
{
	struct decision decision;
	size_t n;

	policy_decide(&q->policy, &decision);
	n = kept(&decision);
	qsort(decision.rules, n, sizeof(decision.rules[0]), by_name);
	(void)strbuf_adds(out, "{\"id\":");
	if (q->id_text != NULL) {
		json_add_string(out, q->id_text);
	} else {
		(void)strbuf_addf(out, "%lld", (long long)q->id_number);
	}
	(void)strbuf_addf(out, ",\"decision\":\"%s\",\"rules\":[",
			  decision.verdict == ALLOW ? "allow" : "deny");
	for (size_t i = 0; i < n; i++) {
		(void)strbuf_adds(out, i > 0 ? "," : "");
		json_add_string(out, decision.rules[i]->name);
	}
	(void)strbuf_adds(out, "],\"needs\":[");
	for (size_t i = 0; i < decision.n_duties; i++) {
		(void)strbuf_addf(out, "%s\"%s\"", i > 0 ? "," : "",
				  duty_word(decision.duties[i].kind));
	}
	(void)strbuf_adds(out, "]}\n");
}

static int answer_line(const struct policy *policy, const char *line, size_t len,
		       struct strbuf *out, struct err *err)
{
	struct json *json = json_parse(line, len, err);
	struct arena arena = {0};
	struct question q;
	int rc = -1;

	if (json != NULL && question_json(policy, json, &arena, &q, err) == 0) {
		answer_json(&q, out);
		rc = 0;
	}
	arena_done(&arena);
	json_free(json);
	return rc;
}

/* One line without its end into buf; its length, -1 at the end of the file, -2 when it is too long. */
static long read_line(FILE *file, char *buf, size_t size)
{
	size_t len = 0;
	int c = getc_unlocked(file);

	if (c == EOF) {
		return -1;
	}
	for (; c != EOF && c != '\n'; c = getc_unlocked(file)) {
		if (len == size) {
			return -2;
		}
		buf[len++] = (char)c;
	}
	return (long)len;
}

static bool blank(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (line[i] != ' ' && line[i] != '\r' && line[i] != '\t') {
			return false;
		}
	}
	return true;
}

static int answer_all(const struct policy *policy, FILE *file, const char *name)
{
	static char line[LINE_MAX_BYTES];
	struct strbuf out;
	struct err err = {0};
	unsigned long number = 1;
	int rc = 0;

	strbuf_init(&out, (size_t)1 << 20);
	for (long len; rc == 0 && (len = read_line(file, line, sizeof(line))) != -1; number++) {
		strbuf_reset(&out);
		if (len == -2) {
			(void)err_set(&err, ERR_LIMIT, "longer than %d bytes", LINE_MAX_BYTES);
			rc = 2;
		} else if (!blank(line, (size_t)len) &&
			   answer_line(policy, line, (size_t)len, &out, &err) < 0) {
			rc = 2;
		}
		if (rc != 0) {
			fprintf(stderr, "sluice can: %s, line %lu: %s\n", name, number, err.msg);
		}
		(void)fwrite(out.buf, 1, out.len, stdout);
	}
	strbuf_done(&out);
	if (rc == 0 && ferror(file)) {
		rc = complain("the questions could not be read to their end");
	}
	return rc;
}

static int ask_batch(const struct ask *ask)
{
	bool standard = strcmp(ask->batch, "-") == 0;
	struct policy *policy = ask_load(ask->policy);
	struct stat st;
	FILE *file;
	int rc;

	if (policy == NULL) {
		return 2;
	}
	file = standard ? stdin : fopen(ask->batch, "re");
	if (file == NULL || (fstat(fileno(file), &st) == 0 && S_ISDIR(st.st_mode))) {
		fprintf(stderr, "sluice can: \"%s\" cannot be read: %s\n", ask->batch,
			strerror(file == NULL ? errno : EISDIR));
		rc = 2;
	} else {
		rc = answer_all(policy, file, ask->batch);
	}
	if (!standard && file != NULL) {
		(void)fclose(file);
	}
	policy_unref(policy);
	return rc;
}

int can_main(int argc, char **argv)
{
	struct ask ask;
	int rc;

	if (cli_wants_help(argc, argv)) {
		return help(stdout);
	}
	if (ask_options("can", argc, argv, &ask) < 0) {
		return help(stderr);
	}
	if (ask.batch == NULL && (ask.as == NULL || ask.in == NULL || ask.verb == NULL)) {
		fputs("sluice can: who, where and which action?\n\n", stderr);
		return help(stderr);
	}
	if (ask.batch != NULL && (ask.as != NULL || ask.in != NULL || ask.verb != NULL ||
				  ask.droplet != NULL || ask.at != NULL)) {
		fputs("sluice can: with --batch the questions stand in the file\n\n", stderr);
		return help(stderr);
	}
	if (input_twice((const char *const[]){ask.policy, ask.batch}, 2)) {
		return complain(INPUT_TWICE);
	}
	rc = ask.batch != NULL ? ask_batch(&ask) : ask_one(&ask);
	if (fflush(stdout) != 0) {
		return complain("the answers could not be written");
	}
	return rc;
}
