/* test_policy_lints.c - what `check` says of lines that do nothing, and of lines that give more than they say, is exact: tried on
 * random policies against what the decision itself says. SLUICE_QUICK=1 (`./dev test quick`) tries fewer of them.
 */
#include "random_policy.h"

#include "policy/decide.h"
#include "policy/diff.h"

static int policies(int all, int quick)
{
	return getenv("SLUICE_QUICK") != NULL ? quick : all;
}

/* What check says of each allow line: W101, it never takes effect; W102, others cover it. False: it found too much to say. */
static bool said_of_lines(const struct draft *d, bool ret_dead[LINES_MAX],
			  bool ret_covered[LINES_MAX])
{
	const struct policy_lint_over over = {.now_ms = 1767225600000};
	struct policy_report report;
	struct strbuf text;
	unsigned line = 3; /* of the first under "allow:" */
	bool all;

	write_text(d, false, &text);
	for (const char *at = text.buf; at < strstr(text.buf, "\nallow:"); at++) {
		line += *at == '\n';
	}
	policy_unref(policy_check(text.buf, text.len, &over, &report));
	memset(ret_dead, 0, LINES_MAX * sizeof(*ret_dead));
	memset(ret_covered, 0, LINES_MAX * sizeof(*ret_covered));
	for (size_t i = 0; i < report.n_findings; i++) {
		const struct policy_finding *finding = &report.findings[i];

		if (finding->line >= line && finding->line < line + d->allow.n) {
			ret_dead[finding->line - line] |= strcmp(finding->code, "W101") == 0;
			ret_covered[finding->line - line] |= strcmp(finding->code, "W102") == 0;
		}
	}
	all = report.n_errors + report.n_warnings == report.n_findings && !report.unproven;
	policy_report_done(&report);
	strbuf_done(&text);
	return all;
}

/* The draft with those of its allow lines that are not in the set; open: no ceilings, and nothing is forbidden. */
static struct policy *but(struct draft *d, const bool set[LINES_MAX], bool open)
{
	struct draft less = *d;

	less.allow.n = 0;
	for (size_t i = 0; i < d->allow.n; i++) {
		if (!set[i]) {
			add(&less.allow, d->allow.lines[i]);
		}
	}
	for (size_t i = 0; open && i < less.channels.n; i++) {
		less.channels.lines[i] = arena_printf(
			&d->arena, "  c%zu: {at: t/c%zu, may: everything, droplets: any}", i, i);
	}
	less.never.n = open ? 0 : less.never.n;
	return compile(&less, false);
}

static bool differ(struct policy *a, struct policy *b)
{
	const struct policy_diff_over witnesses = {.inventory = NULL};
	struct policy_diff diff;
	struct strbuf out;

	strbuf_init(&out, (size_t)1 << 20);
	policy_diff(a, b, &witnesses, &out, &diff);
	strbuf_done(&out);
	policy_unref(a);
	policy_unref(b);
	return diff.gains + diff.losses > 0;
}

/*
 * W101 and W102 are no guesses. W101: exactly the lines that alone, under this policy's ceilings and `never`, give nobody anything.
 * W102: without these lines the others still allow the same, ceilings and `never` aside, and without any one more they do not.
 * Hours and turns are left out: with them a line is said to do nothing only when it never does.
 */
