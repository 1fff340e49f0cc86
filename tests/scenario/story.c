/* story.c - reads a story (story.h has its words) and plays it on the stage */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/mem.h"
#include "code/totp.h"
#include "story.h"

#define WORDS_MAX 16
#define LINE_MAX_BYTES 4096
#define SETTLE_MS 2000
#define STEP_MS 20

struct story {
	const char *path;
	const char *folder;
	unsigned line;
	struct stage *stage;
	size_t seen; /* posts up to here were expected */
	char *words[WORDS_MAX];
	bool quoted[WORDS_MAX];
	size_t n_words;
	bool disk_full;
	const struct story_options *options;
};

static int fail(const struct story *story, const char *what, const char *more)
{
	fprintf(stderr, "%s:%u: %s%s%s\n", story->path, story->line, what,
		*more != '\0' ? ": " : "", more);
	if (story->stage != NULL) {
		fputs("--- shown since the last line that came true\n", stderr);
		for (size_t i = story->seen; i < story->stage->n_shown; i++) {
			const struct shown *s = &story->stage->shown[i];

			fprintf(stderr, "[%s%s%s%s]\n%s\n", s->direct ? "direct " : "#", s->channel,
				s->edit ? ", edit" : "", s->private_to != NULL ? ", private" : "",
				s->text);
		}
	}
	return -1;
}

/* What the story says did not come; in a world where more goes wrong than it tells of, nobody minds. */
static int not_true(const struct story *story, const char *what, const char *more)
{
	return story->options->only_acts ? 0 : fail(story, what, more);
}

/* Cuts the line in place into words; "..." is one word. */
static int cut(struct story *story, char *line)
{
	story->n_words = 0;
	while (*line != '\0') {
		char *end;

		line += strspn(line, " \t\r\n");
		if (*line == '\0') {
			break;
		}
		if (story->n_words == WORDS_MAX) {
			return fail(story, "too many words", "");
		}
		story->quoted[story->n_words] = *line == '"';
		if (*line == '"') {
			line++;
			end = strchr(line, '"');
			if (end == NULL) {
				return fail(story, "a quote does not end", "");
			}
		} else {
			end = line + strcspn(line, " \t\r\n");
		}
		story->words[story->n_words++] = line;
		line = *end != '\0' ? end + 1 : end;
		*end = '\0';
	}
	return 0;
}

static const char *option(const struct story *story, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 1; i < story->n_words; i++) {
		if (!story->quoted[i] && strncmp(story->words[i], key, len) == 0) {
			return story->words[i] + len;
		}
	}
	return NULL;
}

static bool has_word(const struct story *story, const char *word)
{
	const char *at = option(story, word);

	return at != NULL && *at == '\0';
}

/* The rest of the line from word i on, joined again. */
static void rest(const struct story *story, size_t from, char *out, size_t size)
{
	size_t len = 0;

	*out = '\0';
	for (size_t i = from; i < story->n_words && len + 1 < size; i++) {
		len += (size_t)snprintf(out + len, size - len, "%s%s", i > from ? " " : "",
					story->words[i]);
	}
}

/* ---- what was shown ---------------------------------------------------------------------- */

static bool post_fits(const struct story *story, const struct shown *shown)
{
	const char *channel = story->words[1][0] == '#' ? story->words[1] + 1 : NULL;
	const char *to = option(story, "to=");

	if (channel != NULL && strcmp(channel, "direct") == 0) {
		if (!shown->direct) {
			return false;
		}
	} else if (channel != NULL && (shown->direct || strcmp(channel, shown->channel) != 0)) {
		return false;
	}
	if ((has_word(story, "edit") && !shown->edit) || (has_word(story, "new") && shown->edit) ||
	    (has_word(story, "buttons") && shown->n_buttons == 0)) {
		return false;
	}
	if (to != NULL && (shown->private_to == NULL || strcmp(shown->private_to, to) != 0) &&
	    !(shown->direct && strcmp(shown->channel, to) == 0)) {
		return false;
	}
	for (size_t i = 1; i < story->n_words; i++) {
		if (story->quoted[i] && strstr(shown->text, story->words[i]) == NULL) {
			return false;
		}
	}
	return true;
}

