/* model.h - a stateful DigitalOcean: one model behind two doors
 *
 *   ocean.h      door 1: struct ocean in memory, on a loop (also a virtual one)
 *   server.h     door 2: HTTP/1.1 on a socket, the program sluice-sim
 *   world.h      what both doors do with a request: faults, then sim_handle, then the traffic log
 *   faults.h     what goes wrong, as text lines that scenario files, the command line and /_sim share
 *
 * The model is pure: it has no clock, no socket and no randomness; time comes in with each request (wall time,
 * ms). It speaks DigitalOcean's shapes (held against the API description by test_contract.py).
 *
 * What is modelled: account, droplets with paging and filters, every action on a droplet with its time and its
 * effect, one event a droplet (422 for the second, `locked` meanwhile), statuses that change at the action's end or some
 * seconds later, creation and destruction (with what belongs to a droplet), snapshots, volumes, reserved addresses,
 * firewalls, tags, projects and their resources, metrics, both rate limits (5,000 an hour sliding, 250 a minute), tokens
 * with scopes.
 *
 * Texts of refusals are DigitalOcean's where known; that a power action in the wrong state is refused is inferred
 * from "Droplet is currently on. Please power it off to run this event.", and so are those about images, names and
 * backups.
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/droplet.h"
#include "base/err.h"
#include "base/strbuf.h"

/* The scopes of tokens; a set of them is bits of sim_scope_bit. */
enum sim_scope {
	SIM_ACCOUNT_READ,
	SIM_ACTIONS_READ,
	SIM_BILLING_READ,
	SIM_BLOCK_STORAGE_READ,
	SIM_BLOCK_STORAGE_DELETE,
	SIM_BLOCK_STORAGE_ACTION_READ,
	SIM_BLOCK_STORAGE_ACTION_CREATE,
	SIM_BLOCK_STORAGE_SNAPSHOT_READ,
	SIM_BLOCK_STORAGE_SNAPSHOT_DELETE,
	SIM_DOMAIN_READ,
	SIM_DROPLET_READ,
	SIM_DROPLET_UPDATE,
	SIM_DROPLET_CREATE,
	SIM_DROPLET_ADMIN,
	SIM_DROPLET_DELETE,
	SIM_FIREWALL_READ,
	SIM_FIREWALL_UPDATE,
	SIM_IMAGE_READ,
	SIM_IMAGE_CREATE,
	SIM_IMAGE_DELETE,
	SIM_LOAD_BALANCER_READ,
	SIM_MONITORING_READ,
	SIM_PROJECT_READ,
	SIM_PROJECT_ASSIGN,
	SIM_REGIONS_READ,
	SIM_RESERVED_IP_READ,
	SIM_RESERVED_IP_UPDATE,
	SIM_RESERVED_IP_DELETE,
	SIM_SIZES_READ,
	SIM_SNAPSHOT_READ,
	SIM_SNAPSHOT_DELETE,
	SIM_SSH_KEY_READ,
	SIM_TAG_READ,
	SIM_TAG_CREATE,
	SIM_TAG_DELETE,
	SIM_VPC_READ,
	SIM_SCOPE_COUNT,
};

static inline uint64_t sim_scope_bit(enum sim_scope scope)
{
	return UINT64_C(1) << scope;
}

/* The tokens of sim_demo_account and of sluice-sim without --token. */
#define SIM_TOKEN_READ "sim-token-read"
#define SIM_TOKEN_CHANGE "sim-token-change"
#define SIM_TOKEN_ALL "sim-token-all"

/* The one app that may sign in by OAuth. */
#define SIM_CLIENT_ID "sim-client"
#define SIM_CLIENT_SECRET "sim-client-secret"

#define SIM_MAX_PAGE 200
#define SIM_LINK_BASE "https://api.digitalocean.com"

/* What becomes of an action; a zeroed one runs as it should. */
struct sim_fate {
	bool never_ends; /* in-progress for ever, the droplet stays locked */
	bool errors;     /* ends as errored, the droplet unchanged */
	bool unchanged; /* ends as completed, the droplet unchanged (a guest that ignores a shutdown) */
	bool no_end_time; /* completed_at stays null */
	int64_t lag_ms;   /* the droplet's status follows the completed action so much later */
	int64_t takes_ms; /* instead of the type's own time; 0: that */
};

enum sim_action_status { SIM_IN_PROGRESS, SIM_COMPLETED, SIM_ERRORED };

