/* arena.c - memory that is freed all at once */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BLOCK_BYTES 4096U

struct arena_block {
	struct arena_block *next;
	size_t cap;
	size_t len;
	alignas(max_align_t) unsigned char data[];
};

void arena_init(struct arena *arena)
{
	memset(arena, 0, sizeof(*arena));
}

void arena_done(struct arena *arena)
{
	struct arena_block *block = arena->head;

	while (block != NULL) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
	memset(arena, 0, sizeof(*arena));
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_block *block = arena->head;
	void *p;

	if (size > SIZE_MAX / 2) {
		abort();
	}
	size = (size + align - 1) / align * align;
	if (block == NULL || block->cap - block->len < size) {
		size_t cap = size > BLOCK_BYTES ? size : BLOCK_BYTES;

		block = mem_alloc(sizeof(*block) + cap);
		block->cap = cap;
		block->next = arena->head;
		arena->head = block;
	}
	p = block->data + block->len;
	block->len += size;
	arena->used_bytes += size;
	return p;
}

void *arena_array(struct arena *arena, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / 2 / size) {
		abort();
	}
	return arena_alloc(arena, n * size);
}

char *arena_strdup(struct arena *arena, const char *s)
{
	return s != NULL ? arena_strndup(arena, s, strlen(s)) : NULL;
}

char *arena_strndup(struct arena *arena, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = arena_alloc(arena, len + 1);

	memcpy(copy, s, len);
	return copy;
}

char *arena_vprintf(struct arena *arena, const char *fmt, va_list ap)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	if (len < 0) {
		len = 0;
	}
	text = arena_alloc(arena, (size_t)len + 1);
	(void)vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	return text;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = arena_vprintf(arena, fmt, ap);
	va_end(ap);
	return text;
}
