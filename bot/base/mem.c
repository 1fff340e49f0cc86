/* mem.c - allocation that aborts when there is no memory */
#include "base/mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define GROWN_BYTES ((size_t)2 << 20)

static void *check(void *p)
{
	if (p == NULL) {
		fputs("sluice: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *mem_alloc(size_t size)
{
	return check(calloc(1, size > 0 ? size : 1));
}

void *mem_array(size_t n, size_t size)
{
	return check(calloc(n > 0 ? n : 1, size > 0 ? size : 1));
}

void *mem_grow(void *old, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size) {
		check(NULL);
	}
	return check(realloc(old, n * size > 0 ? n * size : 1));
}

/* AddressSanitizer watches the ends of what is in the heap only. */
#if defined(__SANITIZE_ADDRESS__)
#define TABLES_IN_HEAP
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TABLES_IN_HEAP
#endif
#endif

#ifdef TABLES_IN_HEAP
void *mem_table(size_t size)
{
	return mem_alloc(size);
}

void mem_table_free(void *table, size_t size)
{
	(void)size;
	free(table);
}
#else
void *mem_table(size_t size)
{
	void *table = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return check(table != MAP_FAILED ? table : NULL);
}

void mem_table_free(void *table, size_t size)
{
	if (table != NULL) {
		(void)munmap(table, size);
	}
}
#endif

char *mem_strdup(const char *s)
{
	return s != NULL ? mem_strndup(s, strlen(s)) : NULL;
}

char *mem_strndup(const char *s, size_t n)
{
	char *copy;
	size_t len = strnlen(s, n);

	copy = mem_alloc(len + 1);
	memcpy(copy, s, len);
	return copy;
}

/* 0: the system does not say. */
static size_t resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;
	char line[256]; /* "SIZE RESIDENT ...", in pages */

	if (f != NULL) {
		if (fgets(line, sizeof(line), f) != NULL && strchr(line, ' ') != NULL) {
			pages = strtoul(strchr(line, ' '), NULL, 10);
		}
		(void)fclose(f);
	}
	return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static size_t settled_bytes; /* resident after the last trim, or less since */

void mem_trim(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
	settled_bytes = resident_bytes();
}

void mem_trim_grown(void)
{
	size_t bytes = resident_bytes();

	if (bytes > settled_bytes + GROWN_BYTES) {
		mem_trim();
	} else if (bytes < settled_bytes) {
		settled_bytes = bytes;
	}
}
