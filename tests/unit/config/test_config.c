/* test_config.c - settings from flags, variables and the policy file; their limits and their sentences */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "config/config.h"

static int flags(struct config *config, struct err *err, int argc, const char *const *words)
{
	char *argv[16] = {(char *)"run"};
	int rest = -1;

	assert_true(argc < (int)ARRAY_LEN(argv));
	for (int i = 0; i < argc; i++) {
		argv[i + 1] = (char *)(uintptr_t)words[i];
	}
	return config_flags(config, argc + 1, argv, &rest, err) < 0 ? -1 : rest;
}

#define FLAGS(config, err, ...)                                                  \
	flags(config, err, (int)ARRAY_LEN(((const char *const[]){__VA_ARGS__})), \
	      (const char *const[]){__VA_ARGS__})

static void refused(const char *flag, const char *value, const char *sentence)
{
	struct config *config = config_new();
	struct err err = {0};
	char word[2048];

	(void)snprintf(word, sizeof(word), "--%s=%s", flag, value);
	assert_int_equal(FLAGS(config, &err, word), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.msg, sentence);
	config_free(config);
}

static void accepted(const char *flag, const char *value, enum config_key key)
{
	struct config *config = config_new();
	struct err err = {0};
	char word[2048];

	(void)snprintf(word, sizeof(word), "--%s", flag);
	assert_int_equal(FLAGS(config, &err, word, value), 3);
	assert_string_equal(config_text(config, key), value);
	config_free(config);
}

static void test_defaults(void **state)
{
	struct config *config = config_new();

	(void)state;
	assert_string_equal(config_text(config, CONFIG_POLICY), "policy.yaml");
	assert_string_equal(config_text(config, CONFIG_STATE), "sluice.db");
	assert_string_equal(config_text(config, CONFIG_LISTEN), "");
	assert_string_equal(config_text(config, CONFIG_CONSOLE_IN), "direct");
	assert_string_equal(config_text(config, CONFIG_XMPP_NICK), "sluice");
	assert_string_equal(config_text(config, CONFIG_OCEAN_URL), "https://api.digitalocean.com");
	for (int key = 0; key < CONFIG_COUNT; key++) {
		assert_non_null(config_text(config, (enum config_key)key));
	}
	assert_false(config_flag(config, CONFIG_CONSOLE));
	config_free(config);
	config_free(NULL);
}

static void test_flags_both_spellings(void **state)
{
	struct config *config = config_new();
	struct err err = {0};

	(void)state;
	assert_int_equal(FLAGS(config, &err, "--policy", "p.yaml", "--state=s.db", "--console",
			       "--log-json=no", "verify", "--log", "debug"),
			 6);
	assert_string_equal(config_text(config, CONFIG_POLICY), "p.yaml");
	assert_string_equal(config_text(config, CONFIG_STATE), "s.db");
	assert_true(config_flag(config, CONFIG_CONSOLE));
	assert_false(config_flag(config, CONFIG_LOG_JSON));
	/* behind the first word nothing is read */
	assert_string_equal(config_text(config, CONFIG_LOG), "info");
	/* a yes-or-no flag does not swallow the word behind it */
	assert_int_equal(FLAGS(config, &err, "--console", "no"), 2);
	assert_true(config_flag(config, CONFIG_CONSOLE));
	assert_int_equal(FLAGS(config, &err, "--console=off", "--", "--log"), 3);
	assert_false(config_flag(config, CONFIG_CONSOLE));
	assert_int_equal(FLAGS(config, &err, "--", "x"), 2);
	assert_int_equal(FLAGS(config, &err, "-"), 1);
	assert_int_equal(FLAGS(config, &err, "--log=WARN"), 2);
	config_free(config);
}

static void test_unknown_flags(void **state)
{
	static const char *const cases[][2] = {
		{"--polcy", "unknown flag \"--polcy\"; did you mean \"--policy\"?"},
		{"--ocean_url=x", "unknown flag \"--ocean_url\"; did you mean \"--ocean-url\"?"},
		{"--consoleas", "unknown flag \"--consoleas\"; did you mean \"--console-as\"?"},
		{"--elephant", "unknown flag \"--elephant\"; see --help"},
		{"--=x", "unknown flag \"--\"; see --help"},
		/* a prefix is not the flag */
		{"--console-i", "unknown flag \"--console-i\"; did you mean \"--console-in\"?"},
		{"-x", "unknown flag \"-x\"; flags start with two dashes"},
		{"--token=dop_v1_0123456789abcdef", "unknown flag \"--token\"; see --help"},
		{"--dop_v1_0123456789abcdef", "unknown flag"},
		{"--0123456789012345678901234567890123456789", "unknown flag"},
		{"--state", "flag \"--state\" needs a value: the database: jobs and the audit log"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config *config = config_new();
		struct err err = {0};

		assert_int_equal(FLAGS(config, &err, cases[i][0]), -1);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.msg, cases[i][1]);
		config_free(config);
	}
}