/* What stands there and says nothing would make a story truer than it is. */
static bool is_understood(const struct story *story)
{
	static const char *const known[] = {"edit", "new", "buttons"};

	for (size_t i = 2; i < story->n_words; i++) {
		bool is = story->quoted[i] || strncmp(story->words[i], "to=", 3) == 0;

		for (size_t k = 0; k < ARRAY_LEN(known); k++) {
			is = is || strcmp(story->words[i], known[k]) == 0;
		}
		if (!is) {
			return false;
		}
	}
	return true;
}

static int do_expect(struct story *story)
{
	if (!is_understood(story)) {
		return fail(story, "EXPECT takes edit, new, buttons, to=PERSON and words in quotes",
			    "");
	}
	for (int64_t waited = 0; waited <= SETTLE_MS; waited += STEP_MS) {
		for (size_t i = story->seen; i < story->stage->n_shown; i++) {
			if (post_fits(story, &story->stage->shown[i])) {
				story->seen = i + 1;
				return 0;
			}
		}
		stage_pass(story->stage, STEP_MS);
	}
	return not_true(story, "this was never shown", "");
}

static int do_silence(struct story *story)
{
	stage_pass(story->stage, SETTLE_MS);
	for (size_t i = story->seen; i < story->stage->n_shown; i++) {
		if (story->n_words < 2 || post_fits(story, &story->stage->shown[i])) {
			return not_true(story, "something was shown", "");
		}
	}
	return 0;
}

static int do_never(struct story *story)
{
	stage_pass(story->stage, SETTLE_MS);
	for (size_t i = 0; i < story->stage->n_shown; i++) {
		for (size_t k = 1; k < story->n_words; k++) {
			if (strstr(story->stage->shown[i].text, story->words[k]) != NULL) {
				return not_true(story, "this was shown", story->words[k]);
			}
		}
	}
	return 0;
}

/* ---- what is done ------------------------------------------------------------------------ */

static int do_policy(struct story *story)
{
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/%s", story->folder, story->words[1]);
	story->stage = stage_new(path);
	if (story->stage == NULL) {
		return fail(story, "the stage cannot be built", path);
	}
	if (story->options->begun != NULL) {
		story->options->begun(story->stage, story->options->data);
	}
	return 0;
}

/* "account=NAME", taken out of the line; without it the first account. NULL: there is no such account. */
static struct sim_world *account(struct story *story)
{
	static const char key[] = "account=";
	const char *name = NULL;
	size_t n = 0;

	for (size_t i = 0; i < story->n_words; i++) {
		if (!story->quoted[i] && strncmp(story->words[i], key, strlen(key)) == 0) {
			name = story->words[i] + strlen(key);
		} else {
			story->quoted[n] = story->quoted[i];
			story->words[n++] = story->words[i];
		}
	}
	story->n_words = n;
	return stage_account(story->stage, name);
}

static int do_droplet(struct story *story)
{
	struct sim_world *world = account(story);
	char line[LINE_MAX_BYTES];
	struct err err = {0};

	if (world == NULL) {
		return fail(story, "no such account", "");
	}
	rest(story, 1, line, sizeof(line));
	return sim_droplet_line(world->model, line, &err) == 0 ? 0
							       : fail(story, "DROPLET", err.msg);
}

static int do_droplets(struct story *story)
{
	sim_generated_account(story->stage->world->model,
			      (size_t)strtoul(story->words[1], NULL, 10));
	return 0;
}

static int do_token(struct story *story)
{
	struct sim *model = story->stage->world->model;
	struct err err = {0};

	if (strcmp(story->words[1], "refused") == 0) {
		sim_remove_token(model, SIM_TOKEN_ALL);
		return 0;
	}
	return sim_add_token(model, SIM_TOKEN_ALL, story->words[1], &err) == 0
		       ? 0
		       : fail(story, "TOKEN", err.msg);
}

static int do_gone(struct story *story)
{
	sim_remove_droplet(story->stage->world->model, strtoull(story->words[1], NULL, 10));
	return 0;
}

static int do_fault(struct story *story)
{
	struct sim_world *world = account(story);
	char line[LINE_MAX_BYTES];
	struct err err = {0};

	if (world == NULL) {
		return fail(story, "no such account", "");
	}
	rest(story, 1, line, sizeof(line));
	return faults_add(&world->faults, line, &err) == 0 ? 0 : fail(story, "FAULT", err.msg);
}

