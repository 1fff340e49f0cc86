/* traffic.c - what a simulator was asked and what it said, in files
 *
 * Happy path: the first of its kind is written whole, the rest of its kind is counted.
 * Failure modes: no file can be opened: nothing is kept, and sim/traffic misses it. More than FILE_MOST bytes: {"cut":N} takes the
 * place of the rest, and sim/traffic fails.
 */
#include "sim/traffic.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"

#define FILE_MOST (INT64_C(256) << 20)
#define LONG_DIGITS 5 /* ids, times, amounts: their digits are no difference */
#define TIME_LEN 20   /* 2026-01-13T03:00:00Z */

/* Text as one line of JSON, or null when it is none. */
static void add_raw(struct strbuf *out, const char *text, size_t len)
{
	struct json *json = len > 0 ? json_parse(text, len, NULL) : NULL;

	if (json == NULL) {
		(void)strbuf_adds(out, "null");
		return;
	}
	json_free(json);
	for (size_t i = 0; i < len; i++) {
		(void)strbuf_addch(out, text[i] == '\n' || text[i] == '\r' ? ' ' : text[i]);
	}
}

static bool looks_whole(enum fault_kind kind)
{
	return kind == FAULT_NONE || kind == FAULT_SLOW || kind == FAULT_LIST_SHIFTS ||
	       kind >= FAULT_ACTION_ERRORS;
}

void sim_traffic_write(FILE *file, int64_t now_ms, const struct sim_request *request,
		       const struct sim_answer *answer)
{
	const struct sim_reply *reply = &answer->reply;
	struct strbuf line;

	if (file == NULL) {
		return;
	}
	strbuf_init(&line, 2 * SIM_MAX_BODY);
	(void)strbuf_addf(&line, "{\"t\":%" PRId64 ",\"method\":", now_ms);
	json_add_string(&line, request->method);
	(void)strbuf_adds(&line, ",\"path\":");
	json_add_string(&line, request->path);
	(void)strbuf_addf(&line, ",\"status\":%d,\"req\":", reply->status);
	add_raw(&line, request->body, request->body_len);
	(void)strbuf_adds(&line, ",\"resp\":");
	add_raw(&line, reply->body.buf, reply->body.len);
	if (answer->fault != FAULT_NONE) {
		(void)strbuf_addf(&line, ",\"fault\":\"%s\"", fault_word(answer->fault));
	}
	if (!looks_whole(answer->fault)) {
		(void)strbuf_adds(&line, ",\"injected\":true");
	}
	if (reply->refused) {
		(void)strbuf_adds(&line, ",\"refusal_expected\":true");
	}
	(void)strbuf_adds(&line, "}\n");
	(void)fwrite(line.buf, 1, line.len, file);
	(void)fflush(file);
	strbuf_done(&line);
}

/* ---- each kind once -------------------------------------------------------------------------- */

static struct {
	bool opened;
	FILE *file; /* until the process ends */
	uint64_t *seen;
	size_t n_seen, size; /* size: a power of two, or 0 */
	uint64_t same, same_written;
} traffic;

static uint64_t mix(uint64_t hash, unsigned char byte)
{
	return (hash ^ byte) * UINT64_C(0x100000001b3); /* FNV-1a */
}

static size_t digits(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] >= '0' && text[n] <= '9') {
		n++;
	}
	return n;
}

static bool is_time(const char *text, size_t len)
{
	return len >= TIME_LEN && text[4] == '-' && text[7] == '-' && text[10] == 'T' &&
	       text[TIME_LEN - 1] == 'Z';
}

static uint64_t mix_text(uint64_t hash, const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = digits(text + i, len - i);
		size_t blank = n == 4 && is_time(text + i, len - i) ? TIME_LEN
			       : n >= LONG_DIGITS                   ? n
								    : 0;

		for (size_t k = 0; k < blank; k++) {
			hash = mix(hash, '#');
		}
		n = n > 0 && blank == 0 ? n : blank == 0 ? 1 : 0;
		for (size_t k = 0; k < n; k++) {
			hash = mix(hash, (unsigned char)text[i + k]);
		}
		i += blank + n;
	}
	return mix(hash, '\0');
}

static uint64_t kind_of(const struct sim_request *request, const struct sim_answer *answer)
{
	const struct sim_reply *reply = &answer->reply;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	hash = mix_text(hash, request->method, strlen(request->method));
	hash = mix_text(hash, request->path, strlen(request->path));
	hash = mix_text(hash, request->body != NULL ? request->body : "", request->body_len);
	hash = mix_text(hash, reply->body.buf != NULL ? reply->body.buf : "", reply->body.len);
	hash = mix(hash, (unsigned char)(reply->status / 100));
	hash = mix(hash, (unsigned char)(reply->status % 100));
	hash = mix(hash, (unsigned char)answer->fault);
	return mix(hash, reply->refused ? 1 : 0) | 1; /* 0: an empty place */
}

/* False: it is there already. */
static bool put(uint64_t *places, size_t size, uint64_t kind)
{
	size_t at = (size_t)(kind >> 8) & (size - 1);

	while (places[at] != 0 && places[at] != kind) {
		at = (at + 1) & (size - 1);
	}
	if (places[at] == kind) {
		return false;
	}
	places[at] = kind;
	return true;
}

static bool is_new(uint64_t kind)
{
	if (2 * (traffic.n_seen + 1) > traffic.size) {
		size_t size = traffic.size > 0 ? 2 * traffic.size : 1024;
		uint64_t *places = mem_array(size, sizeof(*places));

		for (size_t i = 0; i < traffic.size; i++) {
			if (traffic.seen[i] != 0) {
				(void)put(places, size, traffic.seen[i]);
			}
		}
		free(traffic.seen);
		traffic.seen = places;
		traffic.size = size;
	}
	if (!put(traffic.seen, traffic.size, kind)) {
		return false;
	}
	traffic.n_seen++;
	return true;
}

static FILE *file_of_process(void)
{
	const char *folder = getenv("SIM_TRAFFIC_DIR");
	char path[4096];
	int fd;

	if (traffic.opened) {
		return traffic.file;
	}
	traffic.opened = true;
	if (folder == NULL || *folder == '\0' ||
	    (size_t)snprintf(path, sizeof(path), "%s/%ld.jsonl", folder, (long)getpid()) >=
		    sizeof(path)) {
		return NULL;
	}
	(void)mkdir(folder, 0755);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	traffic.file = fd >= 0 ? fdopen(fd, "a") : NULL;
	return traffic.file;
}

void sim_traffic_note(int64_t now_ms, const struct sim_request *request,
		      const struct sim_answer *answer)
{
	FILE *file = file_of_process();

	if (file == NULL) {
		return;
	}
	if (!is_new(kind_of(request, answer))) {
		traffic.same++;
	} else if (ftell(file) > FILE_MOST) {
		(void)fputs("{\"cut\":1}\n", file);
	} else {
		sim_traffic_write(file, now_ms, request, answer);
	}
}

void sim_traffic_count(void)
{
	if (traffic.file != NULL && traffic.same > traffic.same_written) {
		(void)fprintf(traffic.file, "{\"same\":%" PRIu64 "}\n",
			      traffic.same - traffic.same_written);
		(void)fflush(traffic.file);
		traffic.same_written = traffic.same;
	}
}
