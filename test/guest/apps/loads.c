/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Starts EAL and ends it. The action shows how the plugin reacts:
 *
 *	loads EAL-OPTIONS [-- ACTION [PLUGIN]]
 *
 *	close PLUGIN   before EAL starts, the plugin is loaded and closed
 *	late PLUGIN    after EAL has started, the plugin is loaded, and the buses are scanned again
 *	lose           slots get the originals back, as from a thread that binds lazily, and the buses are
 *	               scanned again: the plugin must have found the slots
 */

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_bus.h>
#include <rte_eal.h>
#include <rte_malloc.h>
#include <rte_memory.h>

static int
load(const char *plugin, bool close)
{
	void *const handle = dlopen(plugin, RTLD_NOW);

	if (handle == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return -1;
	}
	return close ? dlclose(handle) : 0;
}

static const void *
dynamic_pointer(ElfW(Sxword) tag)
{
	const ElfW(Dyn) *dyn = _DYNAMIC;

	while (dyn->d_tag != DT_NULL && dyn->d_tag != tag)
		dyn++;
	return (const void *)dyn->d_un.d_ptr;
}

static int
note_base(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	*(ElfW(Addr) *)arg = info->dlpi_addr;
	return 1;
}

/* The slot through which this program calls a function. */
static void **
slot_of(const char *name)
{
	const ElfW(Rela) *rela = dynamic_pointer(DT_JMPREL);
	const ElfW(Sym) *const symbols = dynamic_pointer(DT_SYMTAB);
	const char *const strings = dynamic_pointer(DT_STRTAB);
	const size_t count = (size_t)dynamic_pointer(DT_PLTRELSZ) / sizeof(*rela);
	ElfW(Addr) base = 0;

	dl_iterate_phdr(note_base, &base);
	for (size_t i = 0; i < count; i++)
		if (strcmp(strings + symbols[ELF64_R_SYM(rela[i].r_info)].st_name, name) == 0)
			return (void **)(base + rela[i].r_offset);
	return NULL;
}

static int
lose(const char *name)
{
	void **const slot = slot_of(name);
	void *const real = dlsym(RTLD_DEFAULT, name);
	void *replacement;

	if (slot == NULL || *slot == real) {
		fprintf(stderr, "%s has no slot that leads to the plugin\n", name);
		return -1;
	}
	replacement = *slot;
	*slot = real;
	if (rte_bus_scan() != 0 || *slot != replacement) {
		fprintf(stderr, "the slot of %s is lost\n", name);
		return -1;
	}
	return 0;
}

/* Functions that an application may call, with the slots for them. */
static int
use_memory(void)
{
	void *const page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *const block = rte_malloc(NULL, 64, 0);

	if (page == MAP_FAILED || block == NULL)
		return -1;
	printf("mode %d, %s\n", rte_eal_iova_mode(), rte_mem_virt2iova(block) == (uintptr_t)block
	       ? "IOVAs equal to addresses" : "other IOVAs");
	rte_free(block);
	return munmap(page, 4096);
}

int
main(int argc, char **argv)
{
	const char *action = "", *plugin = NULL;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--") == 0) {
			action = i + 1 < argc ? argv[i + 1] : "";
			plugin = i + 2 < argc ? argv[i + 2] : NULL;
			argc = i;
		}
	if (strcmp(action, "close") == 0 && load(plugin, true) < 0)
		return EXIT_FAILURE;
	if (rte_eal_init(argc, argv) < 0)
		return EXIT_FAILURE;
	if (strcmp(action, "late") == 0 && (load(plugin, false) < 0 || rte_bus_scan() != 0))
		return EXIT_FAILURE;
	if (strcmp(action, "lose") == 0 && (lose("rte_mem_virt2iova") < 0 || lose("munmap") < 0))
		return EXIT_FAILURE;
	if (use_memory() < 0 || rte_eal_cleanup() != 0)
		return EXIT_FAILURE;
	printf("ended\n");
	return EXIT_SUCCESS;
}
