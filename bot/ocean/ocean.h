/* ocean.h - DigitalOcean's API as the rest of the house sees it (`do` is a C keyword)
 *
 * Two doors behind one ops struct: ocean_http_open (the real one) and the simulator's in-memory one. API facts with
 * their sources: the reference pages named in each .c file.
 */
#ifndef OCEAN_OCEAN_H
#define OCEAN_OCEAN_H

#include "base/droplet.h"
#include "base/err.h"
#include "base/verbs.h"
#include "loop/loop.h"
#include "ocean/things.h"

/*
 * What can be asked, with what the call must name and what its answer gives. Lists come whole: all pages, each thing once; a
 * page that fails, or an entry that makes no sense, fails the call. The rows are in endpoint_rows.c.
 */
enum ocean_verb {
	OCEAN_NONE = 0,
	OCEAN_LIST,    /* droplets: all, GPU droplets too */
	OCEAN_GET,     /* droplet_id. droplets: one */
	OCEAN_ACT,     /* droplet_id, act, args. actions: one */
	OCEAN_ACTION,  /* action_id. actions: one; if not interactive maybe later, with others */
	OCEAN_ACTIONS, /* page. actions: 200 of the account's, the newest first */
	OCEAN_DROPLET_ACTIONS,   /* droplet_id. actions: the latest 50, newest first */
	OCEAN_ACCOUNT,           /* account */
	OCEAN_SIZES,             /* sizes */
	OCEAN_REGIONS,           /* regions */
	OCEAN_IMAGES,            /* images: which. image_list */
	OCEAN_IMAGE,             /* image_id. image_list: one */
	OCEAN_KEYS,              /* keys; DigitalOcean allows ten a minute */
	OCEAN_SNAPSHOTS,         /* saved: of all droplets */
	OCEAN_DROPLET_SNAPSHOTS, /* droplet_id. saved */
	OCEAN_DROPLET_BACKUPS,   /* droplet_id. saved */
	OCEAN_BACKUP_POLICY,     /* droplet_id. backups */
	OCEAN_BALANCE,           /* balance */

	OCEAN_CREATE,       /* create. droplets: as they begin; actions: one each, in no order */
	OCEAN_BY_TAG,       /* key: a tag. droplets: without GPU droplets */
	OCEAN_DESTROY,      /* droplet_id */
	OCEAN_ASSOCIATED,   /* droplet_id. associated: what would be left behind */
	OCEAN_DESTROY_WITH, /* droplet_id, with: these go too */
	OCEAN_DESTROY_ALL, /* droplet_id: everything associated goes too, also what came since the look */
	OCEAN_DESTROY_RETRY,   /* droplet_id: what failed, again */
	OCEAN_DESTRUCTION,     /* droplet_id. destruction: how far the last three are */
	OCEAN_SNAPSHOT_DELETE, /* image_id */

	OCEAN_TAGS,              /* tags */
	OCEAN_TAG_CREATE,        /* key: the tag; it must exist before it is put on something */
	OCEAN_TAG_ADD,           /* key: the tag; members: droplets */
	OCEAN_TAG_REMOVE,        /* the same */
	OCEAN_VOLUMES,           /* volumes */
	OCEAN_VOLUME_ATTACH,     /* key: UUID, droplet_id. actions: one */
	OCEAN_VOLUME_DETACH,     /* the same */
	OCEAN_IPS,               /* ips */
	OCEAN_IP_ASSIGN,         /* key: address, droplet_id. actions: one */
	OCEAN_IP_UNASSIGN,       /* key: address. actions: one */
	OCEAN_FIREWALLS,         /* firewalls */
	OCEAN_FIREWALL_ATTACH,   /* key: UUID, members: droplets */
	OCEAN_FIREWALL_DETACH,   /* the same */
	OCEAN_LOAD_BALANCERS,    /* load_balancers */
	OCEAN_DOMAINS,           /* domains */
	OCEAN_PROJECTS,          /* projects */
	OCEAN_PROJECT_RESOURCES, /* key: UUID. resources */
	OCEAN_PROJECT_ASSIGN,    /* key: UUID, members: droplets. resources: with their status */
	OCEAN_NEIGHBORS,         /* droplet_id. droplets: on the same machine */
	OCEAN_VPCS,              /* vpcs */
	OCEAN_METRIC,            /* droplet_id, metric. series */
	OCEAN_VERB_COUNT,
};

