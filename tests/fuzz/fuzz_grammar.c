/* fuzz_grammar.c - whatever is typed, the grammar neither crashes nor makes a command of what is none */
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "command/command.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool any_row(const struct command *row, void *data)
{
	(void)data;
	return row->answer != NULL || row->plan != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const own_names[] = {"sluice", NULL};
	char *text = mem_strndup((const char *)data, size);
	struct arena arena = {0};
	struct command_parse parse;
	struct err err = {0};
	const char *meant;
	enum command_fit fit = command_parse(text, own_names, &arena, &parse, &err);

	if (fit == FIT_COMMAND && (parse.row == NULL || parse.n_words > COMMAND_WORDS_MAX)) {
		abort();
	}
	if (fit == FIT_COMMAND && parse.row->takes == TAKES_TARGETS && parse.n_words == 0) {
		abort();
	}
	if (fit == FIT_USAGE && err.msg[0] == '\0') {
		abort();
	}
	(void)command_nearest(text, any_row, NULL);
	/* what is proposed is something that can be said */
	meant = parse.said != NULL ? command_meant(parse.said, any_row, NULL, &arena) : NULL;
	if (meant != NULL && command_parse(meant, NULL, &arena, &parse, &err) == FIT_NONE) {
		abort();
	}
	arena_done(&arena);
	free(text);
	return 0;
}