static void a_line_that_does_nothing_is_said(void **state)
{
	const int n = policies(8 * POLICIES, POLICIES);
	unsigned n_dead = 0, n_covered = 0, n_busy = 0;

	(void)state;
	seed("idle lines");
	timeless = true;
	for (int i = 0; i < n; i++) {
		bool dead[LINES_MAX], covered[LINES_MAX], none[LINES_MAX], idle[LINES_MAX] = {0};
		struct draft d;

		memset(none, 1, sizeof(none));
		make(&d);
		d.allow.n = 5;
		d.never.n = 2;
		d.require.n = d.limits.n = 0;
		if (!said_of_lines(&d, dead, covered)) {
			arena_done(&d.arena);
			continue;
		}
		for (size_t k = 0; k < d.allow.n; k++) {
			bool others[LINES_MAX];

			memcpy(others, none, sizeof(others));
			others[k] = false;
			assert_true(differ(but(&d, none, false), but(&d, others, false)) !=
				    dead[k]);
			idle[k] = dead[k] || covered[k];
			n_dead += dead[k];
			n_covered += covered[k];
			n_busy += !idle[k];
		}
		assert_false(differ(but(&d, dead, true), but(&d, idle, true)));
		for (size_t k = 0; k < d.allow.n; k++) {
			bool more[LINES_MAX];

			memcpy(more, idle, sizeof(more));
			more[k] = true;
			assert_true(idle[k] || differ(but(&d, idle, true), but(&d, more, true)));
		}
		arena_done(&d.arena);
	}
	timeless = false;
	printf("%u never take effect, %u are covered, %u do something\n", n_dead, n_covered,
	       n_busy);
	assert_true(n_dead > (unsigned)n / 16 && n_covered > (unsigned)n / 16 &&
		    n_busy > (unsigned)n / 16);
}

/*
 * W107 against every droplet that the small policies below can tell apart, asked about one by one. A line leads to more when some
 * droplet, and a step from it that this line allows somebody, make one on which the same person may what they might not before:
 * in the policy's own world before the step, over an inventory before the first of all steps.
 */
#define OTHER_ID "00000000-0000-0000-0000-000000000000"
#define SHOP_ID "11111111-2222-3333-4444-555555555555"

static const char *const all_tags[] = {"a", "bq", "bc", "bxc", "c"};
static const char *const all_names[] = {"x", "web-1", "web-2", "x-1", "web-2-1"};
static const char *const all_projects[] = {"rest", "shop"};
static const char *const all_ids[] = {OTHER_ID, SHOP_ID};
static const char *const all_regions[] = {"fra1", "ams3"};
#define TAG_SETS 32U
#define NAMES 5U
#define PROJECTS 4U
#define STATES (TAG_SETS * NAMES * PROJECTS * 2U)
#define MOVERS 2U
#define MOVE_CHANNELS 2U

static const enum verb asked[] = {VERB_TAG_ADD,        VERB_TAG_REMOVE,        VERB_DROPLET_RENAME,
				  VERB_PROJECT_ASSIGN, VERB_DROPLET_POWER_OFF, VERB_DROPLET_DESTROY,
				  VERB_DROPLET_METRICS};
#define ASKED (sizeof(asked) / sizeof(asked[0]))

struct spot {
	unsigned tags, name, project, region;
};

static struct spot spot_of(unsigned state)
{
	return (struct spot){state % TAG_SETS, state / TAG_SETS % NAMES,
			     state / (TAG_SETS * NAMES) % PROJECTS,
			     state / (TAG_SETS * NAMES * PROJECTS)};
}

static unsigned state_of(struct spot s)
{
	return ((s.region * PROJECTS + s.project) * NAMES + s.name) * TAG_SETS + s.tags;
}

static struct droplet droplet_at(unsigned state, const char *tags[5])
{
	struct spot s = spot_of(state);
	struct droplet d = {
		.id = state + 1,
		.name = all_names[s.name],
		.project = all_projects[s.project % 2],
		.project_id = all_ids[s.project / 2],
		.region = all_regions[s.region],
		.account = "main",
		.size = "s-1",
		.tags = tags,
		.known = DROPLET_KNOWS_ALL,
	};

	for (unsigned i = 0; i < 5; i++) {
		if ((s.tags >> i & 1) != 0) {
			tags[d.n_tags++] = all_tags[i];
		}
	}
	return d;
}

/* The verbs, as bits in the order of `asked`, that a person may there in any channel; by state and person. */
typedef uint8_t rights[STATES][MOVERS];

