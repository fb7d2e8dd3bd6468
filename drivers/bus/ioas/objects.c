/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <unistd.h>

#include "objects.h"

static void
read_dynamic(struct object *object)
{
	size_t plt_size = 0, rela_size = 0, rela_entry = sizeof(ElfW(Rela));
	bool plt_is_rela = true;

	for (const ElfW(Dyn) *dyn = object->dynamic; dyn->d_tag != DT_NULL; dyn++) {
		/* glibc has relocated these addresses in place, except in the vDSO. */
		const ElfW(Addr) ptr = dyn->d_un.d_ptr;

		switch (dyn->d_tag) {
		case DT_SYMTAB: object->symbols = (const void *)ptr; break;
		case DT_STRTAB: object->strings = (const void *)ptr; break;
		case DT_JMPREL: object->tables[0] = (const void *)ptr; break;
		case DT_PLTRELSZ: plt_size = dyn->d_un.d_val; break;
		case DT_PLTREL: plt_is_rela = dyn->d_un.d_val == DT_RELA; break;
		case DT_RELA: object->tables[1] = (const void *)ptr; break;
		case DT_RELASZ: rela_size = dyn->d_un.d_val; break;
		case DT_RELAENT: rela_entry = dyn->d_un.d_val; break;
		}
	}
	if (plt_is_rela)
		object->counts[0] = plt_size / sizeof(ElfW(Rela));
	if (rela_entry == sizeof(ElfW(Rela)))
		object->counts[1] = rela_size / sizeof(ElfW(Rela));
}

bool
object_contains(const struct dl_phdr_info *info, const void *address)
{
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *const ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_LOAD && (uintptr_t)address - (info->dlpi_addr + ph->p_vaddr) < ph->p_memsz)
			return true;
	}
	return false;
}

bool
object_read(struct object *object, const struct dl_phdr_info *info)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;

	*object = (struct object){
		.base = info->dlpi_addr,
		.name = info->dlpi_name,
		.is_plugin = object_contains(info, &object_read),
	};
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *const ph = &info->dlpi_phdr[i];
		const uintptr_t first = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type == PT_DYNAMIC)
			object->dynamic = (const void *)first;
		if (ph->p_type == PT_GNU_RELRO) {
			/* Rounded in the same way as by the dynamic linker. */
			object->relro_first = first & ~page;
			object->relro_end = (first + ph->p_memsz) & ~page;
		}
	}
	if (object->dynamic == NULL)
		return false;
	read_dynamic(object);
	/* The vDSO's addresses are offsets. It has no imports. */
	return object->symbols != NULL && (uintptr_t)object->symbols > info->dlpi_addr &&
	       object->strings != NULL;
}

const char *
object_string(const struct object *object, ElfW(Sxword) tag, unsigned int nth)
{
	for (const ElfW(Dyn) *dyn = object->dynamic; dyn->d_tag != DT_NULL; dyn++)
		if (dyn->d_tag == tag && nth-- == 0)
			return object->strings + dyn->d_un.d_val;
	return NULL;
}

const char *
object_path(const struct object *object)
{
	return object->name[0] != '\0' ? object->name : "the program";
}
