/* fuzz_ocean_decode.c - DigitalOcean's answers: the first byte chooses list or single and the size of the pieces */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "ocean/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ocean_builder builder = {0};
	struct ocean_page page = {0};
	struct ocean_decode *decode;
	size_t piece;
	int rc = 0;

	if (size == 0) {
		return 0;
	}
	piece = (size_t)(data[0] >> 1) + 1;
	decode = ocean_decode_new(&builder, "main", (data[0] & 1) != 0);
	for (size_t at = 1; at < size && rc == 0; at += piece) {
		size_t n = size - at < piece ? size - at : piece;

		rc = ocean_decode_feed(decode, (const char *)data + at, n, NULL);
	}
	rc = rc == 0 ? ocean_decode_end(decode, &page, NULL) : rc;
	ocean_decode_free(decode);
	for (size_t i = 0; rc == 0 && i < builder.n; i++) {
		const struct droplet *droplet = &builder.droplets[i];
		size_t at = 0;

		assert(droplet->id != 0 && ids_get(&builder.ids, droplet->id, &at) && at == i);
		assert((droplet->known & DROPLET_KNOWS_TAGS) != 0 || droplet->n_tags == 0);
		for (size_t k = 0; k < droplet->n_tags; k++) {
			assert(strlen(droplet->tags[k]) - 1 < OCEAN_TEXT_MAX);
		}
	}
	ocean_builder_done(&builder);
	return 0;
}