static void test_forgotten_value(void **state)
{
	struct config *config = config_new();
	struct err err = {0};

	(void)state;
	assert_int_equal(FLAGS(config, &err, "--state", "--listen", ":80"), -1);
	assert_string_equal(err.msg,
			    "flag \"--state\" needs a value: the database: jobs and the audit log");
	assert_int_equal(FLAGS(config, &err, "--state=--listen"), 2);
	assert_string_equal(config_text(config, CONFIG_STATE), "--listen");
	config_free(config);
}

static void test_who_wins(void **state)
{
	struct config *config = config_new();
	struct err err = {0};

	(void)state;
	assert_int_equal(setenv("SLUICE_STATE", "env.db", 1), 0);
	assert_int_equal(setenv("SLUICE_LOG", "warn", 1), 0);
	assert_int_equal(setenv("SLUICE_LISTEN", "", 1), 0);
	assert_int_equal(setenv("SLUICE_OCEAN_URL", "http://127.0.0.1:8080", 1), 0);
	/* the order in which the places are read does not matter */
	assert_int_equal(FLAGS(config, &err, "--state", "flag.db"), 3);
	assert_int_equal(config_file(config, "log", "error", &err), 0);
	assert_int_equal(config_environment(config, &err), 0);
	assert_int_equal(config_file(config, "state", "file.db", &err), 0);
	assert_int_equal(config_file(config, "listen", "127.0.0.1:9100", &err), 0);
	assert_string_equal(config_text(config, CONFIG_STATE), "flag.db");
	assert_string_equal(config_text(config, CONFIG_LOG), "warn");
	assert_string_equal(config_text(config, CONFIG_LISTEN), "127.0.0.1:9100");
	assert_string_equal(config_text(config, CONFIG_OCEAN_URL), "http://127.0.0.1:8080");
	/* the flag wins over the file also when it says "nowhere" */
	assert_int_equal(FLAGS(config, &err, "--listen="), 2);
	assert_int_equal(config_file(config, "listen", ":9100", &err), 0);
	assert_string_equal(config_text(config, CONFIG_LISTEN), "");

	assert_int_equal(setenv("SLUICE_LOG", "loud", 1), 0);
	assert_int_equal(config_environment(config, &err), -1);
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_string_equal(err.msg, "SLUICE_LOG \"loud\": must be debug, info, warn or error");
	(void)unsetenv("SLUICE_STATE");
	(void)unsetenv("SLUICE_LOG");
	(void)unsetenv("SLUICE_LISTEN");
	(void)unsetenv("SLUICE_OCEAN_URL");
	config_free(config);
}

