/* input.h - what the commands read whole: a file, a pipe, or the standard input, which is called "-" */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/strbuf.h"

/*
 * Adds all of it to `text`, whose bound is the most that there may be (whole KiB). -1 with a sentence that has the path in it.
 * *ret_stat (NULL is fine): of what was read.
 */
int input_read(const char *path, struct strbuf *text, struct stat *ret_stat, struct err *err);

/* Is "-" given more than once? It can be read once. NULL among the paths is fine. */
bool input_twice(const char *const *paths, size_t n);
#define INPUT_TWICE "only one of them can be the standard input (\"-\")"

#endif
