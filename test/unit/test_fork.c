/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * A child of fork(), with the parent alive and without it. fork() also copies the model of the kernel: what a
 * child unmaps there is visible in the child.
 */

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#ifdef __SANITIZE_THREAD__
/* A child that ends has none of the parent's threads. */
const char *__tsan_default_options(void);

const char *
__tsan_default_options(void)
{
	return "report_thread_leaks=0:die_after_fork=0";
}
#endif

static char *shared, *private;
static uint64_t shared_iova, private_iova;

#define CHECK(condition)                                                            \
	do {                                                                        \
		if (!(condition)) {                                                 \
			fprintf(stderr, "\n%s:%d: not so in the child: %s\n",       \
				__FILE__, __LINE__, #condition);                    \
			_exit(1);                                                   \
		}                                                                   \
	} while (0)

static char *
memory(int flags)
{
	char *const p = mmap(NULL, MIB(4), PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	CU_ASSERT_PTR_NOT_EQUAL_FATAL(p, MAP_FAILED);
	return (char *)(((uintptr_t)p + MIB(2) - 1) & ~(MIB(2) - 1));
}

static void
map_both(void)
{
	unit_create(true);
	shared = memory(MAP_SHARED);
	private = memory(MAP_PRIVATE);
	CU_ASSERT_EQUAL_FATAL(ioas_map(space, shared, MIB(2), &shared_iova), 0);
	CU_ASSERT_EQUAL_FATAL(ioas_map(space, private, MIB(2), &private_iova), 0);
}

static void
unmap_both(void)
{
	CU_ASSERT_EQUAL(ioas_unmap(space, NULL, UINT64_MAX), 2);
	munmap(shared, MIB(2));
	munmap(private, MIB(2));
}

static void
in_child_of(pid_t (*make)(void), void (*run)(void))
{
	const pid_t pid = make();
	int status = -1;

	if (pid == 0) {
		run();
		_exit(0);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
}

static void
in_child(void (*run)(void))
{
	in_child_of(fork, run);
}

/* The handlers of pthread_atfork() do not run: by the records it is the parent. */
static void
in_silent_child(void (*run)(void))
{
	in_child_of(_Fork, run);
}

/* The same in a grandchild whose parent has created the space and ended, as with a daemon. */
static void
in_daemon(void (*prepare)(void), void (*run)(void))
{
	int ends[2];
	char ok = 0;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		const pid_t parent = getpid();

		prepare();
		if (fork() != 0)
			_exit(0);
		while (getppid() == parent)
			usleep(1000);
		usleep(10000);
		run();
		_exit(write(ends[1], "1", 1) != 1);
	}
	close(ends[1]);
	CU_ASSERT_EQUAL(waitpid(pid, NULL, 0), pid);
	CU_ASSERT_EQUAL(read(ends[0], &ok, 1), 1);
	CU_ASSERT_EQUAL(ok, '1');
	close(ends[0]);
}

static uint64_t
lookup(const void *va)
{
	return ioas_lookup(ioas_table(space), va);
}

/* Shared memory is the parent's as well. Of private memory the child has a copy. */
static void
child_asks(void)
{
	uint64_t iova;

	CHECK(lookup(shared) == shared_iova && lookup(shared + MIB(2) - 1) == shared_iova + MIB(2) - 1);
	CHECK(lookup(private) == IOAS_BAD_IOVA);
	CHECK(ioas_lookup_or_wait(space, private) == IOAS_BAD_IOVA);
	CHECK(ioas_map(space, private, MIB(2), &iova) == 0);
	CHECK(iova != private_iova && lookup(private) == iova);
	/* The child can unmap its own maps. */
	CHECK(ioas_unmap(space, private, MIB(2)) == 1);
	CHECK(model_translate(nic_model, iova) == UINT64_MAX);
	CHECK(model_translate(nic_model, private_iova) == (uintptr_t)private);
}

static void
asks(void)
{
	map_both();
	in_child(child_asks);
	CU_ASSERT_EQUAL(lookup(shared), shared_iova);
	CU_ASSERT_EQUAL(lookup(private), private_iova);
	unmap_both();
}

/* The parent lives: it keeps everything, whatever a child does. */
static void
child_takes_away(void)
{
	CHECK(ioas_forget_end(space, ioas_forget_begin(space, shared, PAGE), true));
	CHECK(lookup(shared) == IOAS_BAD_IOVA && lookup(shared + PAGE) == shared_iova + PAGE);
	CHECK(ioas_unmap(space, shared, MIB(2)) == 1);
	CHECK(lookup(shared + PAGE) == IOAS_BAD_IOVA);
	CHECK(model_translate(nic_model, shared_iova) == (uintptr_t)shared);
	/* Descriptors are closed, and the kernel is not called. The model does not know that the parent has
	 * the same files open. */
	memset(model.calls, 0, sizeof(model.calls));
	ioas_detach(nic);
	ioas_destroy(space);
	CHECK(model.calls[MODEL_UNMAP] == 0 && model.calls[MODEL_DETACH] == 0 && model.calls[MODEL_DESTROY] == 0);
	CHECK(model_open_files() == 0);
}

static void
takes_away(void)
{
	map_both();
	in_child(child_takes_away);
	unmap_both();
}

static void
no_pidfd(void)
{
	model.no_pidfd = true;
	map_both();
	in_child(child_takes_away);
	unmap_both();
}

/* The parent has ended: everything belongs to the child. */
static void
daemon_takes_over(void)
{
	uint64_t iova;

	CHECK(lookup(private) == IOAS_BAD_IOVA && lookup(shared) == shared_iova);
	CHECK(ioas_map(space, private, MIB(2), &iova) == 0);
	/* The first map removes the parent's private memory. */
	CHECK(model_translate(nic_model, private_iova) == UINT64_MAX);
	CHECK(model_areas() == 2);
	CHECK(ioas_forget_end(space, ioas_forget_begin(space, shared, MIB(2)), true));
	CHECK(model_translate(nic_model, shared_iova) == UINT64_MAX);
	CHECK(ioas_map(space, shared, MIB(2), NULL) == 0);
	CHECK(ioas_unmap(space, NULL, UINT64_MAX) == 2);
	CHECK(model_areas() == 0);
	ioas_detach(nic);
	CHECK(model_attached() == 0);
	ioas_destroy(space);
	CHECK(model_open_files() == 0);
}

static void
takes_over(void)
{
	in_daemon(map_both, daemon_takes_over);
}

/* The kernel cannot pin the memory of a process that has ended. The daemon maps it again before a device
 * comes back, at the same IOVA. */
static void
daemon_attaches_again(void)
{
	unsigned int token;

	token = ioas_forget_begin(space, shared + MIB(1), PAGE);
	CHECK(ioas_forget_end(space, token, true));
	ioas_detach(nic);
	model_forget();
	CHECK(ioas_attach(space, NIC, NULL, &nic) == 0);
	CHECK(lookup(shared) == shared_iova && lookup(shared + MIB(1)) == IOAS_BAD_IOVA);
	CHECK(model_translate(nic_model, shared_iova) == (uintptr_t)shared);
	/* Memory that has gone is not pinned a second time, because other memory may be there. */
	CHECK(model_translate(nic_model, shared_iova + MIB(1)) == UINT64_MAX);
	CHECK(model_translate(nic_model, shared_iova + MIB(1) + PAGE) == (uintptr_t)shared + MIB(1) + PAGE);
	CHECK(model_areas() == 2 && ioas_unmap(space, NULL, UINT64_MAX) == 2);
	ioas_detach(nic);
	ioas_destroy(space);
}

static void
attaches_again(void)
{
	in_daemon(map_both, daemon_attaches_again);
}

/* The same without fork(): an area that has lost a part, and a device that comes back. */
static void
cut_areas(void)
{
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, MIB(2));
	CU_ASSERT_TRUE(ioas_forget_end(space, ioas_forget_begin(space, VA(MIB(1)), PAGE), true));
	CU_ASSERT_EQUAL(model_translate(nic_model, iova + MIB(1)), BASE + MIB(1));
	ioas_detach(nic);
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
	CU_ASSERT_EQUAL(model_translate(nic_model, iova + MIB(1)), UINT64_MAX);
	CU_ASSERT_TRUE(unit_translates(0, MIB(1), iova));
	CU_ASSERT_TRUE(unit_translates(MIB(1) + PAGE, MIB(1) - PAGE, iova + MIB(1) + PAGE));
	CU_ASSERT_EQUAL(model_areas(), 2);
}

/* Pages of the table that stand for many GiB would be shared by parent and child. */
static void
child_maps_much(void)
{
	uint64_t iova;

	CHECK(lookup(VA(0)) == IOAS_BAD_IOVA && lookup(VA(GIB(1))) == IOAS_BAD_IOVA);
	CHECK(ioas_map(space, VA(0), GIB(2), &iova) == 0);
	CHECK(lookup(VA(0)) == iova && lookup(VA(GIB(2) - 1)) == iova + GIB(2) - 1);
}

static void
large_areas(void)
{
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, GIB(2));
	in_child(child_maps_much);
	CU_ASSERT_EQUAL(unit_lookup(VA(0)), iova);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(2) - 1)), iova + GIB(2) - 1);
}

