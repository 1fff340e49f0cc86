/* httpd.h - a small listener: health and metrics now, webhooks later
 *
 * GET and POST, answers built in one go, bodies up to 64 KiB, 64 connections, deadlines on reading.
 */
#ifndef LOOP_HTTPD_H
#define LOOP_HTTPD_H

#include "base/strbuf.h"
#include "loop/loop.h"

struct httpd;

struct httpd_answer {
	int status;               /* 200 unless set */
	const char *content_type; /* static; "text/plain; charset=utf-8" unless set */
	struct strbuf body;
};

struct httpd_options {
	const char *listen; /* "127.0.0.1:9464", "[::1]:9464"; port 0: any */
	/* Called on the loop for each whole request; fill answer. path has no query. */
	void (*handle)(const char *method, const char *path, const char *query,
		       struct httpd_answer *answer, void *data);
	void *data;
};

struct httpd *httpd_open(struct loop *loop, const struct httpd_options *options, struct err *err);
int httpd_port(const struct httpd *httpd);
void httpd_close(struct httpd *httpd); /* NULL is fine */

#endif
