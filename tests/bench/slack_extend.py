#!/usr/bin/env python3
"""slack_extend.py SIM.C - extends a copy of the harness's simulator, for both sides alike, by what our way of answering needs

One message a request, edited to its end: a first message that is not yet the answer does not count, chat.update may carry the
answer, "Rebooted" says what "completed" says, a posted message has a ts and a channel of its own; and the status of the droplet
itself is read (GET /v2/droplets/ID, GET /v2/droplets/ID/actions, or a list of all after its action has ended), and many actions at once (GET /v2/actions); GPU droplets have a
list of their own, which is empty; and what the token may do (GET /v1/oauth/token/info). The rate headers are
those of an account whose limits DigitalOcean raised.
"""
import sys

CHANGES = [
    # a reboot that is only begun is no answer yet
    ('''	char need[64];
	if (k->kind == C_LIST) {''',
     '''	char need[64];
	if (k->kind == C_REBOOT && !memmem(text, n, "completed", 9) && !memmem(text, n, "Rebooted", 8) && memmem(text, n, "ebooting", 8)) return;
	if (k->kind == C_LIST) {'''),
    ('''!memmem(text, n, need, strlen(need)) || !memmem(text, n, "completed", 9))
			complain(''',
     '''!memmem(text, n, need, strlen(need)) || (!memmem(text, n, "completed", 9) && !memmem(text, n, "Rebooted", 8)))
			complain('''),
    # an edit is read like a message
    ('''	if (!strncmp(a, "chat.postMessage", 16)) {
		char st[16384], *dec = st;''',
     '''	if (!strncmp(a, "chat.postMessage", 16) || !strncmp(a, "chat.update", 11)) {
		char st[16384], *dec = st;'''),
    # a message of its own
    ('''		respond(c, R_ok_post, N_ok_post, o_slack_ms, 0);
''',
     '''		static unsigned long long posted;
		const char *p; size_t pn;
		if (*a == 'c' && a[5] == 'u') { respond(c, R_ok_post, N_ok_post, o_slack_ms, 0); return; }
		posted++;
		mk(&p, &pn, 200, "x-oauth-scopes: chat:write,commands\\r\\nx-slack-req-id: a1b2c3\\r\\n", "{\\"ok\\":true,\\"channel\\":\\"C0BENCH%04d\\",\\"ts\\":\\"%llu.%06llu\\",\\"message\\":{\\"user\\":\\"U0BOT0001\\",\\"type\\":\\"message\\",\\"ts\\":\\"%llu.%06llu\\",\\"bot_id\\":\\"B0BOT0001\\",\\"app_id\\":\\"A0BENCH01\\",\\"text\\":\\"(text)\\",\\"team\\":\\"T0BENCH01\\"}}", s < 0 ? 0 : s, 1700000000 + posted / 1000000, posted % 1000000, 1700000000 + posted / 1000000, posted % 1000000);
		respond(c, p, pn, o_slack_ms, 1);
'''),
    # what may the token do, and how long does it live?
    ('''	if (!strncmp(path, "/v2/actions/", 12)) {''',
     '''	if (!strncmp(path, "/v1/oauth/token/info", 20)) {
		struct buf o = { 0 };
		static const char info[] = "{\\"resource_owner_id\\":1,\\"scopes\\":[\\"droplet:read\\",\\"droplet:update\\",\\"actions:read\\",\\"tag:read\\"],\\"expires_in_seconds\\":8640000}";
		http_wrap(&o, 200, RL, info, sizeof(info) - 1);
		respond(c, o.p, o.len, ms, 1);
		return;
	}
	if (!strncmp(path, "/v2/actions/", 12)) {'''),
    # may the token read tags?
    ('''	if (!strncmp(path, "/v2/actions/", 12)) {''',
     '''	if (!strncmp(path, "/v2/tags", 8)) {
		struct buf o = { 0 };
		static const char none[] = "{\\"tags\\":[],\\"links\\":{},\\"meta\\":{\\"total\\":0}}";
		http_wrap(&o, 200, RL, none, sizeof(none) - 1);
		respond(c, o.p, o.len, ms, 1);
		return;
	}
	if (!strncmp(path, "/v2/actions/", 12)) {'''),
    # GPU droplets stand in a list of their own, and there are none
    ('''		const char *nm = strstr(path, "name=web-");''',
     '''		const char *nm = strstr(path, "name=web-");
		if (strstr(path, "type=gpus")) {
			struct buf o = { 0 };
			static const char none[] = "{\\"droplets\\":[],\\"links\\":{},\\"meta\\":{\\"total\\":0}}";
			http_wrap(&o, 200, RL, none, sizeof(none) - 1);
			respond(c, o.p, o.len, ms, 1);
			return;
		}'''),
    # a list that is read once a reboot's action has ended shows what became of its droplet, like a read of that droplet alone
    ('''		if (pg == 1) mark_do_list();''',
     '''		if (pg == 1) mark_do_list();
		for (int i = 0; i < MAXSLOT && pg == 1; i++)
			if (slots[i].busy && slots[i].kind == C_REBOOT && slots[i].do_calls == 2) slots[i].do_calls = 3;'''),
    # an account whose limits were raised: else every bot that heeds them stands still
    ('''"ratelimit-limit: 5000\\r\\nratelimit-remaining: 4987\\r\\n''', '''"ratelimit-limit: 90000000\\r\\nratelimit-remaining: 89999000\\r\\n'''),
    # the newest actions of the account, a page of them
    ('''	if (!strncmp(path, "/v2/actions/", 12)) {''',
     '''	if (!strncmp(path, "/v2/actions?", 12)) {
		struct buf b = { 0 }, o = { 0 };
		buf_printf(&b, "{\\"actions\\":[");
		for (int s = 199; s >= 0 && qint(path, "page", 1) == 1; s--)
			buf_printf(&b, "%s{\\"id\\":%d,\\"status\\":\\"completed\\",\\"type\\":\\"reboot\\",\\"started_at\\":\\"2026-01-14T16:30:20Z\\",\\"completed_at\\":\\"2026-01-14T16:30:25Z\\",\\"resource_id\\":%d,\\"resource_type\\":\\"droplet\\",\\"region_slug\\":\\"nyc3\\"}", s < 199 ? "," : "", 36800000 + s, 3164000 + s);
		buf_printf(&b, "],\\"links\\":{},\\"meta\\":{\\"total\\":200}}");
		http_wrap(&o, 200, RL, b.p, b.len);
		free(b.p);
		respond(c, o.p, o.len, ms, 1);
		return;
	}
	if (!strncmp(path, "/v2/actions/", 12)) {'''),
    # the droplet itself, and its actions
    ('''	if (!strncmp(path, "/v2/actions/", 12)) {''',
     '''	if (!strncmp(path, "/v2/droplets/", 13) && *m == 'G') {
		int s = atoi(path + 13) - 3164000;
		struct buf b = { 0 }, o = { 0 };
		mark_do_slot(s);
		if (strstr(path, "/actions")) {
			buf_printf(&b, "{\\"actions\\":[],\\"links\\":{},\\"meta\\":{\\"total\\":0}}");
		} else {
			buf_printf(&b, "{\\"droplet\\":");
			add_droplet(&b, s);
			buf_printf(&b, "}");
		}
		http_wrap(&o, 200, RL, b.p, b.len);
		free(b.p);
		respond(c, o.p, o.len, ms, 1);
		return;
	}
	if (!strncmp(path, "/v2/actions/", 12)) {'''),
]

path = sys.argv[1]
with open(path, encoding='utf-8') as file:
    text = file.read()
for old, new in CHANGES:
    if text.count(old) != 1:
        sys.exit('%s is not the simulator that this extends: %r' % (path, old.strip().splitlines()[0]))
    text = text.replace(old, new)
with open(path, 'w', encoding='utf-8') as file:
    file.write(text)
