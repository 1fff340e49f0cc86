/* qr.c - libqrencode's matrix in half-block characters (the only file with qrencode.h) */
#include "cli/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdbool.h>
#include <string.h>

#define MARGIN 4 /* what the standard wants around it */

static bool is_dark(const QRcode *code, int x, int y)
{
	if (x < 0 || y < 0 || x >= code->width || y >= code->width) {
		return false;
	}
	return (code->data[y * code->width + x] & 1) != 0;
}

int qr_print(const char *text, struct strbuf *out, struct err *err)
{
	/* by upper and lower half: light light, light dark, dark light, dark dark */
	static const char *const blocks[] = {" ", "\xe2\x96\x84", "\xe2\x96\x80", "\xe2\x96\x88"};
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);

	if (code == NULL) {
		return err_set(err, ERR_LIMIT, "cannot draw the QR code: %s", strerror(errno));
	}
	for (int y = -MARGIN; y < code->width + MARGIN; y += 2) {
		(void)strbuf_adds(out, "\x1b[30;47m");
		for (int x = -MARGIN; x < code->width + MARGIN; x++) {
			(void)strbuf_adds(
				out, blocks[2 * is_dark(code, x, y) + is_dark(code, x, y + 1)]);
		}
		(void)strbuf_adds(out, "\x1b[0m\n");
	}
	explicit_bzero(code->data, (size_t)code->width * (size_t)code->width);
	QRcode_free(code);
	return 0;
}
