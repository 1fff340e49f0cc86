/* paint.c - charts to a request, the request to sluice-chart, its answer to a picture
 *
 * Happy path: the request is written from the message's charts -> the program reads it and writes a PNG -> done. Failure modes: the
 * charts do not fit into a request (no picture); the program is not there, fails, is too slow or answers what is no PNG (no picture,
 * and a line in the log); nobody wants it any more (killed).
 */
#include "chart/paint.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/log.h"
#include "base/mem.h"
#include "chart/request.h"
#include "loop/child.h"

#define PICTURE_MAX (2U * 1024U * 1024U) /* bytes */

struct painter {
	struct post_painter hook;
	struct loop *loop;
	char *program;
	bool absent;
};

/* One picture; outlives its painter when it was canceled. */
struct painting {
	struct painter *painter;
	struct child child;
	const char *argv[2];
	struct arena arena;
	struct strbuf request;
	const char *alt;
	void (*done)(void *done_data, const struct chat_file *file); /* NULL: canceled */
	void *done_data;
};

static void painting_free(struct painting *painting)
{
	strbuf_done(&painting->request);
	arena_done(&painting->arena);
	free(painting);
}

static bool is_png(const char *bytes, size_t len)
{
	static const char signature[] = "\x89PNG\r\n\x1a\n";

	return len > sizeof(signature) && memcmp(bytes, signature, sizeof(signature) - 1) == 0;
}

static void complain(struct painter *painter, const char *why, enum err_kind kind)
{
	if (kind == ERR_NOTFOUND) {
		painter->absent = true;
		log_line(LOG_WARN, "chart.absent", "program", painter->program, "why",
			 "charts are shown as small bars", NULL);
	} else {
		log_line(LOG_WARN, "chart.failed", "why", why, NULL);
	}
}

static void on_child(struct child *child, const struct err *err)
{
	struct painting *painting = child->data;
	bool good = err == NULL && is_png(child->output, child->output_len);
	const struct chat_file file = {.bytes = child->output,
				       .len = child->output_len,
				       .name = "charts.png",
				       .alt = painting->alt};

	if (painting->done != NULL) {
		if (!good) {
			complain(painting->painter, err != NULL ? err->msg : "its answer is no PNG",
				 err != NULL ? err->kind : ERR_REMOTE);
		}
		painting->done(painting->done_data, good ? &file : NULL);
	}
	painting_free(painting);
}

/* "CPU: 12 % now, 96 % at most. Memory: ..."; false: a request does not hold them. */
static bool describe(const struct message *message, struct painting *painting)
{
	struct chart_request *request = arena_alloc(&painting->arena, sizeof(*request));
	struct err err = {0};

	painting->alt = "";
	for (size_t i = 0; i < message->n_blocks; i++) {
		const struct chart *chart = message->blocks[i].chart;

		if (message->blocks[i].kind != BLOCK_CHART) {
			continue;
		}
		if (request->n_panels == CHART_PANELS_MAX) {
			return false;
		}
		request->panels[request->n_panels] = *chart;
		request->panels[request->n_panels++].label =
			arena_printf(&painting->arena, "%s (times in UTC)", chart->label);
		painting->alt = arena_printf(&painting->arena, "%s%s%s: %s.", painting->alt,
					     *painting->alt != '\0' ? " " : "", chart->label,
					     chart->caption);
	}
	return chart_request_write(request, &painting->request, &err) == 0;
}

static void *paint(const struct post_painter *hook, const struct message *message,
		   void (*done)(void *done_data, const struct chat_file *file), void *done_data)
{
	struct painter *painter = CONTAINER_OF(hook, struct painter, hook);
	struct painting *painting;

	if (painter->absent) {
		return NULL;
	}
	painting = mem_alloc(sizeof(*painting));
	strbuf_init(&painting->request, CHART_REQUEST_MAX);
	if (!describe(message, painting)) {
		painting_free(painting);
		return NULL;
	}
	painting->painter = painter;
	painting->done = done;
	painting->done_data = done_data;
	painting->argv[0] = arena_strdup(&painting->arena, painter->program);
	painting->child = (struct child){.argv = painting->argv,
					 .input = painting->request.buf,
					 .input_len = painting->request.len,
					 .output_max = PICTURE_MAX,
					 .timeout_ms = POST_PICTURE_MS,
					 .done = on_child,
					 .data = painting};
	child_start(painter->loop, &painting->child);
	return painting;
}

static void cancel(void *data)
{
	struct painting *painting = data;

	painting->done = NULL;
	child_cancel(&painting->child);
}

struct painter *painter_new(struct loop *loop, const char *program)
{
	struct painter *painter = mem_alloc(sizeof(*painter));

	painter->hook = (struct post_painter){.start = paint, .cancel = cancel};
	painter->loop = loop;
	painter->program = mem_strdup(program);
	return painter;
}

const struct post_painter *painter_hook(struct painter *painter)
{
	return &painter->hook;
}

void painter_free(struct painter *painter)
{
	if (painter != NULL) {
		free(painter->program);
		free(painter);
	}
}
