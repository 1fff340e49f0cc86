/* migrations.h - the database's shape, step by step; the number of the last one done stands in PRAGMA user_version
 *
 * A step that has been released is never changed: what must be different is a new step.
 */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H

static const char *const store_migrations[] = {
	/* 1: the first version */
	"CREATE TABLE seen (key TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX seen_at ON seen (at_ms);"
	"CREATE TABLE request (id TEXT PRIMARY KEY, network TEXT NOT NULL, workspace TEXT NOT NULL,"
	" channel TEXT NOT NULL, thread TEXT NOT NULL, direct INTEGER NOT NULL,"
	" user_workspace TEXT NOT NULL, user TEXT NOT NULL, person TEXT NOT NULL,"
	" answers TEXT NOT NULL, verb TEXT NOT NULL, words TEXT NOT NULL, policy_id TEXT NOT NULL,"
	" card TEXT NOT NULL, card_wanted INTEGER NOT NULL, card_shown INTEGER NOT NULL,"
	" created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, final INTEGER NOT NULL)"
	" WITHOUT ROWID;"
	"CREATE INDEX request_open ON request (created_ms) WHERE final = 0;"
	"CREATE TABLE job (id TEXT PRIMARY KEY, request TEXT NOT NULL, account TEXT NOT NULL,"
	" droplet_id INTEGER NOT NULL, droplet_name TEXT NOT NULL, state INTEGER NOT NULL,"
	" step INTEGER NOT NULL, action_id INTEGER NOT NULL, sent_ms INTEGER NOT NULL,"
	" deadline_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, outcome TEXT NOT NULL,"
	" open INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX job_request ON job (request);"
	"CREATE UNIQUE INDEX job_open ON job (account, droplet_id) WHERE open = 1;"
	"CREATE TABLE log (seq INTEGER PRIMARY KEY, body TEXT NOT NULL, prev TEXT NOT NULL,"
	" hash TEXT NOT NULL);"
	"CREATE TABLE cursor (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;",
	/* 2: consents, locks, the queue, and the texts of policies */
	"ALTER TABLE request ADD COLUMN arguments TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE request ADD COLUMN reason TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE request ADD COLUMN nonce TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE request ADD COLUMN digest TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE request ADD COLUMN terms TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE request ADD COLUMN queues INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE job ADD COLUMN ready_ms INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE consent (request TEXT NOT NULL, kind INTEGER NOT NULL, person TEXT NOT NULL,"
	" network TEXT NOT NULL, user_workspace TEXT NOT NULL, user TEXT NOT NULL,"
	" digest TEXT NOT NULL, policy_id TEXT NOT NULL, at_ms INTEGER NOT NULL,"
	" PRIMARY KEY (request, kind, person)) WITHOUT ROWID;"
	"CREATE TABLE lock (account TEXT NOT NULL, droplet_id INTEGER NOT NULL,"
	" droplet_name TEXT NOT NULL, person TEXT NOT NULL, reason TEXT NOT NULL,"
	" at_ms INTEGER NOT NULL, PRIMARY KEY (account, droplet_id)) WITHOUT ROWID;"
	"CREATE TABLE policy (id TEXT PRIMARY KEY, text TEXT NOT NULL, at_ms INTEGER NOT NULL);",
	/* 3: the log is cut, ended requests go, and a policy knows since which row it is in force */
	"CREATE TABLE log_cut (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL,"
	" hash TEXT NOT NULL);"
	"CREATE INDEX request_final ON request (updated_ms) WHERE final = 1;"
	"ALTER TABLE policy ADD COLUMN log_seq INTEGER NOT NULL DEFAULT 0;",
	/* 4: turns that were taken */
	"CREATE TABLE take (id TEXT PRIMARY KEY, rota TEXT NOT NULL, person TEXT NOT NULL,"
	" reason TEXT NOT NULL, network TEXT NOT NULL, workspace TEXT NOT NULL,"
	" channel TEXT NOT NULL, thread TEXT NOT NULL, user_workspace TEXT NOT NULL,"
	" user TEXT NOT NULL, direct INTEGER NOT NULL, asked_ms INTEGER NOT NULL,"
	" from_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL) WITHOUT ROWID;",
	/* 5: the places that jobs took under the policy's limits */
	"CREATE TABLE place (job TEXT PRIMARY KEY, request TEXT NOT NULL, verb TEXT NOT NULL,"
	" network TEXT NOT NULL, user_workspace TEXT NOT NULL, user TEXT NOT NULL,"
	" workspace TEXT NOT NULL, channel TEXT NOT NULL, account TEXT NOT NULL, name TEXT NOT "
	"NULL,"
	" region TEXT NOT NULL, size TEXT NOT NULL, project TEXT NOT NULL, project_id TEXT NOT "
	"NULL,"
	" tags TEXT NOT NULL, at_ms INTEGER NOT NULL, direct INTEGER NOT NULL,"
	" droplet_id INTEGER NOT NULL, known INTEGER NOT NULL, monthly_cents INTEGER NOT NULL)"
	" WITHOUT ROWID;"
	"CREATE INDEX place_at ON place (at_ms);",
	/* 6: what became of the steps of a plan */
	"ALTER TABLE job ADD COLUMN steps TEXT NOT NULL DEFAULT '';",
	/* 7: requests, jobs and places lie in the order in which they came, not in that of their random ids: what is under way now
	 * shares few pages, and each commit writes those only */
	"ALTER TABLE request RENAME TO request_before; ALTER TABLE job RENAME TO job_before;"
	"ALTER TABLE place RENAME TO place_before;"
	"DROP INDEX request_open; DROP INDEX request_final; DROP INDEX job_request;"
	"DROP INDEX job_open; DROP INDEX place_at;"
	"CREATE TABLE request (id TEXT PRIMARY KEY NOT NULL, network TEXT NOT NULL,"
	" workspace TEXT NOT NULL, channel TEXT NOT NULL, thread TEXT NOT NULL,"
	" direct INTEGER NOT NULL, user_workspace TEXT NOT NULL, user TEXT NOT NULL,"
	" person TEXT NOT NULL, answers TEXT NOT NULL, verb TEXT NOT NULL, words TEXT NOT NULL,"
	" policy_id TEXT NOT NULL, card TEXT NOT NULL, card_wanted INTEGER NOT NULL,"
	" card_shown INTEGER NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,"
	" final INTEGER NOT NULL, arguments TEXT NOT NULL, reason TEXT NOT NULL,"
	" nonce TEXT NOT NULL, digest TEXT NOT NULL, terms TEXT NOT NULL,"
	" queues INTEGER NOT NULL);"
	"INSERT INTO request SELECT id, network, workspace, channel, thread, direct,"
	" user_workspace, user, person, answers, verb, words, policy_id, card, card_wanted,"
	" card_shown, created_ms, updated_ms, final, arguments, reason, nonce, digest, terms,"
	" queues FROM request_before ORDER BY created_ms, id;"
	"CREATE TABLE job (id TEXT PRIMARY KEY NOT NULL, request TEXT NOT NULL,"
	" account TEXT NOT NULL, droplet_id INTEGER NOT NULL, droplet_name TEXT NOT NULL,"
	" state INTEGER NOT NULL, step INTEGER NOT NULL, action_id INTEGER NOT NULL,"
	" sent_ms INTEGER NOT NULL, deadline_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,"
	" outcome TEXT NOT NULL, open INTEGER NOT NULL, ready_ms INTEGER NOT NULL,"
	" steps TEXT NOT NULL);"
	"INSERT INTO job SELECT id, request, account, droplet_id, droplet_name, state, step,"
	" action_id, sent_ms, deadline_ms, updated_ms, outcome, open, ready_ms, steps"
	" FROM job_before ORDER BY updated_ms, id;"
	"CREATE TABLE place (job TEXT PRIMARY KEY NOT NULL, request TEXT NOT NULL,"
	" verb TEXT NOT NULL, network TEXT NOT NULL, user_workspace TEXT NOT NULL,"
	" user TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL,"
	" account TEXT NOT NULL, name TEXT NOT NULL, region TEXT NOT NULL, size TEXT NOT NULL,"
	" project TEXT NOT NULL, project_id TEXT NOT NULL, tags TEXT NOT NULL,"
	" at_ms INTEGER NOT NULL, direct INTEGER NOT NULL, droplet_id INTEGER NOT NULL,"
	" known INTEGER NOT NULL, monthly_cents INTEGER NOT NULL);"
	"INSERT INTO place SELECT job, request, verb, network, user_workspace, user, workspace,"
	" channel, account, name, region, size, project, project_id, tags, at_ms, direct,"
	" droplet_id, known, monthly_cents FROM place_before ORDER BY at_ms, job;"
	"DROP TABLE request_before; DROP TABLE job_before; DROP TABLE place_before;"
	"CREATE INDEX request_open ON request (created_ms) WHERE final = 0;"
	"CREATE INDEX request_final ON request (updated_ms) WHERE final = 1;"
	"CREATE INDEX job_request ON job (request);"
	"CREATE UNIQUE INDEX job_open ON job (account, droplet_id) WHERE open = 1;"
	"CREATE INDEX place_at ON place (at_ms);",
	/* 8: what was shown beside a droplet before it goes */
	"ALTER TABLE job ADD COLUMN beside TEXT NOT NULL DEFAULT '';",
	/* 9: several droplets may be made at once, none of which has its id yet */
	"DROP INDEX job_open;"
	"CREATE UNIQUE INDEX job_open ON job (account, droplet_id)"
	" WHERE open = 1 AND droplet_id <> 0;",
	/* 10: a request has a number in the order of coming, jobs and places are found by it: of all indexes only that of the
	 * requests' ids is random, which wrote half of each commit's pages. `at` is that number (0: no such request). */
	"ALTER TABLE request RENAME TO request_before; ALTER TABLE job RENAME TO job_before;"
	"ALTER TABLE place RENAME TO place_before;"
	"DROP INDEX request_open; DROP INDEX request_final; DROP INDEX job_request;"
	"DROP INDEX job_open; DROP INDEX place_at;"
	"CREATE TABLE request (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
	" network TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL,"
	" thread TEXT NOT NULL, direct INTEGER NOT NULL, user_workspace TEXT NOT NULL,"
	" user TEXT NOT NULL, person TEXT NOT NULL, answers TEXT NOT NULL, verb TEXT NOT NULL,"
	" words TEXT NOT NULL, policy_id TEXT NOT NULL, card TEXT NOT NULL,"
	" card_wanted INTEGER NOT NULL, card_shown INTEGER NOT NULL, created_ms INTEGER NOT NULL,"
	" updated_ms INTEGER NOT NULL, final INTEGER NOT NULL, arguments TEXT NOT NULL,"
	" reason TEXT NOT NULL, nonce TEXT NOT NULL, digest TEXT NOT NULL, terms TEXT NOT NULL,"
	" queues INTEGER NOT NULL);"
	"INSERT INTO request SELECT NULL, id, network, workspace, channel, thread, direct,"
	" user_workspace, user, person, answers, verb, words, policy_id, card, card_wanted,"
	" card_shown, created_ms, updated_ms, final, arguments, reason, nonce, digest, terms,"
	" queues FROM request_before ORDER BY created_ms, id;"
	"CREATE TABLE job (at INTEGER NOT NULL, id TEXT NOT NULL, request TEXT NOT NULL,"
	" account TEXT NOT NULL, droplet_id INTEGER NOT NULL, droplet_name TEXT NOT NULL,"
	" state INTEGER NOT NULL, step INTEGER NOT NULL, action_id INTEGER NOT NULL,"
	" sent_ms INTEGER NOT NULL, deadline_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,"
	" outcome TEXT NOT NULL, open INTEGER NOT NULL, ready_ms INTEGER NOT NULL,"
	" steps TEXT NOT NULL, beside TEXT NOT NULL);"
	"INSERT INTO job SELECT coalesce(r.n, 0), j.id, j.request, j.account, j.droplet_id,"
	" j.droplet_name, j.state, j.step, j.action_id, j.sent_ms, j.deadline_ms, j.updated_ms,"
	" j.outcome, j.open, j.ready_ms, j.steps, j.beside FROM job_before j"
	" LEFT JOIN request r ON r.id = j.request ORDER BY coalesce(r.n, 0), j.id;"
	"CREATE TABLE place (at INTEGER NOT NULL, job TEXT NOT NULL, request TEXT NOT NULL,"
	" verb TEXT NOT NULL, network TEXT NOT NULL, user_workspace TEXT NOT NULL,"
	" user TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL,"
	" account TEXT NOT NULL, name TEXT NOT NULL, region TEXT NOT NULL, size TEXT NOT NULL,"
	" project TEXT NOT NULL, project_id TEXT NOT NULL, tags TEXT NOT NULL,"
	" at_ms INTEGER NOT NULL, direct INTEGER NOT NULL, droplet_id INTEGER NOT NULL,"
	" known INTEGER NOT NULL, monthly_cents INTEGER NOT NULL);"
	"INSERT INTO place SELECT coalesce(r.n, 0), p.job, p.request, p.verb, p.network,"
	" p.user_workspace, p.user, p.workspace, p.channel, p.account, p.name, p.region, p.size,"
	" p.project, p.project_id, p.tags, p.at_ms, p.direct, p.droplet_id, p.known,"
	" p.monthly_cents FROM place_before p LEFT JOIN request r ON r.id = p.request"
	" ORDER BY p.at_ms, p.job;"
	"DROP TABLE request_before; DROP TABLE job_before; DROP TABLE place_before;"
	"CREATE INDEX request_open ON request (created_ms) WHERE final = 0;"
	"CREATE INDEX request_final ON request (updated_ms) WHERE final = 1;"
	"CREATE UNIQUE INDEX job_at ON job (at, id);"
	"CREATE UNIQUE INDEX job_open ON job (account, droplet_id) WHERE open = 1 AND droplet_id "
	"<> 0;"
	"CREATE UNIQUE INDEX place_job ON place (at, job);"
	"CREATE INDEX place_at ON place (at_ms);",
	/* 11: nothing asked what form of a card was shown: until its request is final, the next start shows it anyway */
	"ALTER TABLE request DROP COLUMN card_wanted; ALTER TABLE request DROP COLUMN card_shown;",
};

#endif