static void ask_all(const struct policy *policy, rights ret)
{
	memset(ret, 0, sizeof(rights));
	for (unsigned s = 0; s < STATES; s++) {
		const char *tags[5];
		struct droplet droplet = droplet_at(s, tags);

		for (unsigned i = 0; i < MOVERS * MOVE_CHANNELS * ASKED; i++) {
			char user[8];
			char channel[8];
			struct decision decision;
			struct policy_question q = {.verb = asked[i % ASKED],
						    .droplet = &droplet,
						    .at_ms = 1767571200000,
						    .groups_known = true};

			(void)snprintf(user, sizeof(user), "u%u", (unsigned)(i / ASKED % MOVERS));
			(void)snprintf(channel, sizeof(channel), "c%u",
				       (unsigned)(i / ASKED / MOVERS));
			q.asker = policy_asker(policy, "console", "t", user, "t", channel, false);
			policy_decide(&q, &decision);
			if (decision.verdict == ALLOW) {
				ret[s][i / ASKED % MOVERS] |= (uint8_t)(1U << (i % ASKED));
			}
		}
	}
}

/* Every step from a state, by the number of its verb in `asked`. */
static void each_step(unsigned state, void (*visit)(void *, unsigned verb, unsigned to), void *data)
{
	struct spot from = spot_of(state);

	for (unsigned i = 0; i < 5; i++) {
		struct spot to = from;

		to.tags ^= 1U << i;
		visit(data, (from.tags >> i & 1) != 0, state_of(to));
		to = from;
		to.name = i;
		visit(data, 2, state_of(to));
		to = from;
		to.project = i % PROJECTS;
		visit(data, 3, state_of(to));
	}
}

/* What the walks found of one line. */
struct led {
	bool people[MOVERS];
	uint8_t gained;
	unsigned droplets[MOVERS];
};

struct walking {
	const rights *may, *by_line; /* by_line: what each line alone allows */
	size_t n_lines;
	unsigned person, start, state;
	bool follow;
	unsigned queue[STATES], tail;
	bool seen[STATES];
	bool counted[LINES_MAX];
	struct led *led;
};

static void try_step(void *data, unsigned verb, unsigned to)
{
	struct walking *w = data;
	uint8_t gained = (*w->may)[to][w->person] & (uint8_t) ~((*w->may)[w->start][w->person] |
								(*w->may)[w->state][w->person]);

	if (((*w->may)[w->state][w->person] >> verb & 1) == 0) {
		return;
	}
	for (size_t i = 0; gained != 0 && i < w->n_lines; i++) {
		if ((w->by_line[i][w->state][w->person] >> verb & 1) != 0) {
			w->led[i].people[w->person] = true;
			w->led[i].gained |= gained;
			w->led[i].droplets[w->person] += !w->counted[i];
			w->counted[i] = true;
		}
	}
	if (w->follow && !w->seen[to]) {
		w->seen[to] = true;
		w->queue[w->tail++] = to;
	}
}

static void walk_from(struct walking *w, unsigned start)
{
	memset(w->seen, 0, sizeof(w->seen));
	memset(w->counted, 0, sizeof(w->counted));
	w->start = start;
	w->seen[start] = true;
	w->queue[0] = start;
	w->tail = 1;
	for (unsigned head = 0; head < w->tail; head++) {
		w->state = w->queue[head];
		each_step(w->state, try_step, w);
	}
}

static const char *move_entries(struct draft *d)
{
	switch (pick(5)) {
	case 0:
		return arena_printf(&d->arena, "name: %s", ONE_OF("web-1", "\"web-*\"", "\"*-1\""));
	case 1:
		return ONE_OF("project: shop", "project: " SHOP_ID, "region: ams3");
	default:
		return arena_printf(&d->arena, "tag: %s",
				    ONE_OF("a", "bc", "\"b*\"", "\"*c\"", "[a, bc]"));
	}
}

static const char *move_selector(struct draft *d)
{
	const char *one = move_entries(d);
	const char *two = move_entries(d);
	const char *more = "";
	const char *except = "";

	if (pick(4) == 0) {
		return "any";
	}
	if (pick(2) && strncmp(one, two, 4) != 0) {
		more = arena_printf(&d->arena, ", %s", two);
	}
	if (pick(3) == 0) {
		except = arena_printf(&d->arena, ", except: {%s}", move_entries(d));
	}
	return arena_printf(&d->arena, "{%s%s%s}", one, more, except);
}

