/* server.h - starts server.py beside a wire test and knows its ports */
#ifndef WIRE_SERVER_H
#define WIRE_SERVER_H

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct server {
	pid_t pid;
	int in; /* closing it ends the server */
	char dir[512];
	unsigned plain, tls, wrong, silent;
	unsigned refused; /* nobody listens there */
};

static struct server server;

/* Runs a program to its end: 0 when it said 0. */
static int server_run(const char *file, const char *arg)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execlp(file, file, arg, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static unsigned server_port(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at != NULL ? (unsigned)strtoul(at + strlen(name), NULL, 10) : 0;
}

/* A port that was free a moment ago, bound and never listened on: connections to it are refused. */
static unsigned server_refused_port(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) != 0) {
		return 1;
	}
	return ntohs(addr.sin_port); /* fd stays open on purpose */
}

static int server_start(void **state)
{
	char line[256] = "";
	int in[2];
	int out[2];
	size_t len = 0;

	(void)state;
	(void)snprintf(server.dir, sizeof(server.dir), "%s/certs.%ld", BINARY_DIR, (long)getpid());
	if (server_run(SOURCE_DIR "/tests/wire/certs.sh", server.dir) != 0) {
		return -1;
	}
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
		return -1;
	}
	server.pid = fork();
	if (server.pid == 0) {
		(void)dup2(in[0], 0);
		(void)dup2(out[1], 1);
		(void)execlp("python3", "python3", SOURCE_DIR "/tests/wire/server.py", server.dir,
			     (char *)NULL);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	server.in = in[1];
	while (len + 1 < sizeof(line) && strchr(line, '\n') == NULL) {
		ssize_t n = read(out[0], line + len, sizeof(line) - 1 - len);

		if (n <= 0) {
			return -1;
		}
		len += (size_t)n;
	}
	(void)close(out[0]);
	server.plain = server_port(line, "plain=");
	server.tls = server_port(line, "tls=");
	server.wrong = server_port(line, "wrong=");
	server.silent = server_port(line, "silent=");
	server.refused = server_refused_port();
	return 0;
}

static int server_stop(void **state)
{
	(void)state;
	(void)close(server.in);
	(void)waitpid(server.pid, NULL, 0);
	return 0;
}

#endif
