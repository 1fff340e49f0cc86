/* init_ask.c - the questions of `sluice init`, on standard input and output */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/init.h"

#define LINE_BYTES 512

const char *init_ask(struct init *init, const char *question, const char *fallback)
{
	char line[LINE_BYTES];

	printf(fallback != NULL && *fallback != '\0' ? "%s [%s]: " : "%s: ", question, fallback);
	(void)fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL) {
		return NULL;
	}
	if (strchr(line, '\n') == NULL) { /* longer than any answer: what is left of it too */
		int c;

		while ((c = getchar()) != EOF && c != '\n') {
		}
		line[0] = '\0';
	}
	line[strcspn(line, "\r\n")] = '\0';
	if (line[strspn(line, " \t")] == '\0') {
		return fallback != NULL ? fallback : "";
	}
	return arena_strdup(&init->arena, line + strspn(line, " \t"));
}

const char *init_ask_fit(struct init *init, const char *question, const char *fallback,
			 bool (*fits)(const char *), const char *looks)
{
	for (int i = 0; i < INIT_TRIES; i++) {
		const char *answer = init_ask(init, question, fallback);

		if (answer == NULL) {
			puts("");
			return NULL;
		}
		if (fits(answer)) {
			return answer;
		}
		if (log_looks_secret(answer)) {
			puts("  That looks like a secret. I did not keep it; only its place goes "
			     "into "
			     "the file.");
		} else {
			printf("  It must look like %s.\n", looks);
		}
	}
	return NULL;
}

bool init_is_name(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return n > 0 && n <= 40 && text[n] == '\0' && text[0] >= 'a' && text[0] <= 'z';
}
