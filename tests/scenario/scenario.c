/* scenario.c - plays one story as it is written */
#include <stdio.h>

#include "story.h"

int main(int argc, char **argv)
{
	unsigned n_lines = 0;
	int rc;

	if (argc != 2) {
		fputs("usage: scenario STORY.scn\n", stderr);
		return 2;
	}
	rc = story_play(argv[1], NULL, &n_lines);
	if (rc == 0 && n_lines < 3) {
		fprintf(stderr, "%s: no story in it\n", argv[1]);
		rc = -1;
	}
	printf("%s: %u lines %s\n", argv[1], n_lines, rc == 0 ? "came true" : "and then it failed");
	return rc == 0 ? 0 : 1;
}
