/* child.c - one program, its standard input and its standard output, over libuv
 *
 * Happy path: spawn -> the input is written and its pipe closed -> the output is read to its end -> the program ends with 0 ->
 * the handles are closed -> done().
 *
 * Failure modes: it cannot be started (no such program, no process left); it does not read its input (EPIPE: its end
 * decides); it writes too much, never ends or is canceled (killed with all that it started); it ends while something that it
 * started holds the output open (the deadline ends that wait). The first trouble is the one that is told.
 */
#include "loop/child.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "loop/internal.h"

#define TIMEOUT_DEFAULT_MS 3000
#define CHUNK_BYTES 16384
#define CLOSE_ON_EXEC 4U /* CLOSE_RANGE_CLOEXEC, which older headers lack */

struct run {
	struct list link; /* in the loop's children */
	struct loop *loop;
	struct child *child;
	uv_process_t process;
	uv_pipe_t in, out;
	uv_write_t write;
	unsigned n_open; /* handles */
	struct timer deadline;
	struct task virtual_end;
	struct strbuf output;
	struct err trouble;
	bool exited;    /* and reaped, or never started */
	bool out_ended; /* nothing more is read */
	char chunk[CHUNK_BYTES];
};

static void finish(struct run *run)
{
	struct child *child = run->child;
	bool good = run->trouble.kind == ERR_NONE;

	timer_stop(&run->deadline);
	list_remove(&run->link);
	child->internal = NULL;
	child->output = good ? run->output.buf : "";
	child->output_len = good ? run->output.len : 0;
	child->done(child, good ? NULL : &run->trouble); /* may free it */
	strbuf_done(&run->output);
	free(run);
}

static void on_closed(uv_handle_t *handle)
{
	struct run *run = handle->data;

	if (--run->n_open == 0) {
		finish(run);
	}
}

static void shut(uv_handle_t *handle)
{
	if (!uv_is_closing(handle)) {
		uv_close(handle, on_closed);
	}
}

static void settle(struct run *run)
{
	if (run->exited && run->out_ended) {
		shut((uv_handle_t *)&run->in);
		shut((uv_handle_t *)&run->out);
		shut((uv_handle_t *)&run->process);
	}
}

/* The first trouble counts. What was started is killed; its end is still waited for. */
static void stop(struct run *run, enum err_kind kind, const char *why)
{
	if (run->trouble.kind == ERR_NONE) {
		(void)err_set(&run->trouble, kind, "program \"%.100s\" %s", run->child->argv[0],
			      why);
	}
	if (!run->exited) {
		(void)kill(-run->process.pid, SIGKILL);
	}
	run->out_ended = true;
	shut((uv_handle_t *)&run->in);
	shut((uv_handle_t *)&run->out);
	settle(run);
}

static void on_deadline(struct timer *timer)
{
	stop(timer->data, ERR_TIMEOUT, "did not end in time");
}

static void on_exit_of(uv_process_t *process, int64_t status, int signal_number)
{
	struct run *run = process->data;

	run->exited = true;
	if (run->trouble.kind == ERR_NONE && signal_number != 0) {
		(void)err_set(&run->trouble, ERR_REMOTE,
			      "program \"%.100s\" was ended by signal %d", run->child->argv[0],
			      signal_number);
	} else if (run->trouble.kind == ERR_NONE && status != 0) {
		(void)err_set(&run->trouble, ERR_REMOTE, "program \"%.100s\" ended with status %d",
			      run->child->argv[0], (int)status);
	}
	settle(run);
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_buf)
{
	struct run *run = handle->data;

	(void)wanted;
	*ret_buf = uv_buf_init(run->chunk, sizeof(run->chunk));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct run *run = stream->data;

	if (n < 0) {
		run->out_ended = true;
		shut((uv_handle_t *)stream);
		settle(run);
	} else if (strbuf_add(&run->output, buf->base, (size_t)n) < 0) {
		stop(run, ERR_LIMIT, "writes too much");
	}
}

static void on_written(uv_write_t *write, int status)
{
	struct run *run = write->data;

	(void)status; /* whoever does not want all of it has read what is needed */
	shut((uv_handle_t *)&run->in);
}