struct sim_backup_policy {
	bool weekly;
	unsigned weekday, hour; /* 0 Sunday; UTC */
};

/* What an action takes besides its type. */
struct sim_args {
	const struct sim_size *size;
	bool disk;
	const struct sim_image *image;
	const char *name; /* owned by the action once it runs */
	bool has_policy;
	struct sim_backup_policy policy;
};

struct sim_action {
	uint64_t id;
	uint64_t droplet_id;  /* 0: of another resource */
	const char *resource; /* static: "droplet", "volume", "reserved_ip" */
	const char *type;     /* static */
	const char *region;
	enum sim_action_status status;
	int64_t started_ms, completed_ms; /* wall; completed 0: not yet */
	int64_t due_ms;
	struct sim_fate fate;
	struct sim_args args;
};

struct sim_droplet {
	uint64_t id;
	char *name;
	char **tags;
	size_t n_tags;
	const struct sim_region *region; /* catalog.h */
	const struct sim_size *size;
	const struct sim_image *image;
	size_t project;   /* place in sim->projects */
	unsigned disk_gb; /* a resize without its disk leaves it */
	bool gpu;
	bool gone; /* destroyed, and leaves with the next settling */
	bool ipv6;
	bool backups;
	bool agent;           /* the monitoring agent is installed */
	unsigned cpu, memory; /* percent used, by its metrics */
	bool lives; /* they go up and down, as of a droplet that is used; else they stand still */
	struct sim_backup_policy policy;
	char ip[16], ip_private[16], ip6[48];
	enum droplet_status status;
	int64_t created_ms;
	struct sim_action *event; /* what runs on it; NULL: nothing, not locked */
	bool held;                /* locked by DigitalOcean itself (a migration), no event */
	enum droplet_status
		later; /* becomes the status at later_ms; DROPLET_UNKNOWN: nothing pending */
	int64_t later_ms;
	struct sim_action **actions; /* oldest first */
	size_t n_actions;
};

struct sim_project {
	char id[37];
	char *name;
	bool is_default;
};

struct sim_volume {
	char id[37];
	char *name;
	const struct sim_region *region;
	unsigned size_gb;
	uint64_t droplet_id; /* 0: attached to none */
	struct sim_action *event;
	uint64_t later_id; /* droplet_id when the event is over */
};

struct sim_ip {
	char ip[16];
	const struct sim_region *region;
	uint64_t droplet_id;
	struct sim_action *event;
	uint64_t later_id;
};

struct sim_firewall {
	char id[37];
	char *name;
	uint64_t *droplet_ids;
	size_t n;
};

/* A destruction with what belongs to the droplet. */
struct sim_purge {
	uint64_t droplet_id;
	char *name; /* of the droplet */
	struct sim_action *action;
	struct sim_purge_item {
		const char *kind; /* static: "volumes", ... */
		char id[40];
		char *name;
	} * items;
	size_t n;
};

/* Times of the requests of the last hour, in a ring. */
struct sim_window {
	int64_t *times;
	size_t cap, first, n; /* n within the hour */
	size_t n_minute;      /* of them within the minute */
};

struct sim_token {
	char *text;
	uint64_t scopes;    /* sim_scope_bit */
	int64_t expires_ms; /* 0: never */
	struct sim_window window;
};

struct sim {
	struct sim_droplet **droplets; /* in the order of the list */
	size_t n_droplets;
	struct sim_action **actions; /* by id: id - first_action_id */
	size_t n_actions;
	struct sim_image **images; /* the account's own: snapshots and backups, oldest first */
	size_t n_images;
	struct sim_volume **volumes;
	size_t n_volumes;
	struct sim_ip **ips;
	size_t n_ips;
	struct sim_firewall **firewalls;
	size_t n_firewalls;
	struct sim_purge **purges;
	size_t n_purges;
	char **tags; /* made alone, before anything has them */
	size_t n_tags;
	struct sim_project *projects;
	size_t n_projects;
	struct sim_token *tokens;
	size_t n_tokens;
	char *team, *email;
	unsigned droplet_limit;
	unsigned rate_hour, rate_minute; /* 0: no limit, the headers still say 5000 */
	double speed;                    /* actions and lags take 1/speed of their time */
	int64_t now_ms;                  /* of the latest request or sim_settle */
	uint64_t next_droplet_id, next_image_id;
	uint64_t n_requests;
	uint64_t self_id;  /* of the droplet that asks the metadata service; 0: it is on none */
	bool oldest_first; /* GET /v2/actions: in another order than DigitalOcean's */
	uint64_t shift; /* what came on top of every list since the page before; for one request */
	struct sim_fate fate;    /* of the next action, consumed by it */
	struct sim_oauth *oauth; /* oauth.c; NULL: nobody signed in yet */
	int64_t oauth_life_ms;   /* of an access token */
};

