/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Measures EAL's functions with the same purpose, next to the plugin's single lookup.
 *
 * EAL runs in a child process, because it cannot be started twice, changes the affinity of its caller, and
 * may end the process when it fails. Without hugepages it has one memory list, of 4 KiB pages. The large
 * working sets are external memory of 2 MiB pages: address space without memory, in a list at the place of
 * the last list that EAL makes by default. The first list has as many used pages as the working set.
 *
 * rte_mem_virt2iova() in mode PA reads /proc/self/pagemap. A process has one mode, and without hugepages it
 * is VA. But before rte_eal_init() the mode is not decided yet, and the function then behaves as in mode PA.
 * With the plugin and a device the function is the plugin's, and the original is measured next to it.
 */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_memory.h>
#include <rte_version.h>

#include "bench.h"
#include "perf.h"
#include "table.h"

#define SUITE "eal"
#define N_SIZES 4
static const uint64_t sizes[N_SIZES] = { MIB(64), GIB(1), GIB(64), TIB(1) };

/* The exit status of the child. */
enum { CHILD_DONE, CHILD_NO_EAL = 10, CHILD_FAILED };

/* Pages to look up: in one range, or blocks anywhere. */
struct place {
	uint64_t base, page, pages;
	void *const *blocks;    /* their addresses; NULL: a range */
};

struct pass {
	struct addresses addresses;
	const struct ioas_table *table;
	unsigned int n;         /* the number of addresses to use */
};

struct variant {
	const char *name;
	void (*run)(struct pass *pass);
	struct place place;
	bool slow;              /* microseconds, not nanoseconds */
	struct result *result;
};

#define MAX_VARIANTS 6
#define SLOW_PASS 64

static rte_iova_t (*stock_virt2phy)(const void *va);

static inline rte_iova_t
virt2memseg(const void *va)
{
	const struct rte_memseg *const ms = rte_mem_virt2memseg(va, NULL);

	return ms == NULL ? RTE_BAD_IOVA : ms->iova + ((uintptr_t)va - ms->addr_64);
}

#define PASS_OF(name, lookup)                                                          \
	__attribute__((noinline, aligned(64))) static void                            \
	pass_ ## name(struct pass *pass)                                              \
	{                                                                             \
		const struct ioas_table *const table = pass->table;                   \
                                                                                      \
		(void)table;                                                          \
		for (unsigned int i = 0; i < pass->n; i++) {                          \
			const void *const va = pass->addresses.va[i];                 \
                                                                                      \
			CONSUME(lookup);                                              \
		}                                                                     \
	}

PASS_OF(single, ioas_lookup(table, va))
PASS_OF(virt2iova, rte_mem_virt2iova(va))
PASS_OF(virt2phy, stock_virt2phy(va))
PASS_OF(virt2memseg, virt2memseg(va))
PASS_OF(malloc_virt2iova, rte_malloc_virt2iova(va))

/* ---- samples and rounds ---- */

static void
fill(struct addresses *addresses, const struct place *place)
{
	if (place->blocks == NULL) {
		addresses_fill(addresses, place->base, place->page, place->pages, false);
		return;
	}
	for (unsigned int i = 0; i < PASS; i++)
		addresses->va[i] = place->blocks[random_below(&addresses->random, place->pages)];
}

static double
sample(struct pass *pass, const struct variant *variant, bool quick, double clock)
{
	const unsigned int warm = quick || variant->slow ? 1 : 8;
	const unsigned int timed = quick ? 1 : variant->slow ? 2 : 16;
	double ns = 0;

	pass->n = variant->slow ? SLOW_PASS : PASS;
	for (unsigned int i = 0; i < warm + timed; i++) {
		uint64_t start;

		fill(&pass->addresses, &variant->place);
		start = now_ns();
		variant->run(pass);
		if (i >= warm)
			ns += now_ns() - start - clock;
	}
	return ns / (timed * pass->n);
}

/* Adds the results for the variants on one working set, and measures them. */
static int
measure(const struct options *options, struct results *results, const struct ioas_table *table,
	struct variant *variants, unsigned int n, uint64_t size)
{
	static struct pass pass;
	const unsigned int rounds = options->rounds != 0 ? options->rounds : options->quick ? 2 : 41;
	const double clock = clock_cost();
	unsigned int order[MAX_VARIANTS];
	uint64_t random = size + 1;