/* "$DECISION" at the end stands for the newest decision's id that was shown. */
static const char *said_text(const struct story *story, char *buf, size_t size)
{
	static const char sign[] = "$DECISION";
	const char *text = story->words[3];
	const char *at = strstr(text, sign);

	for (size_t i = story->stage->n_shown; at != NULL && i > 0; i--) {
		const char *shown = strstr(story->stage->shown[i - 1].text, "Decision ");

		if (shown != NULL) {
			(void)snprintf(buf, size, "%.*s%.8s", (int)(at - text), text,
				       shown + strlen("Decision "));
			return buf;
		}
	}
	return text;
}

static int do_say(struct story *story)
{
	char buf[256];
	const char *message;
	const char *age = option(story, "age=");
	struct stage_said said = {
		.user = story->words[1],
		.channel = story->words[2] + 1,
		.text = said_text(story, buf, sizeof(buf)),
		.id = option(story, "id="),
		.age_ms = age != NULL ? sim_duration(age) : 0,
		.by_bot = has_word(story, "bot"),
		.edited = has_word(story, "edited"),
	};

	message = stage_say(story->stage, &said);
	if (story->options->said != NULL) {
		story->options->said(story->stage, message, story->options->data);
	}
	return 0;
}

/* "#direct": the same button, from a place where only the presser is. */
static void press(struct story *story, const struct shown *shown, size_t button)
{
	struct stage *stage = story->stage;
	const char *user = story->words[1];

	if (story->n_words > 3 && strcmp(story->words[3], "#direct") == 0) {
		stage_press_id(stage, user, user, true, shown->id, shown->buttons[button]);
	} else {
		stage_press(stage, user, shown, button);
	}
}

static int do_press(struct story *story)
{
	for (size_t i = story->stage->n_shown; i > 0; i--) {
		const struct shown *shown = &story->stage->shown[i - 1];

		for (size_t k = 0; k < shown->n_buttons; k++) {
			if (strstr(shown->labels[k], story->words[2]) != NULL) {
				press(story, shown, k);
				return 0;
			}
		}
	}
	return not_true(story, "no post has this button", story->words[2]);
}

#define TEST_SECRET "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

/* A code of now; six digits and a NUL. */
static int code_of_now(struct story *story, bool wrong, char code[TOTP_DIGITS + 1])
{
	struct totp_key key;
	struct err err = {0};

	if (totp_load("env:SLUICE_TEST_CODE", &key, &err) < 0) {
		return fail(story, "CODE", err.msg);
	}
	totp_code(&key, clock_wall_ms() / TOTP_STEP_MS, code);
	totp_wipe(&key);
	if (wrong) {
		code[0] = code[0] == '0' ? '1' : '0';
	}
	return 0;
}

static int do_code(struct story *story)
{
	struct stage_said said = {.user = story->words[1], .channel = "direct"};
	char code[TOTP_DIGITS + 1];
	char text[16];

	if (code_of_now(story, has_word(story, "wrong"), code) < 0) {
		return -1;
	}
	(void)snprintf(text, sizeof(text), "%s", code);
	if (story->n_words > 2 && story->words[2][0] == '#') {
		said.channel = story->words[2] + 1;
		(void)snprintf(text, sizeof(text), "code %s", code);
	}
	said.text = text;
	(void)stage_say(story->stage, &said);
	return 0;
}

static int do_forms(struct story *story)
{
	stage_forms(story->stage, has_word(story, "late"));
	return 0;
}

/* "region=fra1" and such from word i on; ids: their memory. */
static size_t read_fields(const struct story *story, size_t i,
			  struct field_value values[FORM_FIELDS_MAX], char ids[FORM_FIELDS_MAX][40])
{
	size_t n = 0;

	for (; i < story->n_words && n < FORM_FIELDS_MAX; i++, n++) {
		const char *text = story->words[i] + strcspn(story->words[i], "=");

		(void)snprintf(ids[n], sizeof(ids[n]), "%.*s", (int)(text - story->words[i]),
			       story->words[i]);
		values[n] = (struct field_value){ids[n], text + (*text == '=')};
	}
	return n;
}