/* The new pages of the table are bound to the same nodes as the parent's. */
static unsigned int bound[4];

static int
count_bind(void *start, uint64_t size, int node)
{
	if (node >= 0 && node < 4)
		bound[node]++;
	return unit_model->bind(start, size, node);
}

static void
child_of_nodes(void)
{
	CHECK(bound[0] > 0 && bound[3] > 0);
}

static void
nodes(void)
{
	unit_change_sys()->bind = count_bind;
	map_both();
	memset(bound, 0, sizeof(bound));
	in_child(child_of_nodes);
	CU_ASSERT_TRUE(bound[0] == 0 && bound[3] == 0);
	unmap_both();
}

/* A departure that another thread has begun does not exist in the child, and the child does not wait for it. */
static void
child_maps(void)
{
	alarm(10);
	CHECK(ioas_map(space, shared, MIB(2), NULL) == 0);
}

static void
departures(void)
{
	unsigned int token;

	map_both();
	token = ioas_forget_begin(space, shared, MIB(2));
	ioas_forget_end(space, ioas_forget_begin(space, private, MIB(2)), false);
	CU_ASSERT_EQUAL(lookup(shared), IOAS_BAD_IOVA);
	ioas_forget_end(space, token, true);
	in_child(child_maps);
	CU_ASSERT_EQUAL(ioas_map(space, shared, MIB(2), NULL), 0);
	unmap_both();
}

