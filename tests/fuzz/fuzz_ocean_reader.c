/* fuzz_ocean_reader.c - DigitalOcean's lists of things: the first byte chooses the kind, the rest is the answer */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "ocean/answer.h"
#include "ocean/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct thing *const things[] = {
	&thing_size,   &thing_region,     &thing_image,      &thing_key, &thing_saved,
	&thing_backup, &thing_tag,        &thing_volume,     &thing_ip,  &thing_firewall,
	&thing_domain, &thing_project,    &thing_resource,   &thing_vpc, &thing_load_balancer,
	&thing_series, &thing_associated, &thing_destruction};
static const struct thing *const singles[] = {&thing_image_one, &thing_balance, &thing_backups};

static void as_actions(const char *body, size_t len)
{
	struct ocean_action *actions = NULL;
	size_t n = 0;

	if (answer_links(body, len, &actions, &n, NULL) == 0) {
		assert(n <= OCEAN_ACTIONS_MAX);
		free(actions);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader reader = {0};
	struct ocean_page page = {0};
	const char *body = (const char *)data + 1;
	size_t which;

	if (size == 0) {
		return 0;
	}
	which = data[0] % (ARRAY_LEN(things) + ARRAY_LEN(singles) + 1);
	if (which < ARRAY_LEN(things)) {
		/* twice, as two pages: nothing comes a second time, except where nothing names it */
		int rc = reader_page(&reader, things[which], body, size - 1, &page, NULL);
		size_t n = reader.n;

		if (rc == 0 && things[which]->whole == NULL) {
			assert(reader_page(&reader, things[which], body, size - 1, &page, NULL) ==
			       0);
			assert(reader.n == n);
		}
		assert(reader.n <= OCEAN_THINGS_MAX && page.next <= OCEAN_PAGES_MAX);
	} else if (which < ARRAY_LEN(things) + ARRAY_LEN(singles)) {
		(void)reader_one(&reader, singles[which - ARRAY_LEN(things)], body, size - 1, NULL);
	} else {
		as_actions(body, size - 1);
	}
	reader_done(&reader);
	return 0;
}
