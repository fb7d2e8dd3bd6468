/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 *	foreign EAL-OPTIONS -- WAY GROUP DEVICE... [-- SECONDS [SEED]]
 *
 * WAY selects how memory is removed, and how the plugin can notice it:
 *	slots   calls that go through import slots, and no userfaultfd
 *	kernel  system calls that no slot sees, and userfaultfd
 *	both    calls through slots, and userfaultfd; the soak uses either
 *	none    system calls that no slot sees, and no userfaultfd: then the checks must fail
 * The group "soak" takes seconds and a seed. Prints a line for each case, "ok NAME" or "not ok NAME: why",
 * and "end" at the end.
 */

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "foreign.h"

static __thread jmp_buf *current;
static __thread char reason[400];
static unsigned int passed, failed;

void
fail_case(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(reason, sizeof(reason), format, ap);
	va_end(ap);
	if (current == NULL) {
		printf("not ok outside of a case: %s\n", reason);
		exit(EXIT_FAILURE);
	}
	longjmp(*current, 1);
}

const char *
try_case(void (*fn)(void *arg), void *arg)
{
	jmp_buf buffer, *const before = current;

	current = &buffer;
	reason[0] = '\0';
	if (setjmp(buffer) == 0)
		fn(arg);
	current = before;
	return reason[0] == '\0' ? NULL : reason;
}

void
run_case(const char *name, void (*fn)(void *arg), void *arg)
{
	const char *const why = try_case(fn, arg);

	if (why == NULL) {
		printf("ok %s\n", name);
		passed++;
	} else {
		printf("not ok %s: %s\n", name, why);
		failed++;
	}
}

void
run_cases(const struct named_case *cases, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		run_case(cases[i].name, cases[i].fn, NULL);
}

/* As in a container: the process and its threads get EPERM. */
static void
refuse_userfaultfd(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_userfaultfd, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = RTE_DIM(filter), .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0 ||
	    syscall(SYS_userfaultfd, 0) != -1 || errno != EPERM) {
		printf("not ok userfaultfd cannot be refused: %s\n", strerror(errno));
		exit(EXIT_FAILURE);
	}
}

static const struct {
	const char *name;
	void (*run)(void);
} groups[] = {
	{ "matrix", matrix_cases }, { "gone", gone_cases }, { "kernel", kernel_cases },
	{ "refused", refused_cases }, { "stays", stays_cases }, { "stated", stated_cases },
	{ "child", child_cases }, { "daemon", daemon_cases }, { "deadlock", deadlock_cases },
};

static bool
run_group(const char *name)
{
	for (unsigned int i = 0; i < RTE_DIM(groups); i++)
		if (strcmp(groups[i].name, name) == 0) {
			groups[i].run();
			return true;
		}
	return false;
}

static void
run_soak(int argc, char **argv, const char *way)
{
	const unsigned int seconds = argc > 0 ? (unsigned int)atoi(argv[0]) : 10;
	const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);

	if (soak(seconds, seed, calls, strcmp(way, "both") == 0 ? CALLS_RAW : calls))
		passed++;
	else
		failed++;
}

int
main(int argc, char **argv)
{
	const char *way, *group;
	int used, n = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (used = 1; used < argc && strcmp(argv[used], "--") != 0; used++)
		;
	if (used + 3 >= argc) {
		fprintf(stderr, "usage: foreign EAL-OPTIONS -- WAY GROUP DEVICE... [-- SECONDS [SEED]]\n");
		return 2;
	}
	way = argv[used + 1];
	group = argv[used + 2];
	calls = strcmp(way, "slots") == 0 || strcmp(way, "both") == 0 ? CALLS_SLOTS : CALLS_RAW;
	if (strcmp(way, "slots") == 0 || strcmp(way, "none") == 0)
		refuse_userfaultfd();
	used = rte_eal_init(argc, argv);
	if (used < 0) {
		printf("not ok rte_eal_init: %s\n", rte_strerror(rte_errno));
		return EXIT_FAILURE;
	}
	argv += used + 3;
	argc -= used + 3;
	while (n < argc && strcmp(argv[n], "--") != 0)
		n++;
	devices_open(argv, n);
	if (strcmp(group, "soak") == 0)
		run_soak(argc - n - 1, argv + n + 1, way);
	else if (!run_group(group))
		printf("not ok there is no group %s\n", group);
	devices_close();
	rte_eal_cleanup();
	printf("%u passed, %u failed, %llu copies by devices\nend\n", passed, failed, devices_copies());
	return passed > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
