/* mem.h - allocation that aborts when there is no memory
 *
 * Whatever comes from outside passes a decoder or a strbuf with a maximum first, so running out
 * is a programming error and not an input.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);           /* zeroed */
void *mem_array(size_t n, size_t size); /* zeroed, n * size checked */
void *mem_grow(void *old, size_t n,
	       size_t size);     /* realloc to n * size, checked; the new part is not zeroed */
char *mem_strdup(const char *s); /* NULL stays NULL */
char *mem_strndup(const char *s, size_t n);

/*
 * Zeroed like mem_alloc, for a table that fills up later or never: each page of it takes memory from when something is written
 * to it. In the heap all of them would at once, because what was in use there before has to be zeroed.
 */
void *mem_table(size_t size);
void mem_table_free(void *table, size_t size); /* as it was made; NULL is fine */

/* Gives the free pages of the heap back to the system, after work that needed much at once. Takes a moment: not often. */
void mem_trim(void);

/* The same, where the program is more than 2 MiB larger than after the last time. Cheap: for a round of every few
 * seconds. Both are for the loop's thread. */
void mem_trim_grown(void);

#endif
