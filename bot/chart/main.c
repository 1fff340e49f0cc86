/* main.c - sluice-chart: reads one request (chart/request.h) from standard input, writes a PNG to standard output
 *
 * A program of its own, so that the bot holds none of cairo's libraries and a mistake in them ends a child, not the bot.
 * Ends with 0, or with 1 and a sentence on standard error.
 */
#include <stdio.h>
#include <unistd.h>

#include "chart/draw.h"

static int put(const void *bytes, size_t len, void *data)
{
	return fwrite(bytes, 1, len, data) == len ? 0 : -1;
}

int main(void)
{
	static char bytes[CHART_REQUEST_MAX + 1]; /* one more, so that too long is seen */
	struct arena arena = {0};
	struct chart_request request;
	struct err err = {0};
	int rc = -1;
	size_t len = fread(bytes, 1, sizeof(bytes), stdin);

	if (ferror(stdin) != 0) {
		(void)err_set(&err, ERR_USAGE, "the chart's request cannot be read");
	} else if (chart_request_read(bytes, len, &arena, &request, &err) == 0 &&
		   chart_draw(&request, put, stdout, &err) == 0) {
		rc = fflush(stdout) == 0
			     ? 0
			     : err_set(&err, ERR_LIMIT, "the picture cannot be written");
	}
	if (rc < 0) {
		(void)fprintf(stderr, "sluice-chart: %s\n", err.msg);
	}
	arena_done(&arena);
	_exit(rc == 0 ? 0 : 1); /* fontconfig keeps memory that nobody can free from here */
}
