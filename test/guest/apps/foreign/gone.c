/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Memory that goes in other ways than by a system call of the application. */

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_malloc.h>

#include "foreign.h"

#define LENGTH (4 * LARGE_PAGE)

/* New memory at the place of old memory with this IOVA. */
static void
need_new(const char *when, char *va, size_t length)
{
	new_memory(va, length);
	write_new(va);
	need_asked(when, va);
	munmap(va, length);
}

static void
unregister_and_free(void *arg __rte_unused)
{
	char *p = NULL, *again = NULL;

	for (unsigned int turn = 0; turn < 3; turn++) {
		need(posix_memalign((void **)&p, LARGE_PAGE, LENGTH) == 0, "no memory");
		write_new(p);
		write_new(p + LENGTH - SMALL_PAGE);
		need(rte_extmem_register(p, LENGTH, NULL, 0, SMALL_PAGE) == 0, "rte_extmem_register");
		need_asked("registered", p);
		need_asked("the last page", p + LENGTH - SMALL_PAGE);
		need(rte_extmem_unregister(p, LENGTH) == 0, "rte_extmem_unregister");
		free(p);
		need(again == NULL || again == p, "the allocator has other memory: this is no test");
		again = p;
	}
}

static void
heap_memory(void *arg __rte_unused)
{
	char *const p = new_memory(NULL, LENGTH);

	write_new(p);
	need(rte_malloc_heap_create("foreign") == 0, "rte_malloc_heap_create");
	need(rte_malloc_heap_memory_add("foreign", p, LENGTH, NULL, LENGTH / SMALL_PAGE, SMALL_PAGE) == 0,
	     "rte_malloc_heap_memory_add");
	write_new(p + SMALL_PAGE);
	need_asked("memory of a heap", p + SMALL_PAGE);
	need(rte_malloc_heap_memory_remove("foreign", p, LENGTH) == 0, "rte_malloc_heap_memory_remove");
	need(rte_malloc_heap_destroy("foreign") == 0, "rte_malloc_heap_destroy");
	munmap(p, LENGTH);
	need_new("after it", p, LENGTH);
}

/* The library is loaded after the plugin has bound all slots. */
static void
late_library(void *arg __rte_unused)
{
	void *const library = dlopen("/share/foreign_library.so", RTLD_NOW);
	void *(*get)(size_t length);
	int (*give)(void *p, size_t length);
	char *p;

	need(library != NULL, "%s", dlerror());
	*(void **)&get = dlsym(library, "library_get");
	*(void **)&give = dlsym(library, "library_give");
	p = get(LENGTH);
	write_new(p);
	need_asked("memory of the library", p);
	need(give(p, LENGTH) == 0, "library_give");
	need_new("after the library has unmapped it", p, LENGTH);
}

static void
spawn_between(void *arg __rte_unused)
{
	char *const p = new_memory(NULL, LENGTH), *const argv[] = { (char *)(uintptr_t)"true", NULL };
	rte_iova_t iova;
	pid_t pid;
	int status;

	write_new(p);
	iova = need_asked("before", p);
	need(posix_spawn(&pid, "/bin/true", NULL, NULL, argv, NULL) == 0, "posix_spawn");
	waitpid(pid, &status, 0);
	pid = vfork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, &status, 0);
	write_new(p);
	need(need_asked("after posix_spawn and vfork", p) == iova, "another IOVA");
	do_munmap(p, LENGTH);
	settle();
	need_new("after munmap", p, LENGTH);
}

static void
grow_in_place(void *arg __rte_unused)
{
	char *const p = new_memory(empty_place(LENGTH), SMALL_PAGE);
	rte_iova_t iova;

	write_new(p);
	iova = need_asked("before", p);
	need(do_mremap(p, SMALL_PAGE, LENGTH, 0, NULL) == p, "mremap");
	write_new(p);
	write_new(p + SMALL_PAGE);
	need(need_asked("what was there", p) == iova, "another IOVA");
	need_asked("what is new", p + SMALL_PAGE);
	do_munmap(p, LENGTH);
}

/* Two threads use one page each of one large mapping. Both notice that the other's has gone. */
struct piece {
	char *p;
	const char *why;
};

static void
replace_page(void *arg)
{
	struct piece *const piece = arg;

	for (unsigned int turn = 0; turn < 5; turn++) {
		write_new(piece->p);
		need_asked("a page", piece->p);
		need(do_munmap(piece->p, SMALL_PAGE) == 0, "munmap");
		settle();
		new_memory(piece->p, SMALL_PAGE);
	}
}

static void *
replace_in_thread(void *arg)
{
	struct piece *const piece = arg;
	const char *const why = try_case(replace_page, piece);

	piece->why = why == NULL ? NULL : strdup(why);
	return NULL;
}

static void
threads(void *arg __rte_unused)
{
	struct piece pieces[4];
	pthread_t thread[RTE_DIM(pieces)];
	char *const p = new_memory(NULL, RTE_DIM(pieces) * SMALL_PAGE);

	for (unsigned int i = 0; i < RTE_DIM(pieces); i++) {
		pieces[i] = (struct piece){ .p = p + i * SMALL_PAGE };
		need(pthread_create(&thread[i], NULL, replace_in_thread, &pieces[i]) == 0, "no thread");
	}
	for (unsigned int i = 0; i < RTE_DIM(pieces); i++)
		pthread_join(thread[i], NULL);
	for (unsigned int i = 0; i < RTE_DIM(pieces); i++)
		need(pieces[i].why == NULL, "%s", pieces[i].why);
	munmap(p, RTE_DIM(pieces) * SMALL_PAGE);
}

