/* demo.c - believable accounts: the demo's fifteen droplets, and as many as a benchmark wants */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "sim/model.h"

static const char *const demo_lines[] = {
	"shop-web-1 id=402117731 cpu=34 memory=62 tags=prod,web project=shop size=s-2vcpu-4gb "
	"days=811 "
	"ip=203.0.113.7 firewall=web",
	"shop-db-1 id=402117732 cpu=47 memory=78 tags=prod,db,protected project=shop "
	"size=s-4vcpu-8gb days=811 "
	"backups=yes backup=shop-db-1-weekly snapshot=shop-db-1-before-upgrade volume=shop-data "
	"firewall=db",
	"z-web-1 id=418830164 cpu=12 memory=44 tags=prod,web,client:zenith project=shop "
	"size=s-1vcpu-2gb days=402",
	"z-db-1 id=418830207 tags=prod,db,client:zenith project=shop size=s-2vcpu-2gb status=off "
	"days=402",
	"o-web-1 id=425561902 tags=prod,web,client:orion region=fra1 size=s-1vcpu-2gb days=233 "
	"image=ubuntu-24-04-x64",
	"o-db-1 id=425561944 cpu=41 memory=71 tags=prod,db,client:orion region=fra1 "
	"size=s-2vcpu-4gb days=233 "
	"image=ubuntu-24-04-x64",
	"a-web-1 id=431902518 tags=prod,web,client:acorn region=nyc3 days=145",
	"a-db-1 id=431902519 tags=prod,db,client:acorn region=nyc3 size=s-2vcpu-2gb days=145",
	"blog-1 id=433007846 tags=prod,web project=blog region=fra1 image=ubuntu-22-04-x64 "
	"days=131",
	"web-1 id=440212003 cpu=28 memory=57 tags=prod,web project=shop size=s-2vcpu-2gb days=96",
	"web-2 id=440212017 tags=prod,web project=shop size=s-2vcpu-2gb days=96",
	"web-2 id=446650310 tags=staging,web project=shop region=fra1 days=21",
	"s-web-1 id=446650392 tags=staging,web project=shop region=fra1 size=s-1vcpu-2gb days=21",
	"dev-dora-1 id=451788125 tags=dev-dora region=fra1 image=debian-11-x64 agent=no days=9",
	"ml-gpu-1 id=452013377 tags=dev-ml,gpu region=nyc3 size=gpu-h100x1-80gb "
	"image=gpu-h100x1-base "
	"days=4",
};

static void must_add(struct sim *sim, const char *line)
{
	struct err err;
	int rc = sim_droplet_line(sim, line, &err);

	assert(rc == 0); /* our own lines */
	(void)rc;
}

static void add_tokens(struct sim *sim)
{
	(void)sim_add_token(sim, SIM_TOKEN_READ, "read", NULL);
	(void)sim_add_token(sim, SIM_TOKEN_CHANGE, "change", NULL);
	(void)sim_add_token(sim, SIM_TOKEN_ALL, "destroy", NULL);
}

void sim_demo_account(struct sim *sim)
{
	add_tokens(sim);
	for (size_t i = 0; i < ARRAY_LEN(demo_lines); i++) {
		must_add(sim, demo_lines[i]);
		sim->droplets[i]->lives = true;
	}
}

void sim_generated_account(struct sim *sim, size_t n_droplets)
{
	static const char *const roles[] = {"web", "db", "app", "cache", "worker"};
	static const char *const places[] = {"ams3", "fra1", "nyc3"};
	static const char *const clients[] = {"zenith", "orion", "acorn"};
	static const char *const sizes[] = {"s-1vcpu-1gb", "s-1vcpu-2gb", "s-2vcpu-4gb",
					    "s-4vcpu-8gb"};

	add_tokens(sim);
	if (sim->droplet_limit < n_droplets) {
		sim->droplet_limit = (unsigned)n_droplets;
	}
	for (size_t i = 0; i < n_droplets; i++) {
		char line[256];
		const char *role = roles[i % ARRAY_LEN(roles)];

		(void)snprintf(line, sizeof(line),
			       "%s-%04zu tags=%s,%s,client:%s region=%s size=%s status=%s days=%zu",
			       role, i + 1, i % 4 == 3 ? "staging" : "prod", role,
			       clients[i / 5 % ARRAY_LEN(clients)], places[i % ARRAY_LEN(places)],
			       sizes[i / 3 % ARRAY_LEN(sizes)], i % 17 == 16 ? "off" : "active",
			       900 - i % 900);
		must_add(sim, line);
	}
}
