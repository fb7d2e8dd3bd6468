/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Shared DPDK: points the import slots of every loaded object at the replacements.
 *
 * An object calls a function of another object through a slot in its own data. The dynamic linker fills the
 * slot (JUMP_SLOT, GLOB_DAT; a plain address in an initialised table of functions). This file walks all
 * objects except the plugin, and objects that are loaded later once they are there. RELRO write-protects
 * slots. The protection is lifted for one page at a time, only inside PT_GNU_RELRO, and only if the object is
 * fully relocated (count_relocated()): then the page was read-only before, and is read-only again afterwards.
 * If the plugin was linked or preloaded before EAL, the dynamic linker has already filled the slots of EAL's
 * functions with the replacements. The slots of libc's functions are always written here.
 */

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bind.h"
#include "eals.h"
#include "ioas_bus.h"
#include "objects.h"
#include "seams.h"

#if defined(__x86_64__)
#define RELOC_JUMP_SLOT R_X86_64_JUMP_SLOT
#define RELOC_GLOB_DAT R_X86_64_GLOB_DAT
#define RELOC_ADDRESS R_X86_64_64
#elif defined(__aarch64__)
#define RELOC_JUMP_SLOT R_AARCH64_JUMP_SLOT
#define RELOC_GLOB_DAT R_AARCH64_GLOB_DAT
#define RELOC_ADDRESS R_AARCH64_ABS64
#elif defined(__powerpc64__) && defined(_CALL_ELF) && _CALL_ELF == 2
#define RELOC_JUMP_SLOT R_PPC64_JMP_SLOT
#define RELOC_GLOB_DAT R_PPC64_GLOB_DAT
#define RELOC_ADDRESS R_PPC64_ADDR64
#else
#error "relocation types of this architecture are not known"
#endif

/* A slot through which a replaced function is called. */
struct slot {
	void **where;
	unsigned int seam;
	bool protect; /* by RELRO */
};

/* The loaded objects, in the order of loading. */
struct loaded {
	size_t count;
	unsigned long long adds, subs; /* numbers of loads and unloads so far */
};

/* One pass over the objects. */
struct pass {
	bool bind;             /* write each object's slots at once, while no object can be unloaded */
	struct loaded loaded;  /* those that are relocated */
	size_t known;          /* the number of objects to skip */
	size_t objects;        /* the number of objects visited */
	bool again;            /* an object was unloaded, so numbers now mean other objects */
	bool changed;          /* objects were loaded or unloaded since the last pass */
	int error;
};

struct seam_originals seam_found;

static pthread_mutex_t bind_lock = PTHREAD_MUTEX_INITIALIZER;
/* Set by seams_bind(). Nothing is bound without it. */
static bool binds;
/* The objects of the last successful pass, and their slots. */
static struct loaded bound;
static struct slot *slots;
static size_t n_slots, slots_room;
/* The letters at each place of the replaced functions' names. Nearly all other imports differ in the first
 * few letters. */
#define LETTERS 12
static bool seam_letters[LETTERS][UCHAR_MAX + 1];

static void *
original(const struct seam *seam)
{
	return seam->original != NULL ? *seam->original : dlsym(RTLD_DEFAULT, seam->name);
}

static void
note_letters(const char *name)
{
	for (unsigned int i = 0; i < LETTERS; i++) {
		seam_letters[i][(unsigned char)name[i]] = true;
		if (name[i] == '\0')
			return;
	}
}

/* Whether a name can be that of a replaced function. */
static bool
has_letters(const char *name)
{
	for (unsigned int i = 0; i < LETTERS && seam_letters[i][(unsigned char)name[i]]; i++)
		if (name[i] == '\0' || i == LETTERS - 1)
			return true;
	return false;
}