static int spawn(struct run *run)
{
	static const char *const environment[] = {"LC_ALL=C", "PATH=/usr/bin:/bin", NULL};
	uv_stdio_container_t stdio[3] = {
		{.flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
		 .data.stream = (uv_stream_t *)&run->in},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		 .data.stream = (uv_stream_t *)&run->out},
		{.flags = UV_IGNORE},
	};
	const uv_process_options_t options = {
		.exit_cb = on_exit_of,
		.file = run->child->argv[0],
		.args = (char **)run->child->argv, /* libuv does not write to them */
		.env = (char **)environment,
		.cwd = "/",
		.flags = UV_PROCESS_DETACHED,
		.stdio_count = 3,
		.stdio = stdio,
	};

	/* Whatever a library opened without O_CLOEXEC stays ours; an old kernel has only libuv's way, which looks at the
	 * first descriptors. */
	if (syscall(SYS_close_range, 3U, ~0U, CLOSE_ON_EXEC) != 0) {
		uv_disable_stdio_inheritance();
	}
	return uv_spawn(&run->loop->uv, &run->process, &options);
}

static void start_real(struct run *run)
{
	const struct child *child = run->child;
	uv_buf_t input = uv_buf_init((char *)child->input, (unsigned)child->input_len);
	int rc;

	(void)uv_pipe_init(&run->loop->uv, &run->in, 0);
	(void)uv_pipe_init(&run->loop->uv, &run->out, 0);
	run->in.data = run;
	run->out.data = run;
	run->process.data = run;
	run->write.data = run;
	run->n_open = 3;
	rc = spawn(run);
	if (rc != 0) {
		run->exited = true;
		(void)err_set(&run->trouble, rc == UV_ENOENT ? ERR_NOTFOUND : ERR_LIMIT,
			      "program \"%.100s\" cannot be started: %s", child->argv[0],
			      uv_strerror(rc));
		stop(run, ERR_LIMIT, "cannot be started");
		return;
	}
	timer_start(&run->deadline, child->timeout_ms > 0 ? child->timeout_ms : TIMEOUT_DEFAULT_MS);
	if (uv_read_start((uv_stream_t *)&run->out, on_room, on_read) != 0) {
		stop(run, ERR_LIMIT, "cannot be read");
	} else if (child->input_len == 0 ||
		   uv_write(&run->write, (uv_stream_t *)&run->in, &input, 1, on_written) != 0) {
		shut((uv_handle_t *)&run->in);
	}
}

static void on_virtual_end(struct task *task)
{
	finish(task->data);
}

/* Called by loop_free: whoever still waits is told. */
static void end_all(struct loop *loop)
{
	LIST_FOREACH(it, &loop->children)
	{
		stop(LIST_ENTRY(it, struct run, link), ERR_CANCELED, "was stopped: the bot ends");
	}
}

void child_start(struct loop *loop, struct child *child)
{
	struct run *run = mem_alloc(sizeof(*run));

	assert(strchr(child->argv[0], '/') != NULL && child->input_len <= INT32_MAX);
	run->loop = loop;
	run->child = child;
	child->internal = run;
	strbuf_init(&run->output, child->output_max);
	timer_init(&run->deadline, loop, on_deadline, run);
	list_append(&loop->children, &run->link);
	if (loop->is_virtual) {
		(void)err_set(&run->trouble, ERR_NOTFOUND,
			      "program \"%.100s\" cannot be started here", child->argv[0]);
		task_init(&run->virtual_end, loop, on_virtual_end, run);
		task_post(&run->virtual_end);
		return;
	}
	loop->children_end = end_all;
	start_real(run);
}

void child_cancel(struct child *child)
{
	struct run *run = child->internal;

	if (run != NULL && !run->loop->is_virtual) {
		stop(run, ERR_CANCELED, "was stopped");
	} else if (run != NULL) {
		(void)err_set(&run->trouble, ERR_CANCELED, "program \"%.100s\" was stopped",
			      child->argv[0]);
	}
}
