/* log.h - one structured line an event, on standard error: logfmt, or JSON by log_configure
 *
 *   log_line(LOG_INFO, "ocean.request", "method", "GET", "path", path, NULL);
 *
 * Keys and values are strings in turn, ended by NULL. Values pass a scrubber: whatever looks
 * like a token (dop_v1_, doo_v1_, dor_v1_, xoxb-, xapp-, Bearer ...) is printed as "[secret]".
 * Rooms below app return errors and log only at LOG_DEBUG, or state changes of links.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_configure(enum log_level least, bool json);

/* Where lines go instead of stderr; for tests. NULL puts stderr back. */
void log_redirect(void (*write)(const char *line, size_t len, void *data), void *data);

void log_line(enum log_level level, const char *event, ...) __attribute__((sentinel));

/* A number as text for log_line, in buf. Returns buf. */
#define LOG_NUMBER_SIZE 24
const char *log_number(int64_t n, char buf[LOG_NUMBER_SIZE]);

/* True when the text holds something that looks like a token: also used to refuse such input. */
bool log_looks_secret(const char *text);

#endif