static const char *move_verbs(struct draft *d)
{
	return arena_printf(
		&d->arena, "[%s, %s]",
		ONE_OF("tag.add", "tag.remove", "droplet.rename", "project.assign"),
		ONE_OF("droplet.power.off", "droplet.destroy", "tag.add", "droplet.metrics"));
}

static const char *mover(void)
{
	return ONE_OF("u0", "u1", "[u0, u1]");
}

static void make_movers(struct draft *d)
{
	memset(d, 0, sizeof(*d));
	d->people.head = "people:";
	d->channels.head = "channels:";
	d->allow.head = "allow:";
	d->never.head = "never:";
	for (unsigned i = 0; i <= MOVERS; i++) { /* the last only has turns in the draft's rota */
		add(&d->people, arena_printf(&d->arena, "  u%u: {t: u%u}", i, i));
	}
	for (unsigned i = 0; i < MOVE_CHANNELS; i++) {
		add(&d->channels,
		    arena_printf(&d->arena, "  c%u: {at: t/c%u, may: %s, droplets: %s}", i, i,
				 pick(2) ? "everything" : move_verbs(d), move_selector(d)));
	}
	for (int i = 0; i < 4; i++) {
		add(&d->allow,
		    arena_printf(&d->arena, "  - {name: a%d, who: %s, may: %s, droplets: %s}", i,
				 mover(), move_verbs(d), move_selector(d)));
	}
	add(&d->allow,
	    arena_printf(&d->arena,
			 "  - {name: z, who: anyone in c%u, may: droplet.metrics, droplets: %s}",
			 pick(MOVE_CHANNELS), move_selector(d)));
	if (pick(2)) {
		add(&d->never,
		    arena_printf(&d->arena, "  - {name: n, who: %s, may: %s, droplets: %s}",
				 pick(2) ? "everyone" : mover(), move_verbs(d), move_selector(d)));
	}
}

/* "u0, u1 may" and "would gain droplet.destroy on 2 droplets": as it must be said of this line. */
static void expect_words(const struct led *led, bool inventory, char who[32], char what[200])
{
	static const unsigned strongest[] = {5, 4, 3, 2, 1, 0, 6};
	unsigned n = 0;
	unsigned most = led->droplets[0] > led->droplets[1] ? led->droplets[0] : led->droplets[1];
	char verbs[160] = "";

	(void)snprintf(who, 32, "%s%s%s may ", led->people[0] ? "u0" : "",
		       led->people[0] && led->people[1] ? ", " : "", led->people[1] ? "u1" : "");
	for (int v = VERB_COUNT - 1; v > VERB_NONE; v--) {
		for (unsigned k = 0; k < ASKED; k++) {
			if ((int)asked[strongest[k]] == v &&
			    (led->gained >> strongest[k] & 1) != 0 && n++ < 3) {
				(void)snprintf(verbs + strlen(verbs), sizeof(verbs) - strlen(verbs),
					       "%s%s", n > 1 ? ", " : "",
					       verb_info((enum verb)v)->name);
			}
		}
	}
	if (n > 3) {
		(void)snprintf(verbs + strlen(verbs), sizeof(verbs) - strlen(verbs), " and %u more",
			       n - 3);
	}
	(void)snprintf(what, 200,
		       inventory ? " and would gain %s on %u droplet"
				 : " and would gain %s on droplets such as ",
		       verbs, most);
}

static unsigned n_said, n_silent, n_chains;