void
gone_cases(void)
{
	static const struct named_case cases[] = {
		{ "rte_extmem_unregister, free, allocate", unregister_and_free },
		{ "memory of a heap that is removed", heap_memory },
		{ "a library that is loaded late", late_library },
		{ "posix_spawn and vfork in between", spawn_between },
		{ "memory that grows in place", grow_in_place },
		{ "pages of one mapping on several threads", threads },
	};

	run_cases(cases, RTE_DIM(cases));
}

/* ---- cases that only the kernel reports ---- */

static void
free_block(void *arg __rte_unused)
{
	char *const p = malloc(LENGTH), *const page = RTE_PTR_ALIGN(p, SMALL_PAGE);

	need(p != NULL, "no memory");
	write_new(page);
	need_asked("before", page);
	free(p);
	settle();
	need_new("after free", RTE_PTR_ALIGN_FLOOR(p, SMALL_PAGE), LENGTH);
}

static void
reallocate(void *arg __rte_unused)
{
	char *const p = malloc(LENGTH), *const page = RTE_PTR_ALIGN(p, SMALL_PAGE), *moved;
	char *const wall = mmap(RTE_PTR_ALIGN(p + LENGTH, SMALL_PAGE), SMALL_PAGE, PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	need(p != NULL && wall != MAP_FAILED, "no memory");
	write_new(page);
	need_asked("before", page);
	moved = realloc(p, 4 * LENGTH);
	need(moved != NULL && moved != p, "realloc has not moved it: this is no test");
	settle();
	write_new(RTE_PTR_ALIGN(moved, SMALL_PAGE));
	need_asked("where realloc has moved it", RTE_PTR_ALIGN(moved, SMALL_PAGE));
	need_new("where it was", RTE_PTR_ALIGN_FLOOR(p, SMALL_PAGE), SMALL_PAGE * 4);
	free(moved);
	munmap(wall, SMALL_PAGE);
}

static void *
ask_own_stack(void *arg)
{
	char local[3 * SMALL_PAGE], *const page = RTE_PTR_ALIGN(&local[0], SMALL_PAGE);
	struct piece *const piece = arg;
	const struct spot spot = { page, rte_mem_virt2iova(page) };

	write_new(page);
	piece->p = spot.iova == RTE_BAD_IOVA ? NULL : page;
	return NULL;
}

static void
stack(void *arg __rte_unused)
{
	struct piece piece = { 0 };
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	/* More than libc keeps for the next thread. */
	pthread_attr_setstacksize(&attr, 64 * MB);
	need(pthread_create(&thread, &attr, ask_own_stack, &piece) == 0, "no thread");
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
	need(piece.p != NULL, "no IOVA for a stack");
	settle();
	need_new("after the thread has ended", piece.p, SMALL_PAGE);
}

static void
end_of_heap(void *arg __rte_unused)
{
	void *const small = malloc(100 * KB);
	char *p;
	rte_iova_t iova;

	/* Then libc has some of its heap left, and takes none beyond this program's. */
	free(small);
	p = RTE_PTR_ALIGN((char *)sbrk(2 * LENGTH), SMALL_PAGE);
	write_new(p);
	write_new(p + LENGTH);
	iova = need_asked("the first page", p);
	need_asked("a page that goes", p + LENGTH);
	need(sbrk(-(intptr_t)(LENGTH + LENGTH / 2)) != (void *)-1, "sbrk: %s", strerror(errno));
	settle();
	need(sbrk(LENGTH + LENGTH / 2) != (void *)-1, "sbrk: %s", strerror(errno));
	write_new(p);
	write_new(p + LENGTH);
	need(need_asked("the first page again", p) == iova, "another IOVA");
	need_asked("new memory in the place of what has gone", p + LENGTH);
}

static void
unload(void *arg __rte_unused)
{
	void *const library = dlopen("/share/foreign_library.so", RTLD_NOW);
	char *page;

	need(library != NULL, "%s", dlerror());
	page = RTE_PTR_ALIGN((char *)dlsym(library, "library_data"), SMALL_PAGE);
	write_new(page);
	need_asked("the library's data", page);
	need(dlclose(library) == 0, "%s", dlerror());
	settle();
	need_new("after dlclose", page, SMALL_PAGE);
}

static void
trim(void *arg __rte_unused)
{
	char *blocks[64], *page;

	for (unsigned int i = 0; i < RTE_DIM(blocks); i++)
		need((blocks[i] = malloc(100 * KB)) != NULL, "no memory");
	page = RTE_PTR_ALIGN(blocks[RTE_DIM(blocks) / 2], SMALL_PAGE);
	write_new(page);
	need_asked("before", page);
	for (unsigned int i = 0; i < RTE_DIM(blocks); i++)
		free(blocks[i]);
	malloc_trim(0);
	settle();
	for (unsigned int i = 0; i < RTE_DIM(blocks); i++)
		need((blocks[i] = malloc(100 * KB)) != NULL, "no memory");
	write_new(page);
	need_asked("after malloc_trim", page);
	for (unsigned int i = 0; i < RTE_DIM(blocks); i++)
		free(blocks[i]);
}

void
kernel_cases(void)
{
	static const struct named_case cases[] = {
		{ "free of a large block", free_block },
		{ "realloc that moves", reallocate },
		{ "the stack of a thread that ends", stack },
		{ "sbrk", end_of_heap },
		{ "malloc_trim", trim },
		{ "dlclose", unload },
	};

	/* libc changes it by itself. */
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	/* At first use the library allocates memory, perhaps at the address that was freed. */
	try_case(free_block, NULL);
	run_cases(cases, RTE_DIM(cases));
}
