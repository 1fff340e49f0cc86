/* report.h - what the checker found: collected while reading, sorted, the first 20 kept */
#ifndef POLICY_REPORT_H
#define POLICY_REPORT_H

#include "base/attr.h"
#include "base/yaml.h"
#include "policy/policy.h"

#define REPORT_FINDINGS_MAX 20

/* The text is borrowed until report_close, which copies the lines that findings stand in. */
void report_open(struct policy_report *report, const char *text, size_t len);
void report_close(struct policy_report *report);

/* Line and column from 1; line 0: about the file as a whole. Whatever looks like a secret is masked. */
void report_add(struct policy_report *report, bool warning, const char *code, unsigned line,
		unsigned column, const char *fmt, ...) ATTR_PRINTF(6, 7);

/* An error at a node. */
void report_error(struct policy_report *report, const char *code, const struct yaml_node *at,
		  const char *fmt, ...) ATTR_PRINTF(4, 5);

/* Is it in the table? Whatever is reported must be. */
bool report_knows(const char *code);

/* E020 for everything in the text that looks like a secret, comments included. */
void report_secrets(struct policy_report *report);

#endif