/* Adds a relocation's slot if its function is replaced. */
static int
add_slot(const struct object *object, const ElfW(Rela) *rela)
{
	const unsigned int type = ELF64_R_TYPE(rela->r_info);
	const ElfW(Sym) *const symbol = &object->symbols[ELF64_R_SYM(rela->r_info)];
	const char *const name = object->strings + symbol->st_name;
	const uintptr_t slot = object->base + rela->r_offset;
	unsigned int seam = 0;

	if ((type != RELOC_JUMP_SLOT && type != RELOC_GLOB_DAT && type != RELOC_ADDRESS) ||
	    rela->r_addend != 0 || !has_letters(name))
		return 0;
	while (seam < SEAM_COUNT && strcmp(name, seam_table[seam].name) != 0)
		seam++;
	if (seam == SEAM_COUNT)
		return 0;
	if (n_slots == slots_room) {
		const size_t room = slots_room + 256;
		struct slot *const more = realloc(slots, room * sizeof(*more));

		if (more == NULL)
			return -ENOMEM;
		slots = more;
		slots_room = room;
	}
	slots[n_slots++] = (struct slot){ (void **)slot, seam,
		slot >= object->relro_first && slot < object->relro_end };
	return 0;
}

static uintptr_t
page_of(const struct slot *slot)
{
	return (uintptr_t)slot->where & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
}

static int
protect_page(const struct slot *slot, int prot)
{
	if (slot->protect && mprotect((void *)page_of(slot), sysconf(_SC_PAGESIZE), prot) != 0)
		return -errno;
	return 0;
}

/* Writes the replacements into the slots of one page, or the originals. */
static int
write_page(const struct slot *first, size_t count, bool bind)
{
	bool writable = false;
	int ret;

	for (size_t i = 0; i < count; i++) {
		const struct seam *const seam = &seam_table[first[i].seam];

		if ((*first[i].where == seam->replacement) == bind)
			continue;
		if (!writable) {
			ret = protect_page(first, PROT_READ | PROT_WRITE);
			if (ret < 0)
				return ret;
			writable = true;
		}
		__atomic_store_n(first[i].where, bind ? seam->replacement : original(seam),
				 __ATOMIC_RELEASE);
	}
	return writable ? protect_page(first, PROT_READ) : 0;
}

/* The same for all slots from the nth on. Restores as many originals as possible. */
static int
write_slots(size_t nth, bool bind)
{
	size_t count;

	for (size_t i = nth; i < n_slots; i += count) {
		int ret;

		count = 1;
		while (i + count < n_slots && page_of(&slots[i + count]) == page_of(&slots[i]))
			count++;
		ret = write_page(&slots[i], count, bind);
		if (ret < 0 && bind)
			return ret;
	}
	return 0;
}

static int
count_object(struct dl_phdr_info *info, size_t size __rte_unused, void *arg)
{
	struct loaded *const loaded = arg;

	loaded->count++;
	loaded->adds = info->dlpi_adds;
	loaded->subs = info->dlpi_subs;
	return 0;
}

/* Counts the loaded objects that are relocated. The dynamic linker lists an object before it relocates it. */
static struct loaded
count_relocated(void)
{
	struct loaded loaded = { 0 };
	void *program;

	dl_iterate_phdr(count_object, &loaded);
	if (loaded.adds == bound.adds)
		return loaded;
	/* Waits until other threads have finished loading. If EAL loads the plugin, this thread has relocated
	 * all objects that it has listed. */
	program = dlopen(NULL, RTLD_LAZY | RTLD_NOLOAD);
	if (program != NULL)
		dlclose(program);
	return loaded;
}

static int
walk_object(struct dl_phdr_info *info, size_t size __rte_unused, void *arg)
{
	struct pass *const pass = arg;
	const size_t nth = n_slots;
	struct object object;

	pass->again = info->dlpi_subs != pass->loaded.subs;
	if (pass->again || pass->objects == pass->loaded.count)
		return 1;
	if (pass->objects++ < pass->known || !object_read(&object, info) || object.is_plugin)
		return 0;
	for (unsigned int t = 0; t < 2; t++)
		for (size_t i = 0; i < object.counts[t] && pass->error == 0; i++)
			pass->error = add_slot(&object, &object.tables[t][i]);
	if (pass->error == 0 && pass->bind)
		pass->error = write_slots(nth, true);
	return pass->error;
}

/* Visits all objects that were loaded since the last pass. After a failure the next pass visits all objects. */
static void
walk_objects(struct pass *pass)
{
	do {
		pass->objects = 0;
		pass->loaded = count_relocated();
		/* New objects come last, unless one was unloaded. */
		pass->known = pass->loaded.subs == bound.subs ? bound.count : 0;
		if (pass->known == 0)
			n_slots = 0;
		dl_iterate_phdr(walk_object, pass);
	} while (pass->again && pass->error == 0);
	bound = pass->error == 0 ? pass->loaded : (struct loaded){ 0 };
}