static void compare(const struct draft *d, const struct led *led,
		    const struct policy_lint_over *over)
{
	const bool inventory = over->inventory != NULL;
	struct policy_report report;
	unsigned line = 3;
	struct strbuf text;

	write_text(d, false, &text);
	for (const char *at = text.buf; at < strstr(text.buf, "\nallow:"); at++) {
		line += *at == '\n';
	}
	policy_unref(policy_check(text.buf, text.len, over, &report));
	/* where there was more to say than is kept, nothing is compared */
	for (size_t i = 0;
	     i < d->allow.n && report.n_errors + report.n_warnings == report.n_findings; i++) {
		const struct policy_finding *found = NULL;
		char who[32];
		char what[200];

		for (size_t k = 0; k < report.n_findings; k++) {
			if (report.findings[k].line == line + i &&
			    strcmp(report.findings[k].code, "W107") == 0) {
				found = &report.findings[k];
			}
		}
		expect_words(&led[i], inventory, who, what);
		if ((found != NULL) != (led[i].gained != 0) ||
		    (found != NULL && (strncmp(found->text, who, strlen(who)) != 0 ||
				       strstr(found->text, what) == NULL))) {
			puts(text.buf); /* whole: fail_msg cuts */
			for (size_t k = 0; inventory && k < over->n_inventory; k++) {
				printf("droplet: %s %s %s %s", over->inventory[k].name,
				       over->inventory[k].project, over->inventory[k].project_id,
				       over->inventory[k].region);
				for (size_t t = 0; t < over->inventory[k].n_tags; t++) {
					printf(" %s", over->inventory[k].tags[t]);
				}
				puts("");
			}
			fail_msg("line %zu: expected %s%s\nsaid: %s", line + i,
				 led[i].gained != 0 ? who : "nothing",
				 led[i].gained != 0 ? what : "",
				 found != NULL ? found->text : "nothing");
		}
		n_said += found != NULL;
		n_silent += found == NULL;
		n_chains += found != NULL && strstr(found->text, ", then ") != NULL;
	}
	policy_report_done(&report);
	strbuf_done(&text);
}

static void what_moving_droplets_leads_to_is_said(void **state)
{
	static rights may;
	static rights by_line[LINES_MAX];
	static struct walking w;
	const int n = policies(POLICIES, POLICIES / 4);

	(void)state;
	seed("moves");
	timeless = true;
	for (int i = 0; i < n; i++) {
		struct led own[LINES_MAX] = {0};
		struct led found[LINES_MAX] = {0};
		const char *tags[4][5];
		struct droplet droplets[4];
		unsigned starts[4];
		struct policy_lint_over over = {.now_ms = 1767225600000};
		struct policy *policy;
		struct draft d;

		make_movers(&d);
		policy = compile(&d, false);
		ask_all(policy, may);
		policy_unref(policy);
		for (size_t k = 0; k < d.allow.n; k++) {
			struct draft one = d;

			one.allow.lines[0] = d.allow.lines[k];
			one.allow.n = 1;
			policy = compile(&one, false);
			ask_all(policy, by_line[k]);
			policy_unref(policy);
		}
		memset(&w, 0, sizeof(w));
		w.may = (const rights *)&may;
		w.by_line = (const rights *)by_line;
		w.n_lines = d.allow.n;
		w.led = own;
		for (unsigned k = 0; k < 4; k++) {
			starts[k] = pick(STATES);
			droplets[k] = droplet_at(starts[k], tags[k]);
			droplets[k].id = k + 1;
		}
		for (w.person = 0; w.person < MOVERS; w.person++) {
			w.follow = false;
			w.led = own;
			for (unsigned s = 0; s < STATES; s++) {
				walk_from(&w, s);
			}
			w.follow = true;
			w.led = found;
			for (unsigned k = 0; k < 4; k++) {
				walk_from(&w, starts[k]);
			}
		}
		compare(&d, own, &over);
		over.inventory = droplets;
		over.n_inventory = 4;
		compare(&d, found, &over);
		arena_done(&d.arena);
	}
	timeless = false;
	printf("%u lines lead to more, %u of them by several steps, %u do not\n", n_said, n_chains,
	       n_silent);
	assert_true(n_said > (unsigned)n && n_silent > (unsigned)n && n_chains > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_that_does_nothing_is_said),
		cmocka_unit_test(what_moving_droplets_leads_to_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