/* Anybody can point the program at a server of theirs: every outside service, by a flag and by a variable. */
static void test_every_address_by_flag_and_variable(void **state)
{
	static const struct {
		enum config_key key;
		const char *flag, *variable, *one, *other;
	} all[] = {
		{CONFIG_OCEAN_URL, "--ocean-url", "SLUICE_OCEAN_URL", "http://127.0.0.1:1",
		 "http://127.0.0.1:2"},
		{CONFIG_XMPP_URL, "--xmpp-url", "SLUICE_XMPP_URL", "ws://127.0.0.1:1/ws",
		 "wss://chat.example/ws"},
		{CONFIG_SLACK_API_URL, "--slack-api-url", "SLUICE_SLACK_API_URL",
		 "http://127.0.0.1:1/api", "https://slack.example/api"},
		{CONFIG_METADATA_URL, "--metadata-url", "SLUICE_METADATA_URL",
		 "http://127.0.0.1:1/id", "http://127.0.0.1:2/id"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct config *config = config_new();
		struct err err = {0};

		assert_int_equal(setenv(all[i].variable, all[i].one, 1), 0);
		assert_int_equal(config_environment(config, &err), 0);
		assert_string_equal(config_text(config, all[i].key), all[i].one);
		assert_int_equal(FLAGS(config, &err, all[i].flag, all[i].other), 3);
		assert_string_equal(config_text(config, all[i].key), all[i].other);
		(void)unsetenv(all[i].variable);
		config_free(config);
	}
}

static void test_file(void **state)
{
	struct config *config = config_new();
	struct err err = {0};
	size_t n = 0;

	(void)state;
	assert_string_equal(config_file_key(0), "state");
	assert_string_equal(config_file_key(1), "listen");
	assert_string_equal(config_file_key(2), "log");
	assert_null(config_file_key(3));
	assert_null(config_file_key(SIZE_MAX));
	for (const char *key; (key = config_file_key(n)) != NULL; n++) {
		assert_int_equal(config_file(config, key, "\n", &err), -1);
		assert_int_equal(err.kind, ERR_CONFIG);
	}
	/* the file is no place for where a token is sent to */
	assert_int_equal(config_file(config, "ocean-url", "https://x.example", &err), -1);
	assert_string_equal(err.msg, "unknown setting \"ocean-url\"");
	/* what a flag overrules must be right all the same */
	assert_int_equal(FLAGS(config, &err, "--log=debug"), 2);
	assert_int_equal(config_file(config, "log", "loud", &err), -1);
	assert_string_equal(err.msg, "settings.log \"loud\": must be debug, info, warn or error");
	config_free(config);
}

static void test_addresses(void **state)
{
	(void)state;
	accepted("ocean-url", "https://api.example:8443/base", CONFIG_OCEAN_URL);
	accepted("ocean-url", "http://127.0.0.1:1", CONFIG_OCEAN_URL);
	accepted("own-droplet", "446650310", CONFIG_OWN_DROPLET);
	accepted("list-age", "0", CONFIG_LIST_AGE);
	accepted("slack-pace", "0", CONFIG_SLACK_PACE);
	refused("list-age", "-1", "--list-age \"-1\": must be a whole number from 0 to 1000000000");
	refused("keep-days", "0", "--keep-days \"0\": must be a whole number from 1 to 1000000000");
	accepted("own-droplet", "", CONFIG_OWN_DROPLET);
	refused("own-droplet", "web-1",
		"--own-droplet \"web-1\": must be an id of at most 18 digits, or none");
	refused("own-droplet", "0",
		"--own-droplet \"0\": must be an id of at most 18 digits, or none");
	refused("own-droplet", "1234567890123456789",
		"--own-droplet \"1234567890123456789\": must be an id of at most 18 digits, or "
		"none");
	accepted("own-droplet", "none", CONFIG_OWN_DROPLET);
	accepted("metadata-url", "http://169.254.169.254/metadata/v1/id", CONFIG_METADATA_URL);
	accepted("metadata-url", "http://127.0.0.1:8080/metadata/v1/id", CONFIG_METADATA_URL);
	refused("metadata-url", "http://169.254.example.com/id",
		"--metadata-url must start with https://: without TLS only to this machine itself");
	refused("metadata-url", "http://10.0.0.1/id",
		"--metadata-url must start with https://: without TLS only to this machine itself");
	accepted("ocean-url", "http://localhost:65535/", CONFIG_OCEAN_URL);
	accepted("ocean-url", "http://[::1]:80", CONFIG_OCEAN_URL);
	accepted("ocean-url", "https://[2001:db8::1]", CONFIG_OCEAN_URL);
	accepted("xmpp-url", "wss://chat.example/xmpp-websocket", CONFIG_XMPP_URL);
	accepted("xmpp-url", "ws://127.0.0.1:5280/xmpp-websocket", CONFIG_XMPP_URL);
	accepted("proxy", "http://proxy.example:3128", CONFIG_PROXY);
	refused("ocean-url", "", "--ocean-url must start with https://");
	refused("ocean-url", "http://api.example",
		"--ocean-url must start with https://: without TLS only to this machine itself");
	refused("ocean-url", "http://127.0.0.1.example.org",
		"--ocean-url must start with https://: without TLS only to this machine itself");
	refused("ocean-url", "http://localhost.example.org",
		"--ocean-url must start with https://: without TLS only to this machine itself");
	refused("ocean-url", "https://me:word@api.example",
		"--ocean-url: no user or password may stand in an address");
	refused("ocean-url", "http://127.0.0.1@evil.example",
		"--ocean-url: no user or password may stand in an address");
	refused("ocean-url", "https://", "--ocean-url \"https://\": has no host");
	refused("ocean-url", "https://[]:1", "--ocean-url \"https://[]:1\": has no host");
	refused("ocean-url", "https://a:99999",
		"--ocean-url \"https://a:99999\": has a port that is no number from 1 to 65535");
	refused("ocean-url", "https://a:0",
		"--ocean-url \"https://a:0\": has a port that is no number from 1 to 65535");
	refused("ocean-url", "https://a:123456789",
		"--ocean-url \"https://a:123456789\": has a port that is no number");
	refused("ocean-url", "https://a?b",
		"--ocean-url \"https://a?b\": must end with a path, without \"?\" or \"#\"");
	refused("ocean-url", "https://a b", "--ocean-url \"https://a b\": has a space in it");
	refused("ocean-url", "ftp://a", "--ocean-url must start with https://");
	refused("xmpp-url", "https://a", "--xmpp-url must start with wss://");
	refused("xmpp-url", "ws://chat.example",
		"--xmpp-url must start with wss://: without TLS only to this machine itself");
	refused("proxy", "socks5://a", "--proxy must start with https://");
}

static void test_listen(void **state)
{
	(void)state;
	accepted("listen", "127.0.0.1:9100", CONFIG_LISTEN);
	accepted("listen", "127.0.0.1:0", CONFIG_LISTEN);
	accepted("listen", "[::1]:9100", CONFIG_LISTEN);
	accepted("listen", ":9100", CONFIG_LISTEN);
	refused("listen", "9100", "--listen \"9100\": must be HOST:PORT, like 127.0.0.1:9100");
	refused("listen", "::1:9100",
		"--listen \"::1:9100\": must be HOST:PORT, like 127.0.0.1:9100");
	refused("listen", "a:70000",
		"--listen \"a:70000\": must be HOST:PORT, like 127.0.0.1:9100");
	refused("listen", "a:", "--listen \"a:\": must be HOST:PORT, like 127.0.0.1:9100");
	refused("listen", "a:-1", "--listen \"a:-1\": must be HOST:PORT, like 127.0.0.1:9100");
}

static void test_words_and_places(void **state)
{
	char long_word[301];

	(void)state;
	accepted("xmpp-jid", "sluice@chat.example", CONFIG_XMPP_JID);
	accepted("xmpp-password", "env:SLUICE_XMPP_SECRET", CONFIG_XMPP_PASSWORD);
	accepted("xmpp-password", "file:/etc/sluice/xmpp", CONFIG_XMPP_PASSWORD);
	accepted("console-as", "bob", CONFIG_CONSOLE_AS);
	refused("xmpp-jid", "sluice", "--xmpp-jid \"sluice\": must be NAME@HOST");
	refused("xmpp-jid", "sluice@h/bot", "--xmpp-jid: must be NAME@HOST");
	refused("xmpp-jid", "a@b@c", "--xmpp-jid: must be NAME@HOST");
	/* the password itself, by mistake: it must not come back */
	refused("xmpp-password", "hunter2",
		"--xmpp-password: must say where the secret is: file:/PATH, env:NAME or "
		"credential:NAME");
	refused("xmpp-nick", "dop_v1_0123456789abcdef",
		"--xmpp-nick: looks like a token; secrets are given by place only: file:/PATH, "
		"env:NAME or credential:NAME");
	refused("state", "a\nb", "--state: has a line break or another control character in it");
	refused("state", "", "--state \"\": is empty");
	refused("console", "maybe", "--console \"maybe\": must be yes or no");
	memset(long_word, 'w', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	refused("console-as", long_word, "--console-as: is too long");
}

static void test_help(void **state)
{
	struct strbuf out;

	(void)state;
	strbuf_init(&out, 1 << 16);
	config_help(&out);
	assert_false(out.full);
	assert_non_null(
		strstr(out.buf, "  --policy FILE                the policy file (policy.yaml)\n"));
	assert_non_null(strstr(out.buf, "  --console                    speak in this terminal\n"));
	assert_non_null(strstr(out.buf, "neither spoke: state, listen, log.\n"));
	for (const char *line = out.buf; *line != '\0'; line += strcspn(line, "\n") + 1) {
		assert_true(strcspn(line, "\n") <= 100);
	}
	strbuf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_flags_both_spellings),
		cmocka_unit_test(test_unknown_flags),
		cmocka_unit_test(test_forgotten_value),
		cmocka_unit_test(test_who_wins),
		cmocka_unit_test(test_every_address_by_flag_and_variable),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_words_and_places),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