/* Binds slots again that a thread has bound to the original, because it had looked up the function before.
 * Called for the first object: until it returns, no object can be unloaded. */
static int
check_slots(struct dl_phdr_info *info, size_t size __rte_unused, void *arg)
{
	struct pass *const pass = arg;

	pass->changed = info->dlpi_adds != bound.adds || info->dlpi_subs != bound.subs;
	if (!pass->changed)
		pass->error = write_slots(0, true);
	return 1;
}

static void
find_originals(void)
{
	void *const eal = eals_open();

	if (eal == NULL)
		return;
	for (unsigned int i = 0; i < SEAM_COUNT; i++)
		if (seam_table[i].original != NULL)
			*seam_table[i].original = dlsym(eal, seam_table[i].name);
	/* The objects that call EAL keep it loaded. */
	dlclose(eal);
}

const struct seam_originals *
seam_originals(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, find_originals);
	return &seam_found;
}

static int
check_originals(void)
{
	if (seam_originals()->rte_bus_scan == NULL) {
		BUS_IOAS_LOG(ERR, "cannot find librte_eal among the loaded libraries: run the plugin with a DPDK "
			     "application, link with dpdk-ioas-static if that has DPDK linked in");
		return -ENOENT;
	}
	for (unsigned int i = 0; i < SEAM_COUNT; i++) {
		if (seam_table[i].original == NULL || *seam_table[i].original != NULL)
			continue;
		BUS_IOAS_LOG(ERR, "librte_eal does not have the function %s: this build of DPDK is not one that the "
			     "plugin knows", seam_table[i].name);
		return -ENOENT;
	}
	return 0;
}

/*
 * rte_eal_init() must reach the plugin by these functions. Without a slot for them (in a library linked with
 * -Bsymbolic, for example) half of DPDK would see the plugin's IOVAs, and half would not.
 */
static int
check_required(void)
{
	static const char *const required[] = {
		"rte_bus_scan", "rte_bus_probe", "rte_bus_get_iommu_class",
		"rte_eal_using_phys_addrs", "rte_mem_virt2iova", "mmap64", "munmap",
	};
	bool found[SEAM_COUNT] = { false };

	for (size_t i = 0; i < n_slots; i++)
		found[slots[i].seam] = true;
	for (unsigned int r = 0; r < RTE_DIM(required); r++)
		for (unsigned int i = 0; i < SEAM_COUNT; i++)
			if (strcmp(required[r], seam_table[i].name) == 0 && !found[i]) {
				BUS_IOAS_LOG(ERR, "no loaded library calls %s through an import "
					     "slot: this build of DPDK cannot be extended by a "
					     "plugin, link with dpdk-ioas instead", required[r]);
				return -ENOTSUP;
			}
	return 0;
}

int
seams_bind(void)
{
	struct pass pass = { .bind = false };
	int ret;

	ret = check_originals();
	if (ret < 0)
		return ret;
	pthread_mutex_lock(&bind_lock);
	for (unsigned int i = 0; i < SEAM_COUNT; i++)
		note_letters(seam_table[i].name);
	walk_objects(&pass);
	ret = pass.error;
	if (ret == 0) {
		ret = check_required();
		if (ret < 0)
			goto out_unlock;
		/* No object can be loaded or unloaded now, because the dynamic linker is busy with the
		 * plugin. */
		ret = write_slots(0, true);
	}
	binds = ret == 0;
	if (ret < 0) {
		write_slots(0, false);
		BUS_IOAS_LOG(ERR, "cannot write the import slots: %s", strerror(-ret));
	}
out_unlock:
	pthread_mutex_unlock(&bind_lock);
	return ret;
}

void
seams_bind_late(void)
{
	struct pass pass = { .bind = true };

	if (!binds)
		return;
	pthread_mutex_lock(&bind_lock);
	dl_iterate_phdr(check_slots, &pass);
	if (pass.changed) {
		walk_objects(&pass);
		if (pass.error == 0)
			dl_iterate_phdr(check_slots, &pass);
	}
	pthread_mutex_unlock(&bind_lock);
	if (pass.error < 0)
		BUS_IOAS_LOG(ERR, "cannot write the import slots of libraries loaded late: %s",
			     strerror(-pass.error));
}
