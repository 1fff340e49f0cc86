/* fuzz_code.c - whatever is typed as a code, only six digits with nothing else are one; whatever a secret is, it fits its room */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "code/code.h"
#include "code/totp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void typed(const char *text)
{
	bool like = codes_like(text);
	size_t digits = 0;

	for (const char *c = text; *c != '\0'; c++) {
		digits += *c >= '0' && *c <= '9';
		if (like && *c > ' ' && *c < 0x7f && (*c < '0' || *c > '9')) {
			abort();
		}
	}
	if (like && digits != TOTP_DIGITS) {
		abort();
	}
}

/* What is read as a key is the same key when it is written our way. */
static void secret(const char *text)
{
	char again[TOTP_BASE32_SIZE(TOTP_KEY_MAX)];
	struct totp_key one;
	struct totp_key two;
	struct err err = {0};

	if (setenv("FUZZ_CODE", text, 1) != 0 || totp_load("env:FUZZ_CODE", &one, &err) < 0) {
		return;
	}
	if (one.len < TOTP_KEY_MIN || one.len > TOTP_KEY_MAX) {
		abort();
	}
	totp_base32(one.bytes, one.len, again);
	if (setenv("FUZZ_CODE", again, 1) != 0 || totp_load("env:FUZZ_CODE", &two, &err) < 0 ||
	    one.len != two.len || memcmp(one.bytes, two.bytes, one.len) != 0) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_strndup((const char *)data, size < 512 ? size : 512);

	typed(text);
	secret(text);
	free(text);
	return 0;
}