/* Each of many generations has its own shared memory, and all are alive: none unmaps the memory of another. */
#define GENERATIONS 20

static void
generation(unsigned int n, uint64_t parents)
{
	char *const own = memory(MAP_SHARED);
	uint64_t iova;
	int status = -1;
	pid_t pid;

	if (n > 0) {
		CHECK(ioas_unmap(space, shared, MIB(2)) == 1);
		CHECK(model_translate(nic_model, parents) == (uintptr_t)shared);
	}
	if (n == GENERATIONS)
		return;
	CHECK(ioas_map(space, own, MIB(2), &iova) == 0);
	shared = own;
	pid = fork();
	if (pid == 0) {
		generation(n + 1, iova);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(ioas_unmap(space, own, MIB(2)) == 1 && model_translate(nic_model, iova) == UINT64_MAX);
}

static void
first_generation(void)
{
	generation(0, 0);
}

static void
generations(void)
{
	unit_create(true);
	in_child(first_generation);
}

/*
 * An allocator holds its own lock over a call that removes memory, and takes it before a fork: its handler is
 * registered before the library's, and so called after it.
 */
static sem_t fork_has_begun, memory_has_gone;
static bool allocator_works;

static void *
allocator(void *arg)
{
	sem_wait(&fork_has_begun);
	ioas_forget_end(space, ioas_forget_begin(space, private, PAGE), true);
	sem_post(&memory_has_gone);
	return arg;
}

static void
allocator_before_fork(void)
{
	if (!allocator_works)
		return;
	sem_post(&fork_has_begun);
	sem_wait(&memory_has_gone);
}

static void
child_of_allocator(void)
{
	CHECK(lookup(shared) == shared_iova);
	CHECK(ioas_map(space, private, MIB(2), NULL) == 0);
	CHECK(ioas_forget_end(space, ioas_forget_begin(space, private, PAGE), true));
}

static void
allocator_waits(void)
{
	pthread_t thread;

	map_both();
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, allocator, NULL), 0);
	allocator_works = true;
	alarm(30);
	in_child(child_of_allocator);
	alarm(0);
	allocator_works = false;
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(lookup(private), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(lookup(private + PAGE), private_iova + PAGE);
	unmap_both();
}

__attribute__((constructor)) static void
register_allocator(void)
{
	sem_init(&fork_has_begun, 0, 0);
	sem_init(&memory_has_gone, 0, 0);
	pthread_atfork(allocator_before_fork, NULL, NULL);
}

/* A device comes back while memory that must be mapped again is about to go: the attach waits. */
static void *
attach_again(void *arg)
{
	*(int *)arg = ioas_attach(space, NIC, NULL, &nic);
	return NULL;
}

static void
renewal_waits(void)
{
	pthread_t thread;
	unsigned int token;
	int ret = -1;

	unit_create(true);
	unit_map(0, MIB(2));
	CU_ASSERT_TRUE(ioas_forget_end(space, ioas_forget_begin(space, VA(MIB(1)), PAGE), true));
	ioas_detach(nic);
	token = ioas_forget_begin(space, VA(0), KIB(8));
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, attach_again, &ret), 0);
	for (unsigned int i = 0; i < 50; i++) {
		usleep(1000);
		CU_ASSERT_EQUAL(ioas_device_find(space, NIC), NULL);
	}
	ioas_forget_end(space, token, true);
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(ret, 0);
	CU_ASSERT_TRUE(unit_unmapped(0, KIB(8)));
	CU_ASSERT_EQUAL(model_areas(), 2);
}

static void
child_forgets(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		char *const p = i == 0 ? shared : private;

		munmap(p, MIB(2));
		ioas_forget_end(space, ioas_forget_begin(space, p, MIB(2)), true);
		CHECK(lookup(p) == IOAS_BAD_IOVA);
	}
	CHECK(model_translate(nic_model, shared_iova) == (uintptr_t)shared);
	CHECK(model_translate(nic_model, private_iova) == (uintptr_t)private);
}

static void
silent_fork(void)
{
	map_both();
	in_silent_child(child_forgets);
	unmap_both();
}

UNIT_MAIN("fork",
	  { "a child asks", asks },
	  { "a child takes away", takes_away },
	  { "a kernel without pidfds", no_pidfd },
	  { "a daemon takes over", takes_over },
	  { "a daemon attaches again", attaches_again },
	  { "areas that lost a part, attached again", cut_areas },
	  { "large areas", large_areas },
	  { "nodes of the table", nodes },
	  { "departures", departures },
	  { "generations", generations },
	  { "an allocator with a lock of its own", allocator_waits },
	  { "renewal waits", renewal_waits },
	  { "a fork without handlers", silent_fork })