/*
 * After a lost answer (ERR_UNKNOWN) look, never ask again:
 *   ACT                  DROPLET_ACTIONS: one of that type begun since
 *   CREATE               BY_TAG with the request tag, some times; a droplet just made may answer GET with NOTFOUND for a minute
 *                        (of a GPU size: LIST, and the request tag among its tags; DigitalOcean keeps those in a list of their own)
 *   DESTROY, _WITH, _ALL GET: NOTFOUND is done; DESTRUCTION
 *   TAG_*, PROJECT_ASSIGN, FIREWALL_*, VOLUME_*, IP_*   the list says what is so now; asking again does no harm there
 */

enum ocean_images {
	OCEAN_IMAGES_ALL = 0,
	OCEAN_IMAGES_DISTRIBUTIONS, /* DigitalOcean's own */
	OCEAN_IMAGES_APPLICATIONS,
	OCEAN_IMAGES_OWN, /* snapshots, backups, custom ones */
};

enum ocean_action_status { OCEAN_IN_PROGRESS = 0, OCEAN_COMPLETED, OCEAN_ERRORED };

struct ocean_action {
	uint64_t id;
	uint64_t droplet_id;
	char type[32]; /* "reboot" */
	enum ocean_action_status status;
	int64_t started_ms, completed_ms; /* wall time; 0: not given */
};

/*
 * What a droplet action takes besides its word. Zeroed: nothing. Only what the act takes may be set, or the call is refused
 * (ERR_USAGE, nothing is sent). Strings are read by ocean_start and not needed after it.
 *
 *   act                    takes                        tier
 *   resize                 size, disk                   destroy   the droplet must be off
 *   rename                 name                         change
 *   rebuild                image_id or image_slug       destroy   the disk is replaced
 *   restore                image_id, of a backup        destroy   the disk is replaced
 *   snapshot               name                         change
 *   enable_backups         backup, or nothing           change
 *   change_backup_policy   backup                       change
 *   disable_backups, enable_ipv6, power_on, power_off, power_cycle, reboot, shutdown: nothing, change
 *   password_reset         nothing                      destroy   mails a password, restarts
 *
 * A snapshot's action does not name the snapshot: it is looked up by its name afterwards.
 */
struct ocean_act_args {
	const char *size; /* "s-2vcpu-4gb" */
	bool disk; /* resize: the disk grows too, and the droplet can never have a smaller one again */
	uint64_t image_id;
	const char *image_slug; /* "debian-12-x64" */
	const char *name;       /* rename: a host name; snapshot: any text of one line, 255 bytes */
	struct ocean_backup_policy backup;
};

#define OCEAN_NAME_MAX 255 /* bytes of a name */

#define OCEAN_CREATE_MAX 10       /* droplets of one CREATE */
#define OCEAN_USER_DATA_MAX 65536 /* bytes */
#define OCEAN_MEMBERS_MAX 100

/*
 * What CREATE makes: n_names droplets that differ in their name only. Read by ocean_start, not needed after it.
 * The project is assigned afterwards (PROJECT_ASSIGN).
 */
struct ocean_create {
	const char *const *names; /* host names, 1 to OCEAN_CREATE_MAX */
	size_t n_names;
	const char *
		request_tag; /* must be there and unique: by it the droplets are found after a lost answer */
	const char *region; /* NULL: DigitalOcean chooses */
	const char *size;
	uint64_t image_id;      /* either */
	const char *image_slug; /* or */
	const uint64_t
		*key_ids; /* none: DigitalOcean mails a root password to the account's owner */
	size_t n_key_ids;
	const char *const *tags;
	size_t n_tags;
	const char *user_data;      /* NULL: none; cannot be read back */
	const char *vpc;            /* UUID; NULL: the region's default */
	const char *const *volumes; /* UUIDs, with one name only */
	size_t n_volumes;
	bool backups;
	struct ocean_backup_policy backup; /* with backups; plan NONE: DigitalOcean's choice */
	bool ipv6, monitoring;
};