static int do_search(struct story *story)
{
	struct field_value values[FORM_FIELDS_MAX];
	char ids[FORM_FIELDS_MAX][40];
	size_t n = read_fields(story, 4, values, ids);

	stage_search(story->stage, story->words[1], story->words[2], story->words[3], values, n);
	return 0;
}

static int do_fill(struct story *story)
{
	struct field_value values[FORM_FIELDS_MAX];
	char ids[FORM_FIELDS_MAX][40];
	char code[TOTP_DIGITS + 1];
	size_t n = read_fields(story, 2, values, ids);

	for (size_t i = 0; i < n; i++) {
		bool wrong = strcmp(values[i].text, "$WRONG") == 0;

		if (wrong || strcmp(values[i].text, "$CODE") == 0) {
			if (code_of_now(story, wrong, code) < 0) {
				return -1;
			}
			values[i].text = code;
		}
	}
	stage_fill(story->stage, story->words[1], values, n);
	return 0;
}

static int do_pass(struct story *story)
{
	int64_t ms = sim_duration(story->words[1]);

	if (ms < 0) {
		return fail(story, "no duration", story->words[1]);
	}
	stage_pass(story->stage, ms);
	return 0;
}

static int do_clock(struct story *story)
{
	int64_t ms = sim_duration(story->words[1]);

	if (ms < 0) {
		return fail(story, "no duration", story->words[1]);
	}
	story->stage->world->ahead_ms = ms;
	return 0;
}

static int do_files(struct story *story)
{
	int64_t ms = sim_duration(story->words[1]);

	if (ms < 0) {
		return fail(story, "no duration", story->words[1]);
	}
	stage_files(story->stage, ms);
	return 0;
}

static int do_room(struct story *story)
{
	story->stage->world->model->droplet_limit = (unsigned)strtoul(story->words[1], NULL, 10);
	return 0;
}

static int do_template(struct story *story)
{
	return stage_template(story->stage, story->words[1], story->words[2])
		       ? 0
		       : fail(story, "the template cannot be written", story->words[1]);
}

static int do_runs_on(struct story *story)
{
	struct stage *stage = story->stage;
	bool was_awaited = stage->own_droplet_awaited;

	stage->own_droplet = strtoull(story->words[1], NULL, 10);
	stage->own_droplet_awaited = strcmp(story->words[1], "?") == 0;
	if (was_awaited && !stage->own_droplet_awaited) {
		app_own_droplet(stage->app, stage->own_droplet);
	} else {
		stage_restart(stage);
	}
	return 0;
}

static int do_policy_file(struct story *story)
{
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/%s", story->folder, story->words[1]);
	return stage_policy_file(story->stage, path)
		       ? 0
		       : fail(story, "the policy cannot be read", path);
}

static int do_reload(struct story *story)
{
	if (story->n_words > 1 && do_policy_file(story) < 0) {
		return -1;
	}
	stage_reload(story->stage);
	return 0;
}

static int do_restart(struct story *story)
{
	stage_restart(story->stage);
	return 0;
}

static int do_calls(struct story *story)
{
	struct sim_world *world = account(story);
	const char *method = strcmp(story->words[1], "*") == 0 ? NULL : story->words[1];
	size_t n;
	char got[64];

	if (world == NULL) {
		return fail(story, "no such account", "");
	}
	if (story->n_words < 5 || strcmp(story->words[3], "=") != 0) {
		return fail(story, "CALLS METHOD PATH = N", "");
	}
	n = sim_world_count(world, 0, method, story->words[2]);
	if (n != strtoul(story->words[4], NULL, 10)) {
		(void)snprintf(got, sizeof(got), "%zu", n);
		return not_true(story, "as many requests were served", got);
	}
	return 0;
}

static int do_disk(struct story *story)
{
	store_memory_fail(story->stage->store, strcmp(story->words[1], "full") == 0 ? 1 : 0,
			  ERR_STORE);
	return 0;
}

static bool holds_all(const struct story *story, size_t from, const char *row)
{
	size_t i = from;

	while (i < story->n_words && strstr(row, story->words[i]) != NULL) {
		i++;
	}
	return i == story->n_words;
}