struct sim_request {
	const char *method;
	const char *path;  /* with query */
	const char *token; /* NULL: no Authorization header */
	bool dangerous;    /* X-Dangerous: true */
	const char *body;
	size_t body_len;
};

struct sim_reply {
	int status;
	const char *content_type; /* static; NULL: no body */
	char request_id[64];
	char location[1600];                            /* 302; "": no such header */
	int64_t rate_limit, rate_remaining, rate_reset; /* -1: no such header */
	int64_t retry_after_s;                          /* -1: no such header */
	bool refused;                                   /* 400 or 422 that belongs to the model */
	struct strbuf body;                             /* initialised and freed by the caller */
};

#define SIM_MAX_BODY (16u << 20) /* of a reply */

/* An empty account at that time: no droplets, no tokens, one default project, both rate limits on. */
struct sim *sim_new(int64_t now_ms);
void sim_free(struct sim *sim);

/* The one function that answers. Never fails: a request that makes no sense gets a reply that says so. */
void sim_handle(struct sim *sim, int64_t now_ms, const struct sim_request *request,
		struct sim_reply *reply);

/* Everything that is due by then happens. sim_handle does it first; time that goes back is ignored. */
void sim_settle(struct sim *sim, int64_t now_ms);

/* scopes: words "read", "change", "destroy", "droplet:read", ... separated by commas; "-tag:read" takes one away. */
int sim_add_token(struct sim *sim, const char *token, const char *scopes, struct err *err);
void sim_remove_token(struct sim *sim, const char *token); /* expired, revoked */

/*
 * One droplet from a line "web-1 id=400000011 tags=web,prod status=off region=ams3 size=s-1vcpu-1gb image=debian-12-x64
 * project=shop locked=yes ipv6=no backups=yes snapshot=before backup=weekly
 * volume=data ip=203.0.113.7 firewall=web agent=yes cpu=20 memory=51 lives=yes days=90": creates it, or changes the one with that id. Only the name must be there.
 */
int sim_droplet_line(struct sim *sim, const char *line, struct err *err);
void sim_remove_droplet(struct sim *sim, uint64_t id);

struct sim_droplet *sim_droplet_by_id(const struct sim *sim, uint64_t id); /* or NULL */
struct sim_droplet *sim_droplet_by_name(const struct sim *sim,
					const char *name); /* the first, or NULL */
const struct sim_action *sim_action_by_id(const struct sim *sim, uint64_t id); /* or NULL */
size_t sim_project(struct sim *sim, const char *name); /* its place; made when new */

/*
 * Starts an action without the API (somebody in the control panel). args: NULL for the types that take none; its name is
 * copied. NULL and a reason when it is refused.
 */
struct sim_action *sim_start_action(struct sim *sim, struct sim_droplet *droplet, const char *type,
				    const struct sim_args *args, const char **ret_reason);

/* By slug or number, the account's own too; NULL when there is none (or it was deleted). */
const struct sim_image *sim_find_image(const struct sim *sim, const char *slug, uint64_t id);

/* Attached to the droplet; one of that name or address that is there already is attached to it. */
void sim_add_volume(struct sim *sim, const char *name, const struct sim_droplet *droplet);
int sim_add_ip(struct sim *sim, const char *ip, const struct sim_droplet *droplet);
void sim_add_firewall(struct sim *sim, const char *name, const struct sim_droplet *droplet);

/* A snapshot or backup that is there already; region and size follow from the droplet. */
struct sim_image *sim_add_image(struct sim *sim, const struct sim_droplet *droplet,
				const char *type, const char *name);

/* Believable accounts, with the three tokens above. */
void sim_demo_account(struct sim *sim);
void sim_generated_account(struct sim *sim, size_t n_droplets);

const char *sim_status_word(enum droplet_status status); /* "active" */

/* The next "key=value" of a line ("" value when there is no '='). 1, 0 at the end, -1 when a word is too long. */
#define SIM_WORD_SIZE 256
int sim_next_word(const char **at, char key[SIM_WORD_SIZE], char value[SIM_WORD_SIZE]);

#endif