enum ocean_metric {
	OCEAN_METRIC_NONE = 0,
	OCEAN_CPU,
	OCEAN_MEMORY_FREE,
	OCEAN_MEMORY_AVAILABLE,
	OCEAN_MEMORY_TOTAL,
	OCEAN_DISK_FREE,
	OCEAN_DISK_SIZE,
	OCEAN_LOAD_1,
	OCEAN_LOAD_5,
	OCEAN_LOAD_15,
	OCEAN_PUBLIC_IN,
	OCEAN_PUBLIC_OUT,
	OCEAN_PRIVATE_IN,
	OCEAN_PRIVATE_OUT,
	OCEAN_METRIC_COUNT,
};

struct ocean_metric_ask {
	enum ocean_metric metric;
	int64_t from_s, to_s; /* wall; from before to */
};

struct ocean; /* one DigitalOcean account */

/*
 * The asynchronous call: caller-owned, embed it in what waits. Times out by itself; is retried inside only where a
 * retry is safe (GET; anything that provably never left; 429 that fits the deadline).
 */
struct ocean_call {
	/* set by the caller */
	enum ocean_verb verb;
	enum tier
		max_tier; /* of the decision: a verb that needs a stronger token is refused here too (ERR_DENIED) */
	bool interactive; /* a person waits: may use the reserve of the rate budget */
	uint64_t droplet_id, action_id, image_id;
	const char *act; /* ACT: "reboot", "power_on", ...: static */
	const char *key; /* the tag, UUID or address that a verb is about; lives until done */
	union {          /* by the verb; zeroed is fine where the verb takes none */
		struct ocean_act_args args; /* ACT */
		enum ocean_images images;   /* IMAGES */
		struct ocean_ids
			members; /* droplets, 1 to OCEAN_MEMBERS_MAX; read by ocean_start */
		struct {         /* DESTROY_WITH; read by ocean_start */
			const struct ocean_associated *list;
			size_t n;
		} with;
		const struct ocean_create *create;
		struct ocean_metric_ask metric;
		unsigned page; /* ACTIONS: from 1 */
	};
	/*
	 * Exactly once, from the loop, never before ocean_start returns, also on cancel; the call may be freed in it. err
	 * NULL: the results are there. Kinds: NETWORK (never sent), UNKNOWN (a change was sent, no answer),
	 * TIMEOUT, NOTFOUND (404), CONFLICT (422 pending event / locked), LIMIT (429), DENIED (401, 403, tier), REMOTE (other),
	 * CANCELED, USAGE (it names too little, or what makes no sense; nothing was sent). The sentence carries DigitalOcean's request id where there was one.
	 */
	void (*done)(struct ocean_call *, const struct err *err);
	void *data;

	/* results; pointers live until done returns */
	const struct droplet *droplets; /* LIST: all; GET: one */
	size_t n_droplets;
	uint64_t
		list_turn; /* LIST: two that have the same one, not 0, say the same of the same droplets */
	const struct ocean_action *actions; /* ACT, ACTION: one; DROPLET_ACTIONS: newest first */
	size_t n_actions;
	const struct ocean_account *account;
	size_t n_things;
	union { /* n_things of them, by the verb; NULL when there are none */
		const void *things;
		const struct ocean_size *sizes;
		const struct ocean_region *regions;
		const struct ocean_image *image_list;
		const struct ocean_key *keys;
		const struct ocean_saved *saved;
		const struct ocean_balance *balance;
		const struct ocean_backups *backups;
		const struct ocean_associated *associated;
		const struct ocean_destruction *destruction;
		const struct ocean_tag *tags;
		const struct ocean_volume *volumes;
		const struct ocean_ip *ips;
		const struct ocean_firewall *firewalls;
		const struct ocean_load_balancer *load_balancers;
		const struct ocean_domain *domains;
		const struct ocean_project *projects;
		const struct ocean_resource *resources;
		const struct ocean_vpc *vpcs;
		const struct ocean_series *series;
	};
	bool tags_known; /* LIST, GET: the token was proven to see tags */
	int64_t ahead_ms; /* DigitalOcean's clock before ours, by its Date header (whole seconds); 0: it gave none */
	void *internal;
};

