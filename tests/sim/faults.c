/* faults.c - what goes wrong, and when */
#include "sim/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/names.h"
#include "sim/model.h"

static const struct name kinds[] = {
	{FAULT_TIMEOUT_BEFORE, "timeout-before"},
	{FAULT_TIMEOUT_AFTER_SEND, "timeout-after-send"},
	{FAULT_REFUSED, "refused"},
	{FAULT_RESET, "reset"},
	{FAULT_RESET_MID_BODY, "reset-mid-body"},
	{FAULT_HTML_502, "html-502"},
	{FAULT_503, "503"},
	{FAULT_SLOW, "slow"},
	{FAULT_TORN_JSON, "torn-json"},
	{FAULT_429, "429"},
	{FAULT_404, "404"},
	{FAULT_422, "422"},
	{FAULT_FAILED_PAGE, "failed-page"},
	{FAULT_LIST_SHIFTS, "list-shifts"},
	{FAULT_OTHER_HOST_LINK, "other-host-link"},
	{FAULT_ACTION_ERRORS, "action-errors"},
	{FAULT_ACTION_NEVER_ENDS, "action-never-ends"},
	{FAULT_COMPLETED_UNCHANGED, "completed-unchanged"},
	{FAULT_ACTION_LAGS, "action-lags"},
	{FAULT_ACTION_TAKES, "action-takes"},
	{FAULT_ACTION_NO_END_TIME, "action-no-end-time"},
};

const char *fault_word(enum fault_kind kind)
{
	const char *word = names_word(kinds, ARRAY_LEN(kinds), (int)kind);

	return word != NULL ? word : "none";
}

void faults_init(struct faults *faults)
{
	memset(faults, 0, sizeof(*faults));
}

void faults_done(struct faults *faults)
{
	free(faults->rules);
	faults_init(faults);
}

void faults_clear(struct faults *faults)
{
	faults->n = 0;
}

static int read_number(const char *text, int64_t least, int64_t *ret)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < least || n > 1000000000) {
		return -1;
	}
	*ret = n;
	return 0;
}

static int set_text(char *to, size_t size, const char *value)
{
	if (*value == '\0' || strlen(value) >= size) {
		return -1;
	}
	(void)snprintf(to, size, "%s", value);
	return 0;
}

static int set_count(const char *key, const char *value, struct fault *rule)
{
	int64_t n;

	if (strcmp(key, "nth") == 0 && strcmp(value, "every") == 0) {
		rule->nth = 0;
		return 0;
	}
	if (read_number(value, 1, &n) < 0) {
		return -1;
	}
	if (strcmp(key, "nth") == 0) {
		rule->nth = (uint64_t)n;
	} else {
		rule->times = (uint64_t)n;
	}
	return 0;
}

static int set_word(struct fault *rule, const char *key, const char *value, int *ret_commit)
{
	int kind;

	if (strcmp(key, "kind") == 0) {
		if (names_value(kinds, ARRAY_LEN(kinds), value, &kind) < 0) {
			return -1;
		}
		rule->kind = (enum fault_kind)kind;
		return 0;
	}
	if (strcmp(key, "method") == 0) {
		return set_text(rule->method, sizeof(rule->method), value);
	}
	if (strcmp(key, "path") == 0) {
		return set_text(rule->path, sizeof(rule->path), value);
	}
	if (strcmp(key, "host") == 0) {
		return set_text(rule->host, sizeof(rule->host), value);
	}
	if (strcmp(key, "nth") == 0 || strcmp(key, "times") == 0) {
		return set_count(key, value, rule);
	}
	if (strcmp(key, "commit") == 0) {
		*ret_commit = strcmp(value, "yes") == 0;
		return *ret_commit || strcmp(value, "no") == 0 ? 0 : -1;
	}
	if (strcmp(key, "ms") == 0) {
		return read_number(value, 0, &rule->ms);
	}
	if (strcmp(key, "page") == 0) {
		return read_number(value, 1, &rule->page);
	}
	if (strcmp(key, "retry-after") == 0) {
		return read_number(value, 0, &rule->retry_after_s);
	}
	return -1;
}

