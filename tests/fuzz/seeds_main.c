/* seeds_main.c - runs a fuzz target over its seed folder, for compilers without libFuzzer */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(1 << 20);
	size_t len;

	if (file == NULL || data == NULL) {
		perror(path);
		exit(1);
	}
	len = fread(data, 1, 1 << 20, file);
	(void)fclose(file);
	(void)LLVMFuzzerTestOneInput(data, len);
	free(data);
	return 1;
}

int main(int argc, char **argv)
{
	DIR *dir = argc > 1 ? opendir(argv[1]) : NULL;
	int n = 0;

	if (dir == NULL) {
		fprintf(stderr, "usage: %s SEEDS\n", argv[0]);
		return 1;
	}
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		char path[4096];

		if (entry->d_name[0] != '.') {
			(void)snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
			n += run_file(path);
		}
	}
	(void)closedir(dir);
	printf("%d seeds\n", n);
	return n > 0 ? 0 : 1;
}
