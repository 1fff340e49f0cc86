/* cli.h - the subcommands of the program: one file each, one row each in main.c */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>

/*
 * argv[0] is the subcommand's name. The value is the exit code. Each prints its own --help, which is then its only
 * word: main.c looks for it among the others.
 */
struct subcommand {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
};

bool cli_wants_help(int argc, char **argv); /* --help or -h stands somewhere behind argv[0] */

int run_main(int argc, char **argv);
int demo_main(int argc, char **argv);
int check_main(int argc, char **argv);
int can_main(int argc, char **argv);
int why_main(int argc, char **argv);
int who_can_main(int argc, char **argv);
int diff_main(int argc, char **argv);
int scopes_main(int argc, char **argv);
int schema_main(int argc, char **argv);
int fmt_main(int argc, char **argv);
int audit_main(int argc, char **argv);
int code_main(int argc, char **argv);
int init_main(int argc, char **argv);
int doctor_main(int argc, char **argv);
int sign_in_main(int argc, char **argv);
int sign_out_main(int argc, char **argv);
int slack_main(int argc, char **argv);

#endif
