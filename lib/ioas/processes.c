/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <sys/mman.h>
#include <unistd.h>

#include "processes.h"

/* The kernel zeroes it in a child, where only the fork handlers set it again. NULL: the kernel does not
 * support this. */
static uint64_t *known;

void
processes_notice_forks(void)
{
	known = mmap(NULL, sizeof(*known), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (known == MAP_FAILED || madvise(known, sizeof(*known), MADV_WIPEONFORK) != 0)
		known = NULL;
	else
		*known = 1;
}

void
processes_have_forked(void)
{
	if (known != NULL)
		*known = 1;
}

static void
note_self(struct processes *processes)
{
	const unsigned int slot = processes->self % PROCESSES;

	processes->fd[slot] = processes->sys->process(&processes->pid[slot]);
}

void
processes_create(struct processes *processes, const struct ioas_sys *sys)
{
	*processes = (struct processes){ .sys = sys };
	note_self(processes);
}

void
processes_destroy(struct processes *processes)
{
	for (unsigned int i = 0; i <= processes->self && i < PROCESSES; i++)
		if (processes->fd[i] >= 0)
			close(processes->fd[i]);
}

/* If the table is full, the child replaces the oldest process. */
void
processes_add_child(struct processes *processes)
{
	const unsigned int slot = ++processes->self % PROCESSES;

	if (processes->self >= PROCESSES && processes->fd[slot] >= 0)
		close(processes->fd[slot]);
	note_self(processes);
}

bool
processes_own(const struct processes *processes, unsigned int process)
{
	const unsigned int slot = process % PROCESSES;

	return (process == processes->self && (known == NULL || *known == 1)) ||
	       (processes->self - process < PROCESSES &&
		processes->sys->has_ended(processes->fd[slot], processes->pid[slot]));
}

bool
processes_own_all(const struct processes *processes)
{
	unsigned int i = 0;

	while (i <= processes->self && processes_own(processes, i))
		i++;
	return i > processes->self;
}
