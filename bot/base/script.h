/* script.h - text that is not what it looks like: bad UTF-8, control, bidi and invisible characters,
 * words that mix alphabets
 *
 * Debian's library for this (ICU's uspoof) costs 30 MB of data; the plain ranges are enough for a file
 * whose words are compared with ASCII tags and names.
 */
#ifndef BASE_SCRIPT_H
#define BASE_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

enum script_problem {
	SCRIPT_FINE = 0,
	SCRIPT_INVALID,   /* no UTF-8 */
	SCRIPT_CONTROL,   /* C0 (line ends are fine), DEL, C1, Unicode line ends */
	SCRIPT_BIDI,      /* turns the direction of the text */
	SCRIPT_INVISIBLE, /* zero width, soft hyphen, a byte order mark inside */
	SCRIPT_MIXED,     /* one word with letters of two alphabets that look alike */
};

/* One character at text[0..len); its bytes are returned, 0 when it is no UTF-8 (overlong, surrogate, cut). */
size_t script_next(const char *text, size_t len, uint32_t *ret_char);

/* SCRIPT_FINE, or the first of INVALID, CONTROL, BIDI, INVISIBLE and where it is. */
enum script_problem script_check(const char *text, size_t len, size_t *ret_offset);

/* SCRIPT_FINE or SCRIPT_MIXED and where the second alphabet begins. The text must have passed script_check. */
enum script_problem script_check_words(const char *text, size_t len, size_t *ret_offset);

/* "turns the direction of the text (bidi control)" */
const char *script_problem_text(enum script_problem problem);

#endif
