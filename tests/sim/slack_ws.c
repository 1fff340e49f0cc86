/* slack_ws.c - WebSocket frames, the server's side: what a client sends is masked, what we send is not */
#include "sim/slack_ws.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The length field and where it ends; 0: more must come. */
static size_t read_length(const unsigned char *b, size_t len, uint64_t *ret)
{
	size_t more = (b[1] & 0x7f) == 126 ? 2 : (b[1] & 0x7f) == 127 ? 8 : 0;

	if (len < 2 + more) {
		return 0;
	}
	*ret = more == 0 ? (uint64_t)(b[1] & 0x7f) : 0;
	for (size_t i = 0; i < more; i++) {
		*ret = *ret << 8 | b[2 + i];
	}
	return 2 + more;
}

long ws_read(char *bytes, size_t len, struct ws_frame *ret)
{
	unsigned char *b = (unsigned char *)bytes;
	uint64_t size;
	size_t at;

	if (len < 2) {
		return 0;
	}
	if ((b[1] & 0x80) == 0 ||
	    (b[0] & 0x70) != 0) { /* not masked, or an extension that nobody agreed on */
		return -1;
	}
	at = read_length(b, len, &size);
	if (at == 0) {
		return 0;
	}
	if (size > WS_MAX_FRAME) {
		return -1;
	}
	if (len < at + 4 + size) {
		return 0;
	}
	for (size_t i = 0; i < size; i++) {
		b[at + 4 + i] ^= b[at + (i & 3)];
	}
	ret->opcode = (enum ws_opcode)(b[0] & 0x0f);
	ret->fin = (b[0] & 0x80) != 0;
	ret->data = bytes + at + 4;
	ret->len = (size_t)size;
	return (long)(at + 4 + size);
}

void ws_write(struct strbuf *out, enum ws_opcode opcode, bool fin, const void *data, size_t len)
{
	unsigned char head[10] = {(unsigned char)((fin ? 0x80 : 0) | (int)opcode)};
	size_t n = 2;

	if (len < 126) {
		head[1] = (unsigned char)len;
	} else {
		size_t width = len < 65536 ? 2 : 8;

		head[1] = width == 2 ? 126 : 127;
		for (size_t i = 0; i < width; i++) {
			head[n++] = (unsigned char)((uint64_t)len >> (8 * (width - 1 - i)));
		}
	}
	(void)strbuf_add(out, head, n);
	(void)strbuf_add(out, data, len);
}

void ws_accept(const char *key, char ret[32])
{
	char text[160];
	unsigned char hash[SHA_DIGEST_LENGTH];
	int n = snprintf(text, sizeof(text), "%.100s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);

	(void)SHA1((const unsigned char *)text, (size_t)n, hash);
	(void)EVP_EncodeBlock((unsigned char *)ret, hash, sizeof(hash));
}