/* Does the request reach the model when the line does not say? */
static bool commits(enum fault_kind kind)
{
	switch (kind) {
	case FAULT_NONE:
	case FAULT_TIMEOUT_BEFORE:
	case FAULT_REFUSED:
	case FAULT_HTML_502:
	case FAULT_503:
	case FAULT_429:
	case FAULT_404:
	case FAULT_422:
	case FAULT_FAILED_PAGE:
		return false;
	case FAULT_TIMEOUT_AFTER_SEND:
	case FAULT_RESET:
	case FAULT_RESET_MID_BODY:
	case FAULT_SLOW:
	case FAULT_TORN_JSON:
	case FAULT_LIST_SHIFTS:
	case FAULT_OTHER_HOST_LINK:
	case FAULT_ACTION_ERRORS:
	case FAULT_ACTION_NEVER_ENDS:
	case FAULT_COMPLETED_UNCHANGED:
	case FAULT_ACTION_LAGS:
	case FAULT_ACTION_TAKES:
	case FAULT_ACTION_NO_END_TIME:
		return true;
	}
	return false;
}

/* commit= makes sense only where both are possible. */
static bool may_choose(enum fault_kind kind)
{
	return kind == FAULT_RESET || kind == FAULT_HTML_502 || kind == FAULT_503;
}

int faults_add(struct faults *faults, const char *line, struct err *err)
{
	char key[SIM_WORD_SIZE], value[SIM_WORD_SIZE];
	struct fault rule = {.path = "*", .host = "evil.example", .ms = -1, .retry_after_s = -1};
	int commit = -1;
	int got;

	while ((got = sim_next_word(&line, key, value)) > 0) {
		if (set_word(&rule, key, value, &commit) < 0) {
			return err_set(err, ERR_USAGE, "a fault line cannot use '%.60s=%.100s'",
				       key, value);
		}
	}
	if (got < 0) {
		return err_set(err, ERR_USAGE, "a word of the fault line is too long");
	}
	if (rule.kind == FAULT_NONE) {
		return err_set(err, ERR_USAGE, "a fault line needs kind=, such as kind=html-502");
	}
	if (commit >= 0 && !may_choose(rule.kind)) {
		return err_set(err, ERR_USAGE,
			       "a fault '%s' cannot choose commit=", fault_word(rule.kind));
	}
	if (rule.kind == FAULT_ACTION_TAKES && rule.ms <= 0) {
		return err_set(err, ERR_USAGE, "a fault 'action-takes' needs ms=");
	}
	rule.commit = commit >= 0 ? commit == 1 : commits(rule.kind);
	if (rule.nth != 0 && rule.times == 0) {
		rule.times = 1;
	}
	if (rule.nth == 0) {
		rule.nth = 1;
	}
	faults->rules = mem_grow(faults->rules, faults->n + 1, sizeof(*faults->rules));
	faults->rules[faults->n++] = rule;
	return 0;
}

/* Has the query page=N? */
static bool is_page(const char *path, int64_t page)
{
	const char *at = strchr(path, '?');

	while (at != NULL) {
		if (strncmp(at + 1, "page=", 5) == 0) {
			return strtoll(at + 6, NULL, 10) == page;
		}
		at = strchr(at + 1, '&');
	}
	return page == 1;
}

static bool fits(const struct fault *rule, const char *method, const char *path)
{
	char bare[512];

	if (rule->method[0] != '\0' && strcmp(rule->method, method) != 0) {
		return false;
	}
	if ((rule->kind == FAULT_FAILED_PAGE || rule->kind == FAULT_LIST_SHIFTS) &&
	    !is_page(path, rule->page > 0 ? rule->page : 2)) {
		return false;
	}
	if (strchr(rule->path, '?') != NULL) {
		return names_glob(rule->path, path) != 0;
	}
	(void)snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(path, "?"), path);
	return names_glob(rule->path, bare) != 0;
}

struct fault *faults_due(struct faults *faults, const char *method, const char *path)
{
	struct fault *due = NULL;

	for (size_t i = 0; i < faults->n; i++) {
		struct fault *rule = &faults->rules[i];

		if (!fits(rule, method, path)) {
			continue;
		}
		rule->seen++;
		if (due == NULL && rule->seen >= rule->nth &&
		    (rule->times == 0 || rule->seen < rule->nth + rule->times)) {
			due = rule;
			rule->hits++;
		}
	}
	return due;
}

void faults_print(const struct faults *faults, struct strbuf *out)
{
	(void)strbuf_addch(out, '[');
	for (size_t i = 0; i < faults->n; i++) {
		const struct fault *rule = &faults->rules[i];

		(void)strbuf_addf(out, "%s{\"kind\":\"%s\",\"method\":", i > 0 ? "," : "",
				  fault_word(rule->kind));
		json_add_string(out, rule->method);
		(void)strbuf_adds(out, ",\"path\":");
		json_add_string(out, rule->path);
		(void)strbuf_addf(out, ",\"seen\":%llu,\"hits\":%llu}",
				  (unsigned long long)rule->seen, (unsigned long long)rule->hits);
	}
	(void)strbuf_addch(out, ']');
}
