/* run.c - `sluice run`: connect and work until SIGTERM */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/program.h"

static int help(void)
{
	struct strbuf out;

	strbuf_init(&out, 1 << 16);
	config_help(&out);
	printf("usage: sluice run [SETTING ...]\n\n%s", out.buf);
	strbuf_done(&out);
	return 0;
}

int run_main(int argc, char **argv)
{
	struct config *config = NULL;
	struct policy *policy = NULL;
	char *text = NULL;
	struct program *program = NULL;
	struct err err = {0};
	int rest = argc;
	int rc = 2;

	if (cli_wants_help(argc, argv)) {
		return help();
	}
	config = config_new();
	if (config_environment(config, &err) < 0 ||
	    config_flags(config, argc, argv, &rest, &err) < 0) {
		fprintf(stderr, "sluice: %s\n", err.msg);
		goto out;
	}
	if (rest < argc) {
		fprintf(stderr, "sluice: \"%s\" is no setting; see sluice run --help\n",
			argv[rest]);
		goto out;
	}
	policy = program_load_policy(config_text(config, CONFIG_POLICY), &text);
	if (policy == NULL) {
		goto out;
	}
	rc = 1;
	program = program_open(&(struct program_options){
		.config = config, .policy = policy, .policy_text = text, .from_file = true});
	free(text); /* the app has a copy, until it is in the store */
	text = NULL;
	if (program != NULL) {
		rc = program_run(program);
		program_free(program);
	}
out:
	policy_unref(policy);
	free(text);
	config_free(config);
	return rc;
}