	for (unsigned int i = 0; i < n; i++) {
		struct result what = {
			.suite = SUITE,
			.working_set = size,
			.pattern = "random",
			.threads = 1,
			.unit = "ns",
		};

		snprintf(what.name, sizeof(what.name), "%s", variants[i].name);
		variants[i].result = results_add(results, &what);
		if (variants[i].result == NULL)
			return -ENOSPC;
	}
	pass.table = table;
	pass.addresses.random = 1;
	for (unsigned int round = 0; round < rounds; round++) {
		progress(SUITE ": round %u of %u", round + 1, rounds);
		shuffle(order, n, &random);
		for (unsigned int i = 0; i < n; i++)
			result_sample(variants[order[i]].result,
				      sample(&pass, &variants[order[i]], options->quick, clock));
	}
	return 0;
}

/* ---- before EAL starts ---- */

static int
measure_mode_pa(const struct options *options, struct results *results)
{
	struct variant variant = {
		.name = "rte_mem_virt2iova, mode PA",
		.run = pass_virt2iova,
		.slow = true,
	};
	void *memory;
	int ret;

	if (rte_eal_iova_mode() == RTE_IOVA_VA || access("/proc/self/pagemap", R_OK) < 0) {
		results_note(results, SUITE, "mode PA is left out: /proc/self/pagemap cannot be read");
		return 0;
	}
	memory = mmap(NULL, sizes[0], PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		return -ENOMEM;
	variant.place = (struct place){ .base = (uintptr_t)memory, .page = PAGE_2M,
					.pages = sizes[0] / PAGE_2M };
	ret = measure(options, results, NULL, &variant, 1, sizes[0]);
	munmap(memory, sizes[0]);
	return ret;
}

/* ---- EAL's memory lists ---- */

struct lists {
	unsigned int n;
	struct place first, last;
};

static int
see_list(const struct rte_memseg_list *msl, void *arg)
{
	struct lists *const lists = arg;
	const struct place place = {
		.base = (uintptr_t)msl->base_va,
		.page = msl->page_sz,
		.pages = msl->len / msl->page_sz,
	};

	if (lists->n++ == 0)
		lists->first = place;
	lists->last = place;
	return 0;
}

static unsigned int
count_entries(const char *path, const char *prefix)
{
	DIR *const dir = opendir(path);
	unsigned int n = 0;

	for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			n++;
	if (dir != NULL)
		closedir(dir);
	return n;
}

/* The number of lists that EAL would make here with hugepages: for each page size and node enough for
 * RTE_MAX_MEM_MB_PER_TYPE, with a limited number of pages and amount of memory in each. */
static unsigned int
default_lists(void)
{
	const unsigned int nodes = count_entries("/sys/devices/system/node", "node");
	const uint64_t per_type = (uint64_t)RTE_MAX_MEM_MB_PER_TYPE << 20;
	unsigned int n = 0;

	if (count_entries("/sys/kernel/mm/hugepages", "hugepages-2048kB") > 0)
		n += per_type / (RTE_MAX_MEMSEG_PER_LIST * PAGE_2M);
	if (count_entries("/sys/kernel/mm/hugepages", "hugepages-1048576kB") > 0)
		n += per_type / ((uint64_t)RTE_MAX_MEM_MB_PER_LIST << 20);
	n *= nodes > 0 ? nodes : 1;
	return n < 2 ? 2 : n > RTE_MAX_MEMSEG_LISTS / 2 ? RTE_MAX_MEMSEG_LISTS / 2 : n;
}

/* Address space without memory, aligned to 2 MiB. */
static char *
reserve(uint64_t size)
{
	char *const start = mmap(NULL, size + PAGE_2M, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint64_t before;

	if (start == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)start & (PAGE_2M - 1);
	if (before > 0)
		munmap(start, before);
	munmap(start + before + size, PAGE_2M - before);
	return start + before;
}

/* Registers external memory without memory. */
static void *
register_external(uint64_t size)
{
	const unsigned int pages = size / PAGE_2M;
	char *const memory = reserve(size);
	rte_iova_t *const iova = calloc(pages, sizeof(*iova));
	bool done = false;

	if (memory != NULL && iova != NULL) {
		for (unsigned int i = 0; i < pages; i++)
			iova[i] = GIB(4) + i * PAGE_2M;
		done = rte_extmem_register(memory, size, iova, pages, PAGE_2M) == 0;
	}
	free(iova);
	if (!done && memory != NULL)
		munmap(memory, size);
	return done ? memory : NULL;
}

/* ---- with EAL ---- */

/* Whether the plugin answers, with another IOVA than the pagemap's. */
static bool
plugin_answers(const void *va)
{
	const rte_iova_t iova = rte_mem_virt2iova(va);

	return stock_virt2phy != NULL && rte_eal_iova_mode() == RTE_IOVA_PA &&
	       iova != RTE_BAD_IOVA && iova != stock_virt2phy(va);
}

static void
find_stock(void)
{
	/* Not its address in this program, which may be that of a stub. */
	void *const any = dlsym(RTLD_DEFAULT, "rte_strerror");
	Dl_info info;
	void *eal;

	if (any == NULL || dladdr(any, &info) == 0)
		return;
	eal = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
	if (eal != NULL)
		*(void **)&stock_virt2phy = dlsym(eal, "rte_mem_virt2phy");
}

/* rte_malloc_virt2iova() and rte_mem_virt2iova(), on 32 blocks of EAL's own memory. */
static int
measure_heap(const struct options *options, struct results *results)
{
	static void *blocks[32];
	const bool pa = rte_eal_iova_mode() == RTE_IOVA_PA;
	const struct place heap = { .blocks = blocks, .pages = 32 };
	struct variant variants[MAX_VARIANTS];
	unsigned int n = 0;
	int ret;

	for (unsigned int i = 0; i < 32; i++) {
		blocks[i] = rte_malloc(NULL, MIB(1), 64);
		if (blocks[i] == NULL) {
			results_note(results, SUITE, "the functions for EAL's heap are left out: not 32 MiB in it");
			return 0;
		}
		memset(blocks[i], 0, KIB(4));
	}
	find_stock();
	variants[n++] = (struct variant){
		.name = pa ? "rte_malloc_virt2iova, mode PA" : "rte_malloc_virt2iova, mode VA",
		.run = pass_malloc_virt2iova, .place = heap };
	if (plugin_answers(blocks[0])) {
		variants[n++] = (struct variant){ .name = "rte_mem_virt2iova, plugin",
						  .run = pass_virt2iova, .place = heap };
		variants[n++] = (struct variant){ .name = "rte_mem_virt2phy, stock",
						  .run = pass_virt2phy, .place = heap,
						  .slow = true };
	} else {
		results_note(results, SUITE, "the plugin's rte_mem_virt2iova is left out: no plugin, "
			     "or no device for it (-- -d librte_bus_ioas.so -a ADDRESS)");
		if (!pa)
			variants[n++] = (struct variant){ .name = "rte_mem_virt2iova, mode VA",
							  .run = pass_virt2iova, .place = heap };
	}
	ret = measure(options, results, NULL, variants, n, sizes[0]);
	for (unsigned int i = 0; i < 32; i++)
		rte_free(blocks[i]);
	return ret;
}

/* rte_mem_virt2memseg() in the first and the last list, next to the plugin's lookup. */
static int
measure_lists(const struct options *options, struct results *results, struct table *table,
	      const struct lists *lists, uint64_t size, void *external)
{
	const uint64_t pages = size / PAGE_2M;
	struct variant variants[MAX_VARIANTS];
	struct place first = lists->first, last = lists->last;
	unsigned int n = 0;

	if (external != NULL)
		last = (struct place){ .base = (uintptr_t)external, .page = PAGE_2M,
				       .pages = pages };
	if (last.page < PAGE_2M || last.pages < pages) {
		results_note(results, SUITE, "%" PRIu64 " pages are left out: EAL's last list has fewer",
			     pages);
		return 0;
	}
	last.pages = pages;
	if (table_prepare(table, last.base, last.pages * last.page) < 0)
		return -ENOMEM;
	/* Piece by piece, as if no IOVAs were consecutive. */
	for (uint64_t at = last.base; at < last.base + last.pages * last.page; at += PAGE_2M)
		table_set(table, at, PAGE_2M, GIB(4));
	variants[n++] = (struct variant){ .name = "single", .run = pass_single, .place = last };
	variants[n++] = (struct variant){ .name = "rte_mem_virt2memseg, last list",
					  .run = pass_virt2memseg, .place = last };
	if (first.pages >= pages) {
		first.pages = pages;
		variants[n++] = (struct variant){ .name = "rte_mem_virt2memseg, 1st list",
						  .run = pass_virt2memseg, .place = first };
	}
	return measure(options, results, table_reader(table, 0), variants, n, size);
}

static int
measure_sizes(const struct options *options, struct results *results)
{
	static const int node = -1;
	struct lists lists = { .n = 0 };
	struct table table;
	int ret;

	rte_memseg_list_walk(see_list, &lists);
	if (lists.n == 0)
		return 0;
	ret = table_create(&table, &ioas_sys_linux, &node, 1);
	if (ret < 0)
		return ret;
	if (!rte_eal_has_hugepages()) {
		const unsigned int n = default_lists();

		for (; lists.n < n - 1; lists.n++)
			if (register_external(PAGE_2M) == NULL)
				break;
		results_note(results, SUITE, "no hugepages used; %u memory lists, as many as EAL would make "
			     "by default with them", n);
	}
	for (unsigned int i = 0; ret == 0 && i < N_SIZES; i++) {
		void *external = NULL;

		if (!rte_eal_has_hugepages()) {
			external = register_external(sizes[i]);
			if (external == NULL) {
				results_note(results, SUITE, "%" PRIu64 " GiB are left out: no room",
					     sizes[i] / GIB(1));
				continue;
			}
		}
		ret = measure_lists(options, results, &table, &lists, sizes[i], external);
		if (external != NULL) {
			rte_extmem_unregister(external, sizes[i]);
			munmap(external, sizes[i]);
		}
	}
	table_destroy(&table);
	return ret;
}

static int
child(const struct options *options, struct results *results)
{
	static char defaults[][24] = { "dpdk-ioas-perf", "--no-huge", "--no-shconf", "--no-pci",
				       "--no-telemetry", "-m", "128", "--log-level=error", "-l", "" };
	const int n_defaults = sizeof(defaults) / sizeof(defaults[0]);
	char *argv[128] = { defaults[0] };
	int argc = 1, ret, cpu;

	if (cpus_allowed(&cpu, 1) == 0)
		return CHILD_FAILED;
	pin(cpu);
	if (options->n_eal > 100)
		return CHILD_NO_EAL;
	snprintf(defaults[n_defaults - 1], sizeof(defaults[0]), "%d", cpu);
	for (int i = 1; options->n_eal == 0 && i < n_defaults; i++)
		argv[argc++] = defaults[i];
	for (int i = 0; i < options->n_eal; i++)
		argv[argc++] = options->eal[i];
	/* Standard output is for the report. */
	fflush(stdout);
	dup2(STDERR_FILENO, STDOUT_FILENO);

	ret = measure_mode_pa(options, results);
	if (ret < 0)
		return CHILD_FAILED;
	if (rte_eal_init(argc, argv) < 0) {
		results_note(results, SUITE, "left out: rte_eal_init: %s", rte_strerror(rte_errno));
		return CHILD_DONE;
	}
	ret = measure_heap(options, results);
	if (ret == 0)
		ret = measure_sizes(options, results);
	rte_eal_cleanup();
	return ret < 0 ? CHILD_FAILED : CHILD_DONE;
}

int
eal_run(const struct options *options, struct results *results)
{
	const pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(child(options, results));
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	if (WIFSIGNALED(status))
		results_note(results, SUITE, "left out: EAL ended with signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) == CHILD_FAILED)
		return -EIO;
	else if (WEXITSTATUS(status) != CHILD_DONE)
		results_note(results, SUITE, "left out: EAL ended with status %d", WEXITSTATUS(status));
	return 0;
}

const char *
eal_version(void)
{
	return rte_version();
}