struct ocean_ops {
	void (*start)(struct ocean *, struct ocean_call *);
	void (*cancel)(struct ocean *, struct ocean_call *); /* done comes at the next turn */
	void (*close)(struct ocean *); /* calls back what is under way; frees */
	int64_t (*wait_ms)(const struct ocean *, enum tier tier,
			   bool interactive);            /* NULL: it never waits */
	bool (*spare)(const struct ocean *, unsigned n); /* NULL: never */
};

/* Embedded first in each implementation. */
struct ocean {
	const struct ocean_ops *ops;
	const char *name; /* the account's name in the policy file */
};

static inline void ocean_start(struct ocean *ocean, struct ocean_call *call)
{
	ocean->ops->start(ocean, call);
}

static inline void ocean_cancel(struct ocean *ocean, struct ocean_call *call)
{
	ocean->ops->cancel(ocean, call);
}

/* What those who keep the bot should hear of a token. */
enum ocean_news_kind {
	OCEAN_NEWS_FINE,    /* refreshed, or well again */
	OCEAN_NEWS_TROUBLE, /* it works, and will not for ever: something is to be mended */
	OCEAN_NEWS_LOST,    /* no request with it can succeed, or none after the next start */
};

struct ocean_news {
	enum ocean_news_kind kind;
	const char *account;
	const char *what; /* a sentence, without a secret */
	const char *more; /* what to do; NULL: nothing */
};

/* What a token said of itself. */
struct ocean_token_seen {
	const char *account;
	bool serves[TIER_DESTROY +
		    1]; /* which tiers' requests it carries, if they are the weakest */
	const char *
		scope; /* words; "": not known. "read" and "write" stand for all that read, and for all */
	int64_t left_s;        /* until it ends; -1: not known, or never */
	bool refreshes;        /* a sign-in: it is refreshed before that */
	const struct err *err; /* why nothing is known; NULL: it answered */
};

/* For how long DigitalOcean's rate limit now keeps back a request of this tier (interactive: a person waits); 0: it does not. */
static inline int64_t ocean_wait_ms(const struct ocean *ocean, enum tier tier, bool interactive)
{
	return ocean->ops->wait_ms != NULL ? ocean->ops->wait_ms(ocean, tier, interactive) : 0;
}

/*
 * May n requests more be spent on telling people sooner? They come from what work behind may use of this minute and this hour.
 */
static inline bool ocean_spare(const struct ocean *ocean, unsigned n)
{
	return ocean->ops->spare != NULL && ocean->ops->spare(ocean, n);
}

struct ocean_options {
	const char *name; /* "main" */
	const char *url;  /* NULL: https://api.digitalocean.com; path is /v2/... */
	const char *
		oauth_url; /* NULL: https://cloud.digitalocean.com/v1/oauth, or /v1/oauth at a url that is given */
	const char *tokens
		[TIER_DESTROY +
		 1]; /* by tier: specs for secret_load, or "oauth:/FILE"; NULL where there is none */
	void (*news)(void *data, const struct ocean_news *); /* from the loop; NULL: nobody hears */
	void (*seen)(
		void *data,
		const struct ocean_token_seen *); /* of each token, daily; NULL: none is asked */
	int64_t look_ms;                          /* when first; 0: 2 s */
	bool passive; /* a sign-in is used as it is found, never refreshed: for those who only look */
	void *news_data; /* of both */
	const char *ca_file;
	const char *proxy;
	int64_t connect_ms; /* of each request; 0: 10 s */
	int64_t timeout_ms; /* of each request, all of it; 0: 30 s */
	int64_t per_minute; /* requests of one token that DigitalOcean takes; 0: 250, the usual limit */
};

/* http:// is taken for the machine's own addresses only: the token would be readable on the way. */
struct ocean *ocean_http_open(struct loop *loop, const struct ocean_options *options,
			      struct err *err);
void ocean_close(struct ocean *ocean); /* NULL is fine */

/* How many answers to refreshes of OAuth tokens are awaited in this process: ending now could lose a sign-in. */
unsigned ocean_refreshes_pending(void);

#endif
