/* arena.c - memory that is freed all at once */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The first is small, with its head so small that the C library keeps such pieces at hand: most arenas need no more. */
#define FIRST_BYTES 976U
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

void arena_wipe(struct arena *arena)
{
	for (struct arena_block *block = arena->head; block != NULL; block = block->next) {
		explicit_bzero(block->data, block->len);
	}
	arena_done(arena);
}

void *arena_take(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_block *block = arena->head;
	void *p;

	if (size > SIZE_MAX / 2) {
		abort();
	}
	size = (size + align - 1) / align * align;
	if (block == NULL || block->cap - block->len < size) {
		size_t cap = block == NULL ? FIRST_BYTES : BLOCK_BYTES;

		cap = size > cap ? size : cap;
		block = mem_grow(NULL, 1, sizeof(*block) + cap); /* zeroed as it is handed out */
		block->cap = cap;
		block->len = 0;
		block->next = arena->head;
		arena->head = block;
	}
	p = block->data + block->len;
	block->len += size;
	arena->used_bytes += size;
	return p;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	void *p = arena_take(arena, size);

	memset(p, 0, size);
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
	size_t size;

	if (s == NULL) {
		return NULL;
	}
	size = strlen(s) + 1;
	return memcpy(arena_take(arena, size), s, size);
}

char *arena_strndup(struct arena *arena, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = arena_take(arena, len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *arena_vprintf(struct arena *arena, const char *fmt, va_list ap)
{
	char text[256]; /* most are short: written once */
	va_list again;
	char *whole;
	int len;

	va_copy(again, ap);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	if (len < 0) {
		len = 0;
		text[0] = '\0';
	}
	whole = arena_take(arena, (size_t)len + 1);
	if ((size_t)len < sizeof(text)) {
		memcpy(whole, text, (size_t)len + 1);
	} else {
		(void)vsnprintf(whole, (size_t)len + 1, fmt, again);
	}
	va_end(again);
	return whole;
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
