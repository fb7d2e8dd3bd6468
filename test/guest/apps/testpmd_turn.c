/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * One turn of devtools/perf.sh: starts testpmd, lets packets circulate between its two ports, and prints
 *
 *	MS-TO-THE-PROMPT PACKETS-A-SECOND
 *
 * usage: testpmd_turn SECONDS testpmd [OPTION]...
 *
 * The options make testpmd interactive, because its first prompt is the end of its start. They suppress
 * messages about links, which would split a prompt. testpmd's output goes to standard error.
 */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* An emulated machine may pause for a while if its host is busy. */
#define PATIENCE_MS 60000

static int to, from;            /* testpmd's standard input and output */
static char answer[65536];      /* its answer to the last command */

static uint64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Waits until it prompts for a command. */
static bool
await_prompt(void)
{
	struct pollfd pollfd = { .fd = from, .events = POLLIN };
	size_t n = 0;

	while (strstr(answer, "testpmd> ") == NULL) {
		ssize_t got;

		/* The part that does not fit is not needed. */
		if (n + 1 == sizeof(answer))
			n = 0;
		if (poll(&pollfd, 1, PATIENCE_MS) <= 0)
			return false;
		got = read(from, answer + n, sizeof(answer) - 1 - n);
		if (got <= 0)
			return false;
		(void)!write(STDERR_FILENO, answer + n, got);
		n += got;
		answer[n] = '\0';
	}
	return true;
}

static bool
say(const char *command)
{
	const size_t n = strlen(command);

	answer[0] = '\0';
	return write(to, command, n) == (ssize_t)n && await_prompt();
}

/* The sum of both ports. */
static uint64_t
received(void)
{
	uint64_t packets = 0;

	if (!say("show port stats all\n"))
		return 0;
	for (const char *p = answer; (p = strstr(p, "RX-packets:")) != NULL;) {
		p += strlen("RX-packets:");
		packets += strtoull(p, NULL, 10);
	}
	return packets;
}

/* Two bursts circulate. They are lost if the links are not up yet, so it tries again. */
static bool
set_going(void)
{
	for (unsigned int i = 0; i < 20; i++) {
		uint64_t before;

		if (!say("start tx_first\n"))
			return false;
		usleep(200000);
		before = received();
		usleep(200000);
		if (received() > before + 200)
			return true;
		if (!say("stop\n"))
			return false;
	}
	return false;
}

/* 0: an error. */
static double
rate(double seconds)
{
	uint64_t packets, start;

	if (!say("set fwd io\n") || !set_going())
		return 0;
	packets = received();
	start = now_us();
	usleep(seconds * 1e6);
	packets = received() - packets;
	return packets * 1e6 / (now_us() - start);
}

static pid_t
start(char **argv)
{
	int in[2], out[2];
	pid_t pid;

	if (pipe(in) < 0 || pipe(out) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		close(in[0]), close(in[1]), close(out[0]), close(out[1]);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	to = in[1];
	from = out[0];
	return pid;
}

int
main(int argc, char **argv)
{
	const double seconds = argc > 2 ? atof(argv[1]) : 0;
	uint64_t begin;
	double ms, pps = 0;
	int status = 0;
	pid_t pid;

	if (seconds <= 0)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	begin = now_us();
	pid = start(argv + 2);
	if (pid < 0)
		return 1;
	if (!await_prompt()) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return 1;
	}
	ms = (now_us() - begin) / 1e3;
	pps = rate(seconds);
	if (write(to, "quit\n", 5) != 5)
		kill(pid, SIGKILL);
	/* Reads its last output, so that it does not wait for a reader. */
	for (ssize_t n; (n = read(from, answer, sizeof(answer))) > 0;)
		(void)!write(STDERR_FILENO, answer, n);
	if (waitpid(pid, &status, 0) != pid || status != 0 || pps <= 0)
		return 1;
	printf("%.1f %.0f\n", ms, pps);
	return 0;
}