/* How many rows of the log hold all words from the from-th on; -1: it cannot be read. */
static long count_rows(struct story *story, size_t from, struct err *err)
{
	struct strbuf out;
	char *save = NULL;
	long n = -1;

	stage_pass(story->stage, STEP_MS);
	strbuf_init(&out, 16 << 20);
	if (audit_export(story->stage->store, 0, &out, err) == 0) {
		n = 0;
		for (char *row = strtok_r(out.buf, "\n", &save); row != NULL;
		     row = strtok_r(NULL, "\n", &save)) {
			n += holds_all(story, from, row) ? 1 : 0;
		}
	}
	strbuf_done(&out);
	return n;
}

static int do_audit(struct story *story)
{
	struct err err = {0};

	return count_rows(story, 1, &err) > 0
		       ? 0
		       : not_true(story, "no row of the log holds all this", err.msg);
}

static int do_rows(struct story *story)
{
	struct err err = {0};
	char *end = NULL;
	long wanted = strtol(story->words[1], &end, 10);
	long n = count_rows(story, 2, &err);
	char text[32];

	(void)snprintf(text, sizeof(text), "%ld rows", n);
	return n == wanted && *end == '\0'
		       ? 0
		       : not_true(story, "not so many rows of the log hold all this",
				  n < 0 ? err.msg : text);
}

static int do_verify(struct story *story)
{
	struct err err = {0};
	int64_t rows;

	return audit_verify(story->stage->store, &rows, &err) == 0
		       ? 0
		       : not_true(story, "the log", err.msg);
}

static const struct {
	const char *word;
	size_t least_words;
	int (*run)(struct story *);
} lines[] = {
	{"POLICY", 2, do_policy}, {"DROPLET", 2, do_droplet},   {"GONE", 2, do_gone},
	{"SAY", 4, do_say},       {"EXPECT", 3, do_expect},     {"SILENCE", 1, do_silence},
	{"NEVER", 2, do_never},   {"PRESS", 3, do_press},       {"CODE", 2, do_code},
	{"FAULT", 2, do_fault},   {"PASS", 2, do_pass},         {"RESTART", 1, do_restart},
	{"CLOCK", 2, do_clock},   {"RELOAD", 1, do_reload},     {"POLICYFILE", 2, do_policy_file},
	{"CALLS", 4, do_calls},   {"DISK", 2, do_disk},         {"AUDIT", 2, do_audit},
	{"ROWS", 3, do_rows},     {"VERIFY", 1, do_verify},     {"RUNSON", 2, do_runs_on},
	{"FILES", 2, do_files},   {"TEMPLATE", 3, do_template}, {"ROOM", 2, do_room},
	{"TOKEN", 2, do_token},   {"DROPLETS", 2, do_droplets}, {"FORMS", 1, do_forms},
	{"FILL", 2, do_fill},     {"SEARCH", 4, do_search},
};

static int run_line(struct story *story)
{
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (strcmp(lines[i].word, story->words[0]) == 0) {
			if (story->n_words < lines[i].least_words) {
				return fail(story, "too few words", story->words[0]);
			}
			if (story->stage == NULL && lines[i].run != do_policy) {
				return fail(story, "POLICY comes first", "");
			}
			return lines[i].run(story);
		}
	}
	return fail(story, "no such line", story->words[0]);
}

int story_play(const char *path, const struct story_options *options, unsigned *ret_lines)
{
	static const struct story_options strict = {0};
	struct story story = {.path = path,
			      .folder = SOURCE_DIR "/tests/scenario",
			      .options = options != NULL ? options : &strict};
	FILE *file = fopen(path, "r");
	char line[LINE_MAX_BYTES];
	int rc = 0;

	*ret_lines = 0;
	(void)setenv("SLUICE_TEST_CODE", TEST_SECRET, 1);
	if (file == NULL) {
		return fail(&story, "cannot be read", path);
	}
	while (rc == 0 && fgets(line, sizeof(line), file) != NULL) {
		story.line++;
		rc = line[0] != '#' ? cut(&story, line) : 0;
		if (rc == 0 && line[0] != '#' && story.n_words > 0) {
			rc = run_line(&story);
			(*ret_lines)++;
		}
	}
	(void)fclose(file);
	if (rc == 0 && story.stage != NULL && story.options->ended != NULL) {
		story.options->ended(story.stage, story.options->data);
	}
	if (story.stage != NULL) {
		stage_free(story.stage);
	}
	return rc;
}
